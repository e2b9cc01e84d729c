"""A new place from the template of its tier, and how many units and places are reached."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory import coverage as reach
from directory import provision, template
from directory.model import Branch, vietnam_day
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.cli.account_import import provision_settings
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services.administration import units
from mailsvc.services.provision import on_accounts_created

if TYPE_CHECKING:
    from directory.model import PlanId
    from directory.template import PlacePlan, PlaceRequest, TierTemplate
    from mailsvc.cli.context import CliContext

ATTEMPTS = 3
"""How often a plan is made anew because somebody acted on the directory while it was shown."""
BRANCHES = [branch.value for branch in Branch]


@click.command("create-place")
@click.argument("name")
@click.option("--template", "template_name", default="commune", show_default=True, help="Tên mẫu / template")
@click.option("--code", default="", help="Mã trong mã đơn vị: DARON / code within the codes of units")
@click.option("--slug", default="", help="Tên ngắn trong địa chỉ: daron / short name in addresses")
@click.option(
    "--under", multiple=True, help="KHỐI=MÃ đơn vị cấp trên / BRANCH=CODE of the unit above; repeat it"
)
@click.option(
    "--branch", "branches", multiple=True, type=click.Choice(BRANCHES), help="Chỉ khối này / only this"
)
@click.option(
    "--administrator",
    multiple=True,
    help="KHỐI=ĐỊA-CHỈ hoặc họ tên người mới / BRANCH=ADDRESS, or the name of somebody new; repeat it",
)
@click.option("--yes", is_flag=True, help="Thực hiện, không chỉ xem trước / apply, not only preview")
@click.pass_obj
def create_place(
    ctx: CliContext,
    /,
    name: str,
    template_name: str,
    code: str,
    slug: str,
    under: tuple[str, ...],
    branches: tuple[str, ...],
    administrator: tuple[str, ...],
    yes: bool,
) -> None:
    """Lập một xã, phường theo mẫu: cơ quan, hộp thư, nhóm, quản trị viên / make a place from the template of its tier."""
    request = template.PlaceRequest(
        name=name,
        code=code,
        slug=slug,
        parents=_by_branch(under, "--under"),
        branches=frozenset(Branch(item) for item in branches),
        administrators=_by_branch(administrator, "--administrator"),
    )
    with ctx.store.read() as db:
        body = template.template_on(db.conn, template_name, vietnam_day(db.clock()))
    if body is None:
        ctx.refuse(
            f"Không có mẫu {template_name}. Xem: congvu template list",
            f"There is no template {template_name}. See: congvu template list",
        )
    plan = _plan(ctx, body, request)
    _show(ctx, plan)
    plan_id = _apply(ctx, body, request, plan) if yes and not plan.refused else None
    _finish(ctx, plan, plan_id)


@click.command()
@click.option(
    "--xlsx", type=click.Path(path_type=Path, dir_okay=False), help="Tệp .xlsx mới / a new .xlsx file"
)
@click.pass_obj
def coverage(ctx: CliContext, xlsx: Path | None) -> None:
    """Đơn vị nào có hộp thư, địa bàn nào đã đủ / which units have a box, which places are reached."""
    report = ctx.perform(units.COVERAGE, units.Reached())
    if xlsx is not None:
        plan_view.write_file(ctx, xlsx, reach.coverage_workbook(report))
    if ctx.json:
        ctx.give(reach.coverage_to_json(report))
        return
    counts = report.counts
    ctx.say(
        "Đơn vị có hộp thư: {units_with_box}/{units}. Địa bàn đã đủ: {places_reached}/{places}.".format_map(
            counts
        ),
        "Units with a box: {units_with_box} of {units}. Places reached: {places_reached} of {places}.".format_map(
            counts
        ),
    )
    missing = [unit for unit in report.units if not unit.box]
    if missing:
        table = Table(
            ctx.text("Mã", "Code"),
            ctx.text("Chưa có hộp thư", "Without a box"),
            ctx.text("Địa bàn", "Place"),
            ctx.text("Số người", "People"),
        )
        for unit in missing[: 5 * plan_view.SHOWN]:
            table.add_row(unit.code, unit.name, unit.place, str(unit.people))
        Console().print(table)


def _by_branch(pairs: tuple[str, ...], option: str) -> dict[Branch, str]:
    found: dict[Branch, str] = {}
    for pair in pairs:
        branch, equals, value = pair.partition("=")
        if not equals or branch not in BRANCHES or not value.strip():
            raise click.BadParameter(f"{pair}: KHỐI=… / BRANCH=…, {', '.join(BRANCHES)}", param_hint=option)
        found[Branch(branch)] = value.strip()
    return found


def _plan(ctx: CliContext, body: TierTemplate, request: PlaceRequest) -> PlacePlan:
    with ctx.store.read() as db:
        now = db.clock()
        return template.plan_place(
            db.conn,
            SERVER,
            body,
            request,
            on=vietnam_day(now),
            at=now,
            settings=provision_settings(ctx),
        )


def _apply(ctx: CliContext, body: TierTemplate, request: PlaceRequest, shown: PlacePlan) -> PlanId:
    """Write what was shown; where only something else changed meanwhile the same plan is made again."""
    plan, drifted = shown, provision.PlanDriftedError("")
    for _ in range(ATTEMPTS):
        try:
            return _write(ctx, plan)
        except provision.PlanDriftedError as error:
            drifted = error
            plan = _plan(ctx, body, request)
            if plan.steps != shown.steps or plan.refused:
                break
    return plan_view.refuse_drift(ctx, drifted)


def _write(ctx: CliContext, plan: PlacePlan) -> PlanId:
    kept = json.dumps(template.place_to_json(plan), ensure_ascii=False)
    with ctx.store.write() as uow:
        at, who = uow.clock(), plan_view.actor()
        done = template.apply_place(
            uow.conn, plan, at=at, actor=who, on_accounts_created=on_accounts_created(uow)
        )
        uow.record(DirectoryChanged())
        return provision.store_plan(
            uow.conn, "place", plan, at=at, actor=who, applied=True, body=kept, undo=done.to_json()
        )


def _show(ctx: CliContext, plan: PlacePlan) -> None:
    if ctx.json:
        return
    console = Console()
    counts = plan.counts
    console.print(
        ctx.text(
            "{unit} đơn vị · {box} hộp thư · {group} nhóm · {administrator} quản trị viên · từ chối {refused}",
            "{unit} units · {box} boxes · {group} groups · {administrator} administrators · refused {refused}",
        ).format_map(counts),
        style="bold",
        highlight=False,
    )
    table = Table(ctx.text("Loại", "Kind"), ctx.text("Mục", "Entry"), "", highlight=False)
    for step in plan.steps:
        table.add_row(step.part, step.what, step.detail)
    console.print(table)
    plan_view.remarks(console, ctx, ctx.text("Từ chối", "Refused"), plan.refused, "red")
    plan_view.remarks(console, ctx, ctx.text("Lưu ý", "Please check"), plan.warnings, "yellow")


def _finish(ctx: CliContext, plan: PlacePlan, plan_id: PlanId | None) -> None:
    if ctx.json:
        language = "vi" if ctx.vietnamese else "en"
        ctx.give({**template.place_to_json(plan, language), "applied": plan_id is not None, "plan": plan_id})
    if plan.refused:
        ctx.say("Chưa tạo gì. Sửa những chỗ bị từ chối.", "Nothing was made. Mend what is refused.")
        raise click.exceptions.Exit(1)
    if plan_id is not None:
        ctx.say(
            f"Đã lập {plan.name}. Hoàn tác: congvu plan undo {plan_id}",
            f"{plan.name} is made. To take it back: congvu plan undo {plan_id}",
        )
    else:
        ctx.say(
            "Đây là bản xem trước, chưa tạo gì. Thêm --yes để thực hiện.",
            "This is a preview, nothing was made. Add --yes to apply it.",
        )

"""`congvu unit`: the tree of units."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from rich.console import Console
from rich.tree import Tree

from directory import reorganise
from directory.model import Branch, Tier
from mailsvc.cli import plan_view
from mailsvc.cli import reorganise as reorganise_cli
from mailsvc.cli.place import coverage, create_place
from mailsvc.services.administration import unit_plans, units

if TYPE_CHECKING:
    from datetime import datetime

    from mailsvc.cli.context import CliContext
    from mailsvc.services.administration.plan_shown import ShownPlan
    from mailsvc.services.administration.reorganising import Column


_effective = click.option(
    "--effective",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Ngày có hiệu lực / effective day [hôm nay / today]",
)


ASPECTS = {
    "staff": ("Người", "Staff"),
    "address": ("Địa chỉ thư", "Addresses"),
    "archive": ("Thư cũ", "Old letters"),
}


@click.group()
def unit() -> None:
    """Đơn vị / units."""


unit.add_command(create_place)
unit.add_command(coverage)


@unit.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Thực hiện, không chỉ xem trước / apply, not only preview")
@click.option(
    "--strict-branches", is_flag=True, help="Từ chối cấp trên khác khối / refuse parents of another branch"
)
@_effective
@click.pass_obj
def import_(
    ctx: CliContext, file: Path, yes: bool, strict_branches: bool, effective: datetime | None
) -> None:
    """Nhập cây đơn vị từ CSV hoặc XLSX: code,name,parent,tier,branch / import units from CSV or XLSX."""
    table = plan_view.read_file(file)
    on = effective.date() if effective is not None else None
    _told(ctx, ctx.perform(unit_plans.IMPORT, unit_plans.ImportUnits(table, yes, strict_branches, on)))


def _told(ctx: CliContext, plan: ShownPlan) -> None:
    plan_view.show(ctx, plan)
    plan_view.finish(ctx, plan)


@unit.command()
@click.argument("code")
@click.option("--name", required=True, help="Tên đơn vị / name")
@click.option(
    "--parent", default="", help="Mã đơn vị cấp trên; bỏ trống là gốc / code of the parent; empty is a root"
)
@click.option("--tier", required=True, type=click.Choice([tier.value for tier in Tier]))
@click.option("--branch", required=True, type=click.Choice([branch.value for branch in Branch]))
@click.option("--short-name", default="", help="Tên ngắn trong địa chỉ: stttt / short name for addresses")
@click.option("--place", default="", help="Địa bàn: xã, phường … / place")
@click.option("--identifier", default="", help="Mã định danh / identifier (QĐ 20/2020)")
@click.option("--headcount", default="", help="Biên chế / headcount")
@click.pass_obj
def create(ctx: CliContext, /, tier: str, branch: str, **options: str) -> None:
    """Tạo một đơn vị / create one unit."""
    asked = unit_plans.CreateUnit(tier=Tier(tier), branch=Branch(branch), **options)
    _told(ctx, ctx.perform(unit_plans.CREATE, asked))


@unit.command("list")
@click.pass_obj
def list_(ctx: CliContext) -> None:
    """Cây đơn vị hôm nay / today's tree of units."""
    found = [item for page in ctx.pages(units.LIST, units.ListUnits()) for item in page.units]
    if ctx.json:
        ctx.give([asdict(item) for item in found])
        return
    if not found:
        ctx.say(
            "Chưa có đơn vị nào. Nhập bằng: congvu unit import units.csv",
            "There is no unit yet. Import them: congvu unit import units.csv",
        )
        return
    Console().print(_tree(ctx, found))


def _tree(ctx: CliContext, found: list[units.UnitLine]) -> Tree:
    """Each under its parent; a unit whose parent is not in the list stands at the root."""
    root = Tree(ctx.text(f"{len(found)} đơn vị", f"{len(found)} units"))
    children: dict[str, list[units.UnitLine]] = {}
    for item in found:
        children.setdefault(item.parent, []).append(item)
    waiting = [(root, item) for item in reversed(children.pop("", []))]
    while waiting:
        above, item = waiting.pop()
        count = item.accounts or 0
        label = f"{item.code}  {item.name}" + (
            ctx.text(f" · {count} hộp thư", f" · {count} boxes") if count else ""
        )
        place = above.add(label, highlight=False)
        waiting += [(place, child) for child in reversed(children.pop(item.code, []))]
    return root


@unit.command()
@click.argument("code")
@click.pass_obj
def show(ctx: CliContext, code: str) -> None:
    """Một đơn vị và lịch sử của nó / one unit and its history."""
    found = ctx.perform(units.SHOW, units.OneUnit(code))
    if ctx.json:
        shown = asdict(found)
        for version in shown["history"]:
            del version["accounts"]
        ctx.give(shown)
        return
    console = Console()
    for version in found.history:
        since = date.fromisoformat(version.valid_from)
        until = f"{date.fromisoformat(version.valid_to):%d/%m/%Y}" if version.valid_to else "…"
        console.print(
            f"{since:%d/%m/%Y} – {until}  {version.name}"
            f"  [{version.tier}, {version.branch}, {version.parent or '–'}]",
            highlight=False,
            markup=False,
        )
    for item in found.identifiers:
        console.print(f"{item.scheme}: {item.value}", highlight=False, markup=False)
    console.print(ctx.text(f"{found.accounts} hộp thư", f"{found.accounts} boxes"), highlight=False)
    for heir in found.now:
        aspect = ctx.text(*ASPECTS[heir.aspect])
        console.print(f"{aspect} → {heir.code} {heir.name}", highlight=False, markup=False)


@unit.command()
@click.argument("code")
@click.option("--yes", is_flag=True, help="Thực hiện / apply")
@click.pass_obj
def remove(ctx: CliContext, code: str, yes: bool) -> None:
    """Kết thúc một đơn vị không còn hộp thư / end a unit that has no boxes left."""
    ctx.perform(units.REMOVE, units.RemoveUnit(code, apply=yes))
    if ctx.json:
        ctx.give({"code": code, "applied": yes})
    if yes:
        ctx.say(f"Đã kết thúc đơn vị {code}.", f"The unit {code} has ended.")
    else:
        ctx.say(
            f"Có thể kết thúc {code}. Thêm --yes để thực hiện.", f"{code} can be ended. Add --yes to do it."
        )


_yes = click.option("--yes", is_flag=True, help="Thực hiện, không chỉ xem trước / apply, not only preview")


@unit.command()
@click.argument("codes", nargs=-1, required=True)
@click.option("--into", required=True, help="Đơn vị tiếp nhận / the unit that takes over")
@click.option("--address-to", default="", help="Đơn vị nhận địa chỉ thư, nếu khác / who takes the addresses")
@click.option("--archive-to", default="", help="Đơn vị giữ thư cũ, nếu khác / who keeps the old letters")
@_effective
@_yes
@click.pass_obj
def merge(
    ctx: CliContext, /, codes: tuple[str, ...], yes: bool, effective: datetime | None, **options: str
) -> None:
    """Sáp nhập đơn vị / merge units into another."""
    lines = [_line("merge", code, **options) for code in codes]
    reorganise_cli.run(ctx, lines=lines, yes=yes, effective=effective)


@unit.command()
@click.argument("code")
@click.option(
    "--into",
    "targets",
    multiple=True,
    required=True,
    help="Đơn vị tiếp nhận, nhiều lần / a successor; repeat it",
)
@click.option(
    "--staff",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV address,unit: ai về đâu; còn lại về đơn vị đầu / who goes where; the others to the first",
)
@_effective
@_yes
@click.pass_obj
def split(
    ctx: CliContext,
    code: str,
    targets: tuple[str, ...],
    staff: Path | None,
    effective: datetime | None,
    yes: bool,
) -> None:
    """Chia tách một đơn vị / split a unit."""
    lines = [_line("split", code, into=";".join(targets))]
    if staff is not None:
        who = reorganise.read_staff(plan_view.read_file(staff))
        plan_view.refuse_remarks(ctx, who.refused)
        lines += [_line("assign", code, address=address, into=target) for _, address, target in who.rows]
    reorganise_cli.run(ctx, lines=lines, yes=yes, effective=effective)


@unit.command()
@click.argument("code")
@click.option("--into", default="", help="Đơn vị nhận người và quản trị / who takes the people")
@click.option("--custodian", required=True, help="Ai giữ hộp thư, chỉ đọc / who keeps its box, read-only")
@click.option("--address-to", default="", help="Đơn vị nhận thư mới / who gets new letters")
@_effective
@_yes
@click.pass_obj
def dissolve(ctx: CliContext, /, code: str, yes: bool, effective: datetime | None, **options: str) -> None:
    """Giải thể một đơn vị; hộp thư chỉ còn đọc / dissolve a unit; its box becomes read-only."""
    reorganise_cli.run(ctx, lines=[_line("dissolve", code, **options)], yes=yes, effective=effective)


@unit.command()
@click.argument("code")
@click.option("--name", required=True, help="Tên mới / the new name")
@click.option("--short-name", default="", help="Tên ngắn mới / the new short name")
@_effective
@_yes
@click.pass_obj
def rename(ctx: CliContext, /, code: str, yes: bool, effective: datetime | None, **options: str) -> None:
    """Đổi tên một đơn vị / rename a unit."""
    reorganise_cli.run(ctx, lines=[_line("rename", code, **options)], yes=yes, effective=effective)


@unit.command()
@click.argument("code")
@click.option("--under", "parent", required=True, help="Mã đơn vị cấp trên mới / code of the new parent")
@_effective
@_yes
@click.pass_obj
def move(ctx: CliContext, /, code: str, yes: bool, effective: datetime | None, **options: str) -> None:
    """Chuyển đơn vị về cấp trên khác / put a unit under another one."""
    reorganise_cli.run(ctx, lines=[_line("move", code, **options)], yes=yes, effective=effective)


@unit.command("reorganise")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_effective
@_yes
@click.pass_obj
def reorganise_(ctx: CliContext, file: Path, effective: datetime | None, yes: bool) -> None:
    """Nhiều thay đổi trong một CSV hoặc XLSX / many at once, as CSV or XLSX.

    Cột / columns: action (merge, split, assign, dissolve, rename, move, readdress, end_place), code, into, address_to,
    archive_to, custodian, name, short_name, parent, address, domain.
    """
    reorganise_cli.run(ctx, table=plan_view.read_file(file), yes=yes, effective=effective)


def _line(action: str, code: str, **options: str) -> dict[Column, str]:
    """One line of a reorganisation, from the words of a command."""
    return {"action": action, "code": code, **cast("dict[Column, str]", options)}

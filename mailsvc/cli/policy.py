"""`congvu policy`: rules by tier, branch and kind of box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.table import Table

from directory import policies, repository
from directory.model import AccountKind, Branch, Tier, vietnam_day
from directory.policies import AddressRule, Defaults, PolicyName, PolicyRefusedError, Where
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.model.changes import DirectoryChanged

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mailsvc.cli.context import CliContext

KINDS = [kind.value for kind in AccountKind if kind is not AccountKind.SYSTEM]
NOTES = {
    policies.Note.NAMESAKE: ("trùng tên", "the same name"),
    policies.Note.HOMOGRAPH: ("khác dấu", "differs by marks"),
    policies.Note.LOOKS_ALIKE: ("dễ đọc nhầm", "looks alike"),
    policies.Note.REFUSED: ("phải chọn địa chỉ", "choose an address"),
}
_name = click.argument("name", type=click.Choice([name.value for name in PolicyName]))
_from = click.option(
    "--from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Từ ngày nào / from which day [hôm nay / today]",
)


def _where_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--kind", type=click.Choice(KINDS), help="Chỉ loại hộp thư này / only boxes of this kind"
        ),
        click.option(
            "--branch",
            type=click.Choice([branch.value for branch in Branch]),
            help="Chỉ khối này / only this branch",
        ),
        click.option(
            "--tier", type=click.Choice([tier.value for tier in Tier]), help="Chỉ cấp này / only this tier"
        ),
    ):
        command = option(command)
    return command


@click.group()
def policy() -> None:
    """Chính sách theo cấp, khối, loại hộp thư / policies by tier, branch and kind of box."""


@policy.command("list")
@click.option("--all", "every", is_flag=True, help="Cả quy định đã hết hiệu lực / also those that have ended")
@click.pass_obj
def list_(ctx: CliContext, every: bool) -> None:
    """Các quy định đang có hiệu lực / the rules in force."""
    with ctx.store.read() as db:
        rows = policies.list_rows(db.conn, on=None if every else vietnam_day(db.clock()))
    if ctx.json:
        ctx.give([_row_json(row) for row in rows])
        return
    if not rows:
        ctx.say(
            "Chưa có quy định nào, thiết lập đang được dùng. Đặt bằng: congvu policy set",
            "There is no rule; the settings hold. Set one with: congvu policy set",
        )
        return
    table = Table(
        ctx.text("Chính sách", "Policy"),
        ctx.text("Cấp", "Tier"),
        ctx.text("Khối", "Branch"),
        ctx.text("Loại", "Kind"),
        ctx.text("Từ ngày", "From"),
        ctx.text("Đến", "To"),
        ctx.text("Nội dung", "Says"),
    )
    for row in rows:
        says = ", ".join(f"{key}={value}" for key, value in row.fields.items())
        until = row.period.valid_to.isoformat() if row.period.valid_to else ""
        where = row.where
        table.add_row(
            row.name.value,
            where.tier or "",
            where.branch or "",
            where.kind or "",
            row.period.valid_from.isoformat(),
            until,
            says,
        )
    Console().print(table)


@policy.command()
@click.argument("address")
@click.pass_obj
def show(ctx: CliContext, address: str) -> None:
    """Quy định áp dụng cho một tài khoản hôm nay / what holds for one account today."""
    with ctx.store.read() as db:
        found = repository.account_by_login(db.conn, address)
        if found is None:
            ctx.refuse(
                f"Không có tài khoản {address}. Xem: congvu account list",
                f"There is no account {address}. See: congvu account list",
            )
        defaults = Defaults.from_settings(ctx.settings)
        effective = policies.effective_policy(db.conn, found.id, vietnam_day(db.clock()), defaults)
    rules = {name.value: effective.rule(name).model_dump(mode="json") for name in PolicyName}
    if ctx.json:
        ctx.give({"address": str(found.address), **rules})
        return
    for name, fields in rules.items():
        click.echo(f"{name}: " + ", ".join(f"{key}={_shown(value)}" for key, value in fields.items()))


@policy.command("set")
@_name
@click.argument("fields", nargs=-1, required=True)
@_where_options
@_from
@click.pass_obj
def set_(
    ctx: CliContext, /, name: str, fields: tuple[str, ...], since: datetime | None, **where: str | None
) -> None:
    """Đặt quy định: congvu policy set password min_length=10 --branch party / set a rule."""
    given: dict[str, str] = {}
    for field in fields:
        key, sign, value = field.partition("=")
        if not sign:
            raise click.BadParameter(f"{field}: viết tên=giá trị / write name=value", param_hint="FIELDS")
        given[key] = value
    rule = PolicyName(name)
    try:
        values = policies.read_fields(rule, given)
        with ctx.store.write() as uow:
            day = since.date() if since is not None else vietnam_day(uow.clock())
            who, at = plan_view.actor(), uow.clock()
            policies.set_policy(uow.conn, SERVER, rule, _where(where), values, on=day, actor=who, at=at)
            uow.record(DirectoryChanged())
    except PolicyRefusedError as refused:
        _refuse(ctx, refused)
    if ctx.json:
        ctx.give({"policy": name, **where, "from": day.isoformat(), "fields": values})
    ctx.say(f"Đã đặt quy định {name} từ ngày {day:%d/%m/%Y}.", f"The rule {name} holds from {day} on.")


@policy.command()
@_name
@_where_options
@_from
@click.pass_obj
def end(ctx: CliContext, /, name: str, since: datetime | None, **where: str | None) -> None:
    """Thôi áp dụng một quy định / a rule ends."""
    try:
        with ctx.store.write() as uow:
            day = since.date() if since is not None else vietnam_day(uow.clock())
            who, at = plan_view.actor(), uow.clock()
            ended = policies.end_policy(
                uow.conn, SERVER, PolicyName(name), _where(where), on=day, actor=who, at=at
            )
            uow.record(DirectoryChanged())
    except PolicyRefusedError as refused:
        _refuse(ctx, refused)
    if not ended:
        ctx.refuse(
            f"Không có quy định {name} như vậy. Xem: congvu policy list",
            f"There is no such rule {name}. See: congvu policy list",
        )
    if ctx.json:
        ctx.give({"policy": name, **where, "ended": day.isoformat()})
    ctx.say(f"Quy định {name} hết hiệu lực từ {day:%d/%m/%Y}.", f"The rule {name} ends on {day}.")


@policy.command()
@click.argument("pattern", default="")
@click.option("--unit-pattern", default="", help="Của hộp thư đơn vị / of unit boxes")
@click.option("--numbering", default="", help="plain: annv2; two_digits: annv02")
@click.option("--homographs", default="", help="number, refuse")
@click.option("--name", "names", multiple=True, help="Thử với tên này, nhiều lần / try this name; repeat it")
@click.option("--all", "every", is_flag=True, help="Cả dòng không có gì lưu ý / also lines without a remark")
@click.pass_obj
def preview(ctx: CliContext, /, pattern: str, names: tuple[str, ...], every: bool, **more: str) -> None:
    """Xem trước quy tắc địa chỉ với người đang có / what a rule for addresses would give those who are there."""
    given = {"pattern": pattern, **more}
    try:
        fields = policies.read_fields(
            PolicyName.ADDRESS, {key: value for key, value in given.items() if value}
        )
    except PolicyRefusedError as refused:
        _refuse(ctx, refused)
    rule = AddressRule.model_validate(fields)
    if names:
        found = policies.propose(rule, names)
    else:
        with ctx.store.read() as db:
            found = policies.preview_addresses(db.conn, SERVER, rule, on=vietnam_day(db.clock()))
    if ctx.json:
        ctx.give([_proposal_json(item) for item in found])
        return
    shown = [item for item in found if every or names or item.notes]
    table = Table(
        ctx.text("Tên", "Name"),
        ctx.text("Đơn vị", "Unit"),
        ctx.text("Hiện nay", "Now"),
        ctx.text("Theo quy tắc", "By the rule"),
        ctx.text("Lưu ý", "Please check"),
    )
    for item in shown[: 5 * plan_view.SHOWN]:
        notes = "; ".join(f"{ctx.text(*NOTES[note])}: {other}" for note, other in item.notes)
        table.add_row(item.name, item.unit, item.current, item.proposed or "–", notes)
    Console().print(table)
    ctx.say(
        f"{len(found)} địa chỉ, {sum(bool(item.notes) for item in found)} cần xem lại.",
        f"{len(found)} addresses, {sum(bool(item.notes) for item in found)} deserve a look.",
    )


def _where(options: dict[str, str | None]) -> Where:
    tier, branch, kind = options["tier"], options["branch"], options["kind"]
    return Where(
        Tier(tier) if tier else None, Branch(branch) if branch else None, AccountKind(kind) if kind else None
    )


def _refuse(ctx: CliContext, refused: PolicyRefusedError) -> NoReturn:
    lines = [f"{fault.field}: {fault.reason}" for fault in refused.faults]
    known = "\n  ".join(refused.known)
    remedy = f"\nCác trường / fields:\n  {known}" if known else ""
    text = "\n".join(lines) + remedy
    ctx.refuse(text, text, refused=[{"field": item.field, "message": item.reason} for item in refused.faults])


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _row_json(row: policies.PolicyRow) -> dict[str, Any]:
    return {
        "policy": row.name.value,
        "tier": row.where.tier,
        "branch": row.where.branch,
        "kind": row.where.kind,
        "fields": dict(row.fields),
        "valid_from": row.period.valid_from.isoformat(),
        "valid_to": row.period.valid_to.isoformat() if row.period.valid_to else None,
    }


def _proposal_json(item: policies.Proposal) -> dict[str, Any]:
    return {
        "name": item.name,
        "unit": item.unit,
        "current": item.current,
        "proposed": item.proposed,
        "notes": [{"note": note.value, "of": other} for note, other in item.notes],
    }

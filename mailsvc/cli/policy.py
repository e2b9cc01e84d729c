"""`congvu policy`: rules by tier, branch and kind of box."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from directory.model import AccountKind, Branch, Tier
from directory.policies import Note, PolicyName
from mailsvc.cli import plan_view
from mailsvc.services.administration import policies as acts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from mailsvc.cli.context import CliContext

KINDS = [kind.value for kind in AccountKind if kind is not AccountKind.SYSTEM]
NOTES = {
    Note.NAMESAKE: ("trùng tên", "the same name"),
    Note.HOMOGRAPH: ("khác dấu", "differs by marks"),
    Note.LOOKS_ALIKE: ("dễ đọc nhầm", "looks alike"),
    Note.REFUSED: ("phải chọn địa chỉ", "choose an address"),
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
    rows = ctx.perform(acts.LIST, acts.ListPolicies(every))
    if ctx.json:
        ctx.give([asdict(row) for row in rows])
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
        until = row.valid_to.isoformat() if row.valid_to else ""
        where = (row.tier or "", row.branch or "", row.kind or "")
        table.add_row(row.policy, *where, row.valid_from.isoformat(), until, says)
    Console().print(table)


@policy.command()
@click.argument("address")
@click.pass_obj
def show(ctx: CliContext, address: str) -> None:
    """Quy định áp dụng cho một tài khoản hôm nay / what holds for one account today."""
    found = ctx.perform(acts.SHOW, acts.OfAccount(address))
    if ctx.json:
        ctx.give({"address": found.address, **found.rules})
        return
    for name, fields in found.rules.items():
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
    asked = acts.SetPolicy(name=PolicyName(name), fields=given, since=_day(since), **_where(where))
    done = ctx.perform(acts.SET, asked)
    if ctx.json:
        ctx.give({"policy": name, **where, "from": done.since, "fields": done.fields})
    ctx.say(
        f"Đã đặt quy định {name} từ ngày {done.since:%d/%m/%Y}.",
        f"The rule {name} holds from {done.since} on.",
    )


@policy.command()
@_name
@_where_options
@_from
@click.pass_obj
def end(ctx: CliContext, /, name: str, since: datetime | None, **where: str | None) -> None:
    """Thôi áp dụng một quy định / a rule ends."""
    asked = acts.EndPolicy(name=PolicyName(name), since=_day(since), **_where(where))
    done = ctx.perform(acts.END, asked)
    if ctx.json:
        ctx.give({"policy": name, **where, "ended": done.since})
    ctx.say(
        f"Quy định {name} hết hiệu lực từ {done.since:%d/%m/%Y}.", f"The rule {name} ends on {done.since}."
    )


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
    given = {key: value for key, value in {"pattern": pattern, **more}.items() if value}
    found = ctx.perform(acts.PREVIEW, acts.TryAddresses(given, list(names)))
    if ctx.json:
        ctx.give([asdict(item) for item in found])
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
        notes = "; ".join(f"{ctx.text(*NOTES[one.note])}: {one.of}" for one in item.notes)
        table.add_row(item.name, item.unit, item.current, item.proposed or "–", notes)
    Console().print(table)
    ctx.say(
        f"{len(found)} địa chỉ, {sum(bool(item.notes) for item in found)} cần xem lại.",
        f"{len(found)} addresses, {sum(bool(item.notes) for item in found)} deserve a look.",
    )


def _day(since: datetime | None) -> date | None:
    return since.date() if since is not None else None


def _where(options: dict[str, str | None]) -> dict[str, Any]:
    tier, branch, kind = options["tier"], options["branch"], options["kind"]
    return {
        "tier": Tier(tier) if tier else None,
        "branch": Branch(branch) if branch else None,
        "kind": AccountKind(kind) if kind else None,
    }


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)

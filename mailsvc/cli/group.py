"""`congvu group`: addresses with many boxes behind them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from directory import group_care, repository
from directory.group_care import NewGroup
from directory.model import AccountKind, Branch, PostRole, Tier, vietnam_day
from directory.repository import groups as group_repository
from directory.repository.groups import GroupRule, Part, Senders
from directory.scope import SERVER
from directory.upkeep import UpkeepRefused
from mailsvc.cli import plan_view
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services.administration import groups as acts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from directory.model import Unit
    from directory.repository.groups import GroupFacts
    from mailsvc.cli.context import CliContext
    from mailsvc.storage.unit_of_work import UnitOfWork

SENDERS = click.Choice([item.value for item in Senders])
PARTS = click.Choice([part.value for part in Part])
_address = click.argument("address")


@click.group()
def group() -> None:
    """Nhóm thư: cố định, lồng nhau, theo quy tắc / groups: fixed, nested, computed."""


@group.command("list")
@click.pass_obj
def list_(ctx: CliContext) -> None:
    """Các nhóm / the groups."""
    rows: list[dict[str, Any]] = [
        {
            "address": item.address,
            "name": item.name,
            "kind": item.kind,
            "branch": item.branch,
            "senders": item.senders,
            "members": item.count,
        }
        for item in ctx.perform(acts.LIST, acts.Nothing())
    ]
    if ctx.json:
        ctx.give(rows)
        return
    table = Table(
        ctx.text("Địa chỉ", "Address"),
        ctx.text("Tên", "Name"),
        ctx.text("Loại", "Kind"),
        ctx.text("Số hộp thư", "Boxes"),
        ctx.text("Ai được gửi", "Senders"),
    )
    for row in rows:
        table.add_row(row["address"], row["name"], row["kind"], str(row["members"]), row["senders"])
    Console().print(table)


@group.command()
@_address
@click.pass_obj
def show(ctx: CliContext, address: str) -> None:
    """Một nhóm: quy tắc, thành viên, ai quản lý, ai được gửi / one group."""
    with _refusing(ctx), ctx.store.read() as db:
        found = group_care.find_group(db.conn, address)
        inside = repository.members_of(db.conn, found.id)
        people = group_repository.people_of(db.conn, found.id)
        known = repository.accounts_by_ids(db.conn, [*inside, *people])
        nested = [
            group_repository.facts(db.conn, item) for item in group_repository.groups_in(db.conn, found.id)
        ]
        result = {
            **_as_json(found, len(inside)),
            "rule": found.rule.to_json() if found.rule is not None else None,
            "boxes": sorted(str(known[item].address) for item in inside),
            "groups": sorted(str(item.address) for item in nested if item is not None),
            "people": sorted(
                [str(known[item].address), part.value] for item, parts in people.items() for part in parts
            ),
        }
    if ctx.json:
        ctx.give(result)
        return
    for key, value in result.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{key}: {shown if shown is not None else '–'}")


@group.command()
@_address
@click.option("--name", required=True, help="Tên nhóm / name")
@click.option("--unit", default="", help="Đơn vị quản lý nhóm / the unit that cares for it")
@click.option(
    "--senders", type=SENDERS, default="inside", show_default=True, help="Ai được gửi / who may send"
)
@click.option(
    "--member", "members", multiple=True, help="Hộp thư hoặc nhóm; nhiều lần / a box or group; repeat it"
)
@click.option(
    "--branch",
    type=click.Choice([branch.value for branch in Branch]),
    help="Theo quy tắc: khối / computed: the branch",
)
@click.option(
    "--kind",
    type=click.Choice(["personal", "unit", "post"]),
    default="unit",
    show_default=True,
    help="Theo quy tắc: loại hộp thư / computed: the kind of box",
)
@click.option(
    "--tier", type=click.Choice([tier.value for tier in Tier]), help="Theo quy tắc: cấp / computed: the tier"
)
@click.option(
    "--role",
    type=click.Choice([role.value for role in PostRole]),
    help="Theo quy tắc: vai trò / computed: the role or duty",
)
@click.option(
    "--under", default="", help="Theo quy tắc: đơn vị này và cấp dưới / computed: this unit and below"
)
@click.option("--place", default="", help="Theo quy tắc: địa bàn này / computed: this place and those in it")
@click.option(
    "--except", "exceptions", multiple=True, help="Theo quy tắc: trừ đơn vị này / computed: not this unit"
)
@click.pass_obj
def create(
    ctx: CliContext, /, address: str, members: tuple[str, ...], exceptions: tuple[str, ...], **options: str
) -> None:
    """Tạo nhóm cố định (--member) hoặc theo quy tắc (--branch) / a fixed or a computed group."""
    if members and options["branch"]:
        raise click.UsageError("--member hoặc / or --branch")
    with _refusing(ctx), ctx.store.write() as uow:
        today = vietnam_day(uow.clock())
        new = NewGroup(
            options["name"], address, _unit(ctx, uow.conn, options["unit"], uow), Senders(options["senders"])
        )
        who, at = plan_view.actor(), uow.clock()
        if options["branch"]:
            rule = _rule(options, exceptions)
            made = group_care.create_computed(uow.conn, SERVER, new, rule, on=today, actor=who, at=at)
        else:
            limit = ctx.settings.groups.max_members
            made = group_care.create_fixed(uow.conn, SERVER, new, members, actor=who, at=at, limit=limit)
        count = len(repository.members_of(uow.conn, made.id))
        uow.record(DirectoryChanged())
    if ctx.json:
        ctx.give(_as_json(made, count))
    ctx.say(f"Đã tạo {made.address}: {count} hộp thư.", f"Created {made.address}: {count} boxes.")


@group.command()
@_address
@click.argument("members", nargs=-1, required=True)
@click.pass_obj
def add(ctx: CliContext, address: str, members: tuple[str, ...]) -> None:
    """Thêm hộp thư hoặc nhóm / put boxes or groups in."""

    def act(uow: UnitOfWork, found: GroupFacts, who: str) -> None:
        limit = ctx.settings.groups.max_members
        group_care.add_members(uow.conn, SERVER, found, members, actor=who, at=uow.clock(), limit=limit)

    _change(ctx, address, act)


@group.command()
@_address
@click.argument("members", nargs=-1, required=True)
@click.pass_obj
def remove(ctx: CliContext, address: str, members: tuple[str, ...]) -> None:
    """Bớt hộp thư hoặc nhóm / take boxes or groups out."""

    def act(uow: UnitOfWork, found: GroupFacts, who: str) -> None:
        group_care.remove_members(uow.conn, SERVER, found, members, actor=who, at=uow.clock())

    _change(ctx, address, act)


@group.command()
@_address
@click.argument("who", type=SENDERS)
@click.pass_obj
def senders(ctx: CliContext, address: str, who: str) -> None:
    """Ai được gửi: inside, members, owners, named / who may send."""

    def act(uow: UnitOfWork, found: GroupFacts, actor: str) -> None:
        group_care.set_senders(uow.conn, SERVER, found, Senders(who), actor=actor, at=uow.clock())

    _change(ctx, address, act)


@group.command()
@_address
@click.option("--to", "person", required=True, help="Ai / who")
@click.option("--part", type=PARTS, required=True, help="owner: quản lý; sender: được gửi")
@click.pass_obj
def grant(ctx: CliContext, address: str, person: str, part: str) -> None:
    """Giao quản lý nhóm hoặc quyền gửi / make somebody an owner or a named sender."""

    def act(uow: UnitOfWork, found: GroupFacts, who: str) -> None:
        group_care.give_part(uow.conn, SERVER, found, person, Part(part), actor=who, at=uow.clock())

    _change(ctx, address, act)


@group.command()
@_address
@click.option("--from", "person", required=True, help="Ai / who")
@click.option("--part", type=PARTS, required=True)
@click.pass_obj
def revoke(ctx: CliContext, address: str, person: str, part: str) -> None:
    """Thu quyền quản lý hoặc quyền gửi / take it back."""

    def act(uow: UnitOfWork, found: GroupFacts, who: str) -> None:
        at = uow.clock()
        if not group_care.take_part(uow.conn, SERVER, found, person, Part(part), actor=who, at=at):
            ctx.refuse(
                f"{person} không có vai trò {part}. Xem: congvu group show {address}",
                f"{person} is no {part}. See: congvu group show {address}",
            )

    _change(ctx, address, act)


@group.command()
@_address
@click.option("--yes", is_flag=True, help="Thực hiện / do it")
@click.pass_obj
def end(ctx: CliContext, address: str, yes: bool) -> None:
    """Kết thúc nhóm; địa chỉ không cấp lại / end a group; nobody gets its address again."""
    if not yes:
        with _refusing(ctx), ctx.store.read() as db:
            found = group_care.find_group(db.conn, address)
        ctx.say(
            f"Nhóm {found.address} sẽ kết thúc, địa chỉ không cấp lại. Thêm --yes để thực hiện.",
            f"The group {found.address} would end and its address never come back. Add --yes to do it.",
        )
        return

    def act(uow: UnitOfWork, found: GroupFacts, who: str) -> None:
        group_care.end_group(uow.conn, SERVER, found, actor=who, at=uow.clock())

    _change(ctx, address, act)


def _change(ctx: CliContext, address: str, act: Callable[[UnitOfWork, GroupFacts, str], None]) -> None:
    with _refusing(ctx), ctx.store.write() as uow:
        found = group_care.find_group(uow.conn, address)
        act(uow, found, plan_view.actor())
        uow.record(DirectoryChanged())
    if ctx.json:
        ctx.give({"address": str(found.address), "done": True})
    ctx.say(f"Đã sửa nhóm {found.address}.", f"The group {found.address} is changed.")


@contextmanager
def _refusing(ctx: CliContext) -> Iterator[None]:
    try:
        yield
    except UpkeepRefused as refused:
        plan_view.refuse_remarks(ctx, [refused.remark])


def _unit(ctx: CliContext, conn: Connection, code: str, uow: UnitOfWork) -> Unit | None:
    if not code:
        return None
    found = repository.unit_by_code(conn, code, vietnam_day(uow.clock()))
    if found is None:
        ctx.refuse(
            f"Không có đơn vị {code}. Xem: congvu unit list",
            f"There is no unit {code}. See: congvu unit list",
        )
    return found


def _rule(options: dict[str, str], exceptions: Sequence[str]) -> GroupRule:
    return GroupRule(
        branch=Branch(options["branch"]),
        kind=AccountKind(options["kind"]),
        tier=Tier(options["tier"]) if options["tier"] else None,
        role=PostRole(options["role"]) if options["role"] else None,
        under=options["under"],
        place=options["place"],
        except_units=tuple(exceptions),
    )


def _as_json(item: GroupFacts, count: int) -> dict[str, Any]:
    return {
        "address": str(item.address),
        "name": item.name,
        "kind": item.kind.value,
        "branch": item.branch.value if item.branch else None,
        "senders": item.senders.value,
        "members": count,
    }

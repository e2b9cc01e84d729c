"""`congvu admin`: who administers which units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory import administer, repository, upkeep
from directory.model import AdminRole, vietnam_day
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.model.changes import DirectoryChanged

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection

    from directory.model import Account, Unit
    from mailsvc.cli.context import CliContext

_unit = click.option(
    "--unit",
    "code",
    required=True,
    help="Mã đơn vị; gồm cấp dưới cùng khối / code; with all below in its branch",
)
_role = click.option("--role", required=True, type=click.Choice([role.value for role in AdminRole]))


@click.group()
def admin() -> None:
    """Quản trị viên và phạm vi / administrators and their scope."""


@admin.command()
@click.argument("address")
@_unit
@_role
@click.pass_obj
def grant(ctx: CliContext, address: str, code: str, role: str) -> None:
    """Giao quyền quản trị một đơn vị và cấp dưới / make somebody an administrator."""
    try:
        with ctx.store.write() as uow:
            account, unit = _find(ctx, uow.conn, address, code, vietnam_day(uow.clock()))
            who, at = plan_view.actor(), uow.clock()
            new = administer.appoint(uow.conn, SERVER, account, unit, AdminRole(role), actor=who, at=at)
            uow.record(DirectoryChanged())
    except upkeep.UpkeepRefused as refused:
        plan_view.refuse_remarks(ctx, [refused.remark])
    else:
        if ctx.json:
            ctx.give({"address": str(account.address), "unit": code, "role": role, "new": new})
        ctx.say(f"{account.address}: {role}, {code}.", f"{account.address}: {role}, {code}.")


@admin.command()
@click.argument("address")
@_unit
@_role
@click.pass_obj
def revoke(ctx: CliContext, address: str, code: str, role: str) -> None:
    """Thu quyền quản trị / take the role back."""
    with ctx.store.write() as uow:
        account, unit = _find(ctx, uow.conn, address, code, vietnam_day(uow.clock()))
        who, at = plan_view.actor(), uow.clock()
        if not administer.dismiss(uow.conn, SERVER, account, unit, AdminRole(role), actor=who, at=at):
            ctx.refuse(
                f"{address} không có vai trò {role} ở {code}. Xem: congvu admin list",
                f"{address} has no role {role} in {code}. See: congvu admin list",
            )
        uow.record(DirectoryChanged())
    if ctx.json:
        ctx.give({"address": str(account.address), "unit": code, "role": role, "done": True})
    ctx.say("Đã thu quyền quản trị.", "The role is taken back.")


@admin.command("list")
@click.pass_obj
def list_(ctx: CliContext) -> None:
    """Các quản trị viên / administrators."""
    with ctx.store.read() as db:
        found = administer.visible_administrators(db.conn, SERVER)
        accounts = repository.accounts_by_ids(db.conn, {item.account_id for item in found})
        codes = {unit_id: code for code, unit_id in repository.unit_ids_by_code(db.conn).items()}
    rows = [(str(accounts[item.account_id].address), codes[item.unit_id], item.role.value) for item in found]
    if ctx.json:
        ctx.give([{"address": address, "unit": code, "role": role} for address, code, role in rows])
        return
    if not rows:
        ctx.say(
            "Chưa có quản trị viên nào. Giao quyền: congvu admin grant",
            "There is no administrator yet. Make one: congvu admin grant",
        )
        return
    table = Table(ctx.text("Địa chỉ", "Address"), ctx.text("Đơn vị", "Unit"), ctx.text("Vai trò", "Role"))
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _find(ctx: CliContext, conn: Connection, address: str, code: str, today: date) -> tuple[Account, Unit]:
    account = repository.account_by_login(conn, address)
    if account is None:
        ctx.refuse(
            f"Không có tài khoản {address}. Xem: congvu account list",
            f"There is no account {address}. See: congvu account list",
        )
    unit = repository.unit_by_code(conn, code, today)
    if unit is None:
        ctx.refuse(
            f"Không có đơn vị {code}. Xem: congvu unit list",
            f"There is no unit {code}. See: congvu unit list",
        )
    return account, unit

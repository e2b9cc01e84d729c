"""`congvu admin`: who administers which units."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from directory.model import AdminRole
from mailsvc.services.administration import administrators

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

_unit = click.option(
    "--unit",
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
def grant(ctx: CliContext, /, **options: Any) -> None:
    """Giao quyền quản trị một đơn vị và cấp dưới / make somebody an administrator."""
    done = ctx.perform(administrators.APPOINT, administrators.Appointment(**options))
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say(f"{done.address}: {done.role}, {done.unit}.", f"{done.address}: {done.role}, {done.unit}.")


@admin.command()
@click.argument("address")
@_unit
@_role
@click.pass_obj
def revoke(ctx: CliContext, /, **options: Any) -> None:
    """Thu quyền quản trị / take the role back."""
    done = ctx.perform(administrators.DISMISS, administrators.Appointment(**options))
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say("Đã thu quyền quản trị.", "The role is taken back.")


@admin.command("list")
@click.pass_obj
def list_(ctx: CliContext) -> None:
    """Các quản trị viên / administrators."""
    pages = ctx.pages(administrators.LIST, administrators.ListAdmins())
    found = [item for page in pages for item in page.administrators]
    if ctx.json:
        ctx.give([asdict(item) for item in found])
        return
    if not found:
        ctx.say(
            "Chưa có quản trị viên nào. Giao quyền: congvu admin grant",
            "There is no administrator yet. Make one: congvu admin grant",
        )
        return
    table = Table(ctx.text("Địa chỉ", "Address"), ctx.text("Đơn vị", "Unit"), ctx.text("Vai trò", "Role"))
    for item in found:
        table.add_row(item.address, item.unit, item.role)
    Console().print(table)


@admin.command("whoami")
@click.pass_obj
def whoami(ctx: CliContext) -> None:
    """Tôi là ai, quản trị những gì / who I am and what I administer."""
    me = ctx.perform(administrators.MYSELF, administrators.Nothing())
    if ctx.json:
        ctx.give(asdict(me))
        return
    ctx.say(me.address, me.address)
    for item in me.roles:
        ctx.say(f"{item.role}: {item.unit}", f"{item.role}: {item.unit}")

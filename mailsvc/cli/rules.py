"""`congvu rules`: Sieve scripts of the province and of units, which run before those of people (RFC 5228)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.cli.context import Refused
from mailsvc.services.rules import office
from mailsvc.services.rules.keeping import BadScript

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

_unit = click.option(
    "--unit", "unit_code", default="", help="Mã đơn vị; không có: toàn tỉnh / code; none: the province"
)


@click.group()
def rules() -> None:
    """Quy tắc xử lý thư của tỉnh và đơn vị (Sieve) / rules of the province and of units."""


@rules.command()
@_unit
@click.pass_obj
def show(ctx: CliContext, unit_code: str) -> None:
    """In quy tắc đang dùng / print the script in use."""
    with ctx.store.read() as db:
        octets = office.show(db, SERVER, unit_code)
    if ctx.json:
        ctx.give({"unit": unit_code, "script": None if octets is None else octets.decode()})
    elif octets is None:
        ctx.say("Chưa có quy tắc.", "There are no rules.")
    else:
        click.echo(octets.decode(), nl=False)


@rules.command("set")
@_unit
@click.argument("script", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def set_(ctx: CliContext, unit_code: str, script: Path) -> None:
    """Dùng tệp quy tắc này / use this script."""
    try:
        with ctx.store.write() as uow:
            office.put(uow, SERVER, unit_code, script.read_bytes(), actor=plan_view.actor())
    except BadScript as bad:
        raise Refused(
            ctx.text(f"Không đọc được {script.name}: {bad}", f"{script.name} cannot be read: {bad}")
        ) from None
    ctx.say("Quy tắc được dùng từ thư tiếp theo.", "The rules are in use from the next letter on.")


@rules.command()
@_unit
@click.pass_obj
def clear(ctx: CliContext, unit_code: str) -> None:
    """Bỏ quy tắc / no rules any more."""
    with ctx.store.write() as uow:
        office.clear(uow, SERVER, unit_code, actor=plan_view.actor())
    ctx.say("Đã bỏ quy tắc.", "The rules are gone.")

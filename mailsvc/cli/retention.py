"""`congvu retention`: for how long letters are kept, by unit and kind of box."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory.model import AccountKind
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import retention as keeping

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

USES = {use.name.lower(): use for use in SpecialUse}
KINDS = [AccountKind.PERSONAL.value, AccountKind.UNIT.value, AccountKind.POST.value]
_days = click.IntRange(1, keeping.MAX_DAYS)


@click.group()
def retention() -> None:
    """Thời hạn lưu thư theo đơn vị và loại hộp / how long letters are kept, by unit and kind of box."""


@retention.command()
@click.option("--unit", "unit_code", default="", help="Mã đơn vị, gồm cấp dưới / code, with all below it")
@click.option("--kind", type=click.Choice(KINDS), help="Loại hộp thư / kind of box")
@click.option("--mailbox", type=click.Choice(sorted(USES)), help="Chỉ thư mục này / this mailbox only")
@click.option("--delete-after", type=_days, help="Xóa thư sau số ngày / delete letters after so many days")
@click.option(
    "--keep-deleted", type=_days, help="Thư đã xóa khôi phục được trong số ngày / days deleted letters stay"
)
@click.pass_obj
def add(
    ctx: CliContext,
    unit_code: str,
    kind: str | None,
    mailbox: str | None,
    delete_after: int | None,
    keep_deleted: int | None,
) -> None:
    """Thêm quy tắc / add a rule: --delete-after or --keep-deleted."""
    if (delete_after is None) == (keep_deleted is None):
        raise click.UsageError("--delete-after hoặc --keep-deleted / one of the two")
    with ctx.store.write() as uow:
        made = keeping.add(
            uow,
            SERVER,
            unit_code=unit_code,
            kind=AccountKind(kind) if kind else None,
            special_use=USES[mailbox] if mailbox else None,
            delete_after_days=delete_after,
            keep_deleted_days=keep_deleted,
            actor=plan_view.actor(),
        )
    if ctx.json:
        ctx.give(asdict(made))
    ctx.say(
        f"Quy tắc {made.id}, áp dụng trong vòng một giờ khi dịch vụ chạy.",
        f"Rule {made.id}; applied within an hour while the service runs.",
    )


@retention.command("list")
@click.pass_obj
def list_(ctx: CliContext) -> None:
    """Các quy tắc / the rules."""
    with ctx.store.read() as db:
        found = keeping.rules(db, SERVER)
    if ctx.json:
        ctx.give([asdict(one) for one in found])
        return
    table = Table(
        "#",
        ctx.text("Đơn vị", "Unit"),
        ctx.text("Loại", "Kind"),
        ctx.text("Thư mục", "Mailbox"),
        ctx.text("Xóa sau", "Delete after"),
        ctx.text("Giữ thư đã xóa", "Keep deleted"),
    )
    for one in found:
        table.add_row(
            str(one.id),
            one.unit_code or "*",
            one.kind or "*",
            one.special_use.lstrip("\\") or "*",
            str(one.delete_after_days or ""),
            str(one.keep_deleted_days or ""),
        )
    Console().print(table)


@retention.command()
@click.argument("number", type=int)
@click.pass_obj
def remove(ctx: CliContext, number: int) -> None:
    """Bỏ một quy tắc / take a rule back; what it deleted stays deleted."""
    with ctx.store.write() as uow:
        gone = keeping.remove(uow, SERVER, number, actor=plan_view.actor())
    if ctx.json:
        ctx.give(asdict(gone))
    ctx.say(f"Đã bỏ quy tắc {number}.", f"Rule {number} is gone.")

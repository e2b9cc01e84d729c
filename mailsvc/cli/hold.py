"""`congvu hold`: letters that may not be lost, whatever their owners do."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services import hold as holding
from mailsvc.services.hold import HoldKind

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext


@click.group()
def hold() -> None:
    """Lệnh giữ thư: không thể mất dù xóa, đầy hộp hay quá hạn / legal holds: beat deletion, quota and retention."""


@hold.command()
@click.argument("kind", type=click.Choice([kind.value for kind in HoldKind]))
@click.argument("subject", metavar="ADDRESS|CODE|WORDS")
@click.option("--reason", required=True, help="Căn cứ: số văn bản / on what ground: the document's number")
@click.option("--unit", "unit_code", default="", help="Chỉ tìm trong đơn vị này / search in this unit only")
@click.pass_obj
def add(ctx: CliContext, kind: str, subject: str, reason: str, unit_code: str) -> None:
    """Giữ thư của một người, một đơn vị hoặc theo từ khóa / hold a person's, a unit's, or what a search finds."""
    with ctx.store.write() as uow:
        made = holding.place(
            uow,
            SERVER,
            HoldKind(kind),
            subject,
            reason=reason,
            actor=plan_view.actor(),
            unit_code=unit_code if kind == HoldKind.SEARCH else "",
        )
        boxes, letters = holding.counts(uow, made.id)
    if ctx.json:
        ctx.give({**asdict(made), "boxes": boxes, "letters": letters})
    ctx.say(
        f"Lệnh giữ {made.id}: {made.subject}, {boxes} hộp thư. Gỡ: congvu hold release {made.id}",
        f"Hold {made.id}: {made.subject}, {boxes} boxes. To release it: congvu hold release {made.id}",
    )


@hold.command("list")
@click.option("--all", "with_released", is_flag=True, help="Cả lệnh đã gỡ / released ones too")
@click.pass_obj
def list_(ctx: CliContext, *, with_released: bool) -> None:
    """Các lệnh giữ thư / the holds."""
    with ctx.store.read() as db:
        found = [
            (one, *holding.counts(db, one.id))
            for one in holding.holds(db, SERVER)
            if one.in_force or with_released
        ]
    if ctx.json:
        ctx.give([{**asdict(one), "boxes": boxes, "letters": letters} for one, boxes, letters in found])
        return
    table = Table(
        "#",
        ctx.text("Loại", "Kind"),
        ctx.text("Đối tượng", "Of"),
        ctx.text("Căn cứ", "Reason"),
        ctx.text("Từ", "Since"),
        ctx.text("Hộp thư", "Boxes"),
        ctx.text("Thư", "Letters"),
        ctx.text("Đã gỡ", "Released"),
    )
    for one, boxes, letters in found:
        table.add_row(
            str(one.id),
            one.kind.value,
            one.subject,
            one.reason,
            _day(one.placed_at),
            str(boxes),
            str(letters),
            _day(one.released_at) if one.released_at is not None else "",
        )
    Console().print(table)


@hold.command()
@click.argument("number", type=int)
@click.pass_obj
def release(ctx: CliContext, number: int) -> None:
    """Gỡ một lệnh giữ / release a hold: what nothing else holds can be forgotten again."""
    with ctx.store.write() as uow:
        gone = holding.release(uow, SERVER, number, actor=plan_view.actor())
    if ctx.json:
        ctx.give(asdict(gone))
    ctx.say(f"Đã gỡ lệnh giữ {number}: {gone.subject}.", f"Hold {number} is released: {gone.subject}.")


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%d/%m/%Y")

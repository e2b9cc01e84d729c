"""`congvu queue`: letters on their way out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mailsvc.services.queue_view import waiting

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext


@click.group()
def queue() -> None:
    """Hàng đợi thư đi / letters on their way out."""


@queue.command("list")
@click.option("--limit", default=200, show_default=True, help="Số dòng / lines")
@click.pass_obj
def list_(ctx: CliContext, limit: int) -> None:
    """Thư đang chờ, cũ nhất trước / what waits, the oldest first."""
    reader = ctx.store.reader()
    rows = waiting(reader, limit)
    reader.close()
    if ctx.json:
        ctx.give([row.as_json() for row in rows])
        return
    if not rows:
        ctx.say("Hàng đợi trống.", "The queue is empty.")
        return
    table = Table(
        "#",
        ctx.text("Người gửi", "Sender"),
        ctx.text("Người nhận", "Recipient"),
        ctx.text("Lần thử", "Tries"),
        ctx.text("Thử lại lúc", "Next try"),
        ctx.text("Trả lời cuối", "Last reply"),
    )
    for row in rows:
        table.add_row(
            str(row.id),
            row.sender or "<>",
            row.recipient,
            str(row.attempts),
            datetime.fromtimestamp(row.next_attempt, UTC).astimezone().strftime("%d/%m %H:%M"),
            row.last_reply,
        )
    Console().print(table)

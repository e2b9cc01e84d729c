"""`congvu trace` answers: where is my letter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services.trace_letters import DAYS, Asker
from mailsvc.services.trace_letters import trace as trace_letters

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

_STATES = {
    "delivered": ("đã vào hộp thư", "in the mailbox"),
    "waiting": ("đang chờ gửi", "waits"),
    "held": ("bị giữ lại", "held"),
    "sent": ("đã gửi đi", "sent"),
    "failed": ("không gửi được", "failed"),
    "dropped": ("đã bỏ", "dropped"),
}


@click.command()
@click.argument("wanted", metavar="MESSAGE-ID|ADDRESS")
@click.option(
    "--days", default=DAYS, show_default=True, type=click.IntRange(1, 3650), help="Số ngày / days back"
)
@click.pass_obj
def trace(ctx: CliContext, wanted: str, days: int) -> None:
    """Thư đang ở đâu: trong hộp thư nào, gửi ra ngoài đến đâu / which boxes have a letter, what became of it outside."""
    asker = Asker(scope=SERVER, name=plan_view.actor())
    with ctx.store.write() as uow:
        found = trace_letters(uow, asker, wanted, days=days)
    if ctx.json:
        ctx.give([one.as_json() for one in found])
        return
    if not found:
        ctx.refuse(
            f"Không thấy thư nào theo “{wanted}” trong {days} ngày. Thử Message-ID đầy đủ, hoặc --days lớn hơn.",
            f"No letter is found by “{wanted}” in {days} days. Try the whole Message-ID, or more --days.",
        )
    for letter in found:
        click.echo(f"{letter.message_id}  {letter.sender}  {letter.octets:,} B")
        for stop in letter.stops:
            click.echo(
                f"  {_moment(stop.at)}  {stop.address}: {ctx.text(*_STATES[stop.state])}  {stop.reply}"
            )
            for at, line in stop.history:
                click.echo(f"      {_moment(at)}  {line}")


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%d/%m %H:%M:%S")

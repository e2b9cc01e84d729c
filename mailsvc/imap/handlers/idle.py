"""IDLE (RFC 2177): the client is told at once what it would be told with the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done
from mailsvc.imap.handlers.news import news

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.idle import Idle, IdleDone


async def idle(_cmd: Idle, ctx: Context) -> None:
    """IDLE; its tagged reply comes with DONE."""
    ctx.send(news(ctx, expunges=True) + b"+ idling\r\n")
    ctx.is_idling = True


async def idle_done(_cmd: IdleDone, ctx: Context) -> Done:
    """DONE."""
    ctx.is_idling = False
    return Done("Idled")

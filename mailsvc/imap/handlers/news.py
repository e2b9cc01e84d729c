"""What a client is told without having asked: of the open mailbox, of results kept up to date, of other mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.contexts import changes
from mailsvc.imap.handlers.fetch_lines import lines_at_once
from mailsvc.imap.handlers.notify import other_news
from mailsvc.imap.wire.notify import Event

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.handlers.mailbox_view import MailboxView


def news(ctx: Context, *, expunges: bool) -> bytes:
    """What happened since the client was last told (RFC 3501 §5.2, RFC 5267 §4.3, RFC 5465)."""
    if ctx.notified is None:
        return b"" if ctx.view is None else _of_open_one(ctx, ctx.view, expunges=expunges)
    group = ctx.notified.of_open_one
    told = b""
    if ctx.view is not None and group is not None:
        last = ctx.view.known.uid_next
        told = _of_open_one(ctx, ctx.view, expunges=expunges, flags=Event.FLAGS in group.events)
        if group.items:
            new = [index for index, uid in enumerate(ctx.view.known.uids) if uid >= last]
            told += lines_at_once(ctx, ctx.view, group.items, new) if new else b""
    return told + other_news(ctx)


def _of_open_one(ctx: Context, view: MailboxView, *, expunges: bool, flags: bool = True) -> bytes:
    told = view.news(ctx.parts, expunges=expunges, condstore=ctx.condstore, by_uid=ctx.qresync, flags=flags)
    if not view.updated:
        return told
    left, came = changes(ctx, view)
    return left + told + came

"""SELECT, EXAMINE, CLOSE and UNSELECT (RFC 3501 §6.3.1, §6.3.2, §6.4.2; RFC 3691)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.model import Right
from mailsvc.imap.handlers.context import Done
from mailsvc.imap.handlers.expunge import expunge_deleted
from mailsvc.imap.handlers.list import list_of_one
from mailsvc.imap.handlers.mailbox_view import MailboxView
from mailsvc.imap.handlers.object_ids import of_mailbox
from mailsvc.imap.handlers.places import place_named
from mailsvc.imap.handlers.quota import warning
from mailsvc.imap.handlers.resync import changes_since, need_qresync
from mailsvc.imap.wire import replies
from mailsvc.model.flags import SEEN
from mailsvc.services import watched

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.select import Select
    from mailsvc.imap.wire.simple import Close, Unselect
    from mailsvc.model.mailbox import Snapshot


async def select(cmd: Select, ctx: Context) -> Done:
    """SELECT and EXAMINE; the mailbox that was open is closed first, without EXPUNGE (RFC 3501 §6.3.1)."""
    if ctx.view is not None:
        ctx.send(replies.untagged("OK", "The other one is closed", "CLOSED"))  # RFC 7162 §3.2.11
    ctx.close_mailbox()
    if cmd.resync is not None:
        need_qresync(ctx)
    if cmd.condstore:
        ctx.condstore = True
    place = place_named(ctx, cmd.mailbox)
    if place.is_watched:
        await ctx.parts.bridge.write(watched.listed, place)
    known = ctx.parts.snapshots.of(ctx.parts.bridge.reader, place)
    # Who may only read a shared box still marks letters as read for themselves.
    read_only = cmd.read_only or not (place.rights & Right.ACT or place.is_shared)
    view = MailboxView(place, known, name=cmd.mailbox, read_only=read_only, wake=ctx.wake)
    view.watch(ctx.parts)
    ctx.view = view
    out = view.flags_replies(known.keywords)
    out.append(replies.exists(len(known.uids)))
    if ctx.rev2:  # RFC 9051 §6.3.2, Appendix E: LIST is new, RECENT and UNSEEN are gone
        out.append(list_of_one(ctx, cmd.mailbox, written=cmd.written))
    else:
        out.append(replies.recent(0))
        first = _first_unseen(known)
        if first:
            out.append(replies.untagged("OK", "First unseen", f"UNSEEN {first}"))
    out.extend(
        (
            replies.untagged("OK", "UIDs are valid", f"UIDVALIDITY {known.uid_validity}"),
            replies.untagged("OK", "Predicted next UID", f"UIDNEXT {known.uid_next}"),
            replies.untagged("OK", "Highest", f"HIGHESTMODSEQ {max(known.highest_mod_seq, 1)}"),
            replies.untagged(
                "OK", "The same for ever", f"MAILBOXID ({of_mailbox(known.mailbox_id).decode()})"
            ),
        )
    )
    if place.mailbox.account_id == ctx.principal.home:
        out.append(warning(ctx, place.mailbox.account_id))
    if cmd.resync is not None:
        out.append(changes_since(ctx, view, cmd.resync))
    code = "READ-ONLY" if read_only else "READ-WRITE"
    return Done("Mailbox opened", code, b"".join(out))


async def close(_cmd: Close, ctx: Context) -> Done:
    """CLOSE: expunge without telling, unless the mailbox is open for reading only."""
    view = ctx.selected
    if not view.read_only and view.place.rights & Right.ACT:
        await expunge_deleted(ctx, None)
    ctx.close_mailbox()
    return Done("Mailbox closed")  # never with HIGHESTMODSEQ: RFC 7162 §3.2.8


async def unselect(_cmd: Unselect, ctx: Context) -> Done:
    """UNSELECT: leave without expunging."""
    ctx.close_mailbox()
    return Done("Mailbox closed")


def _first_unseen(known: Snapshot) -> int:
    for number, bits in enumerate(known.flags, 1):
        if not bits & SEEN:
            return number
    return 0

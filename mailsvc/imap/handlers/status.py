"""STATUS (RFC 3501 §6.3.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers import object_ids
from mailsvc.imap.handlers.context import Done
from mailsvc.imap.handlers.places import place_named
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.status import StatusItem
from mailsvc.model.flags import DELETED
from mailsvc.services import letters, mailbox_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.status import Status
    from mailsvc.services.permissions import Place


async def status(cmd: Status, ctx: Context) -> Done:
    """STATUS of one mailbox."""
    place = place_named(ctx, cmd.mailbox)
    if StatusItem.HIGHESTMODSEQ in cmd.items:
        ctx.condstore = True  # RFC 7162 §3.1: this command enables CONDSTORE
    return Done("Status told", untagged=status_line(ctx, cmd.mailbox, place, cmd.items))


def status_line(ctx: Context, name: str, place: Place, items: Sequence[StatusItem]) -> bytes:
    """`* STATUS name (…)`, from the counters that are kept with the mailbox."""
    return replies.status(ctx.name(name), [(item.value, _value(ctx, place, item)) for item in items])


def _value(ctx: Context, place: Place, item: StatusItem) -> int | bytes:
    mailbox = place.mailbox
    match item:
        case StatusItem.MESSAGES:
            return mailbox.exists
        case StatusItem.RECENT:
            return 0
        case StatusItem.UIDNEXT:
            return int(mailbox.uid_next)
        case StatusItem.UIDVALIDITY:
            return int(mailbox.uid_validity)
        case StatusItem.UNSEEN:
            return mailbox_tree.unseen(ctx.parts.bridge.reader, mailbox, place.viewer)
        case StatusItem.SIZE:
            return mailbox.octets
        case StatusItem.HIGHESTMODSEQ:
            return max(int(mailbox.highest_mod_seq), 1)
        case StatusItem.MAILBOXID:
            return b"(%b)" % object_ids.of_mailbox(mailbox.id)
        case StatusItem.APPENDLIMIT:
            return ctx.parts.max_message_bytes
        case StatusItem.DELETED:
            return len(_deleted(ctx, place))
        case StatusItem.DELETED_STORAGE:
            return _storage(ctx, place, _deleted(ctx, place))


def _deleted(ctx: Context, place: Place) -> frozenset[int]:
    now = ctx.parts.snapshots.of(ctx.parts.bridge.reader, place)
    return frozenset([uid for uid, bits in zip(now.uids, now.flags, strict=True) if bits & DELETED])


def _storage(ctx: Context, place: Place, uids: frozenset[int]) -> int:
    """Octets that EXPUNGE would give back (RFC 9208 §4.1.4)."""
    if not uids:
        return 0
    rows = letters.columns(ctx.parts.bridge.reader, place, min(uids), max(uids), ("size",))
    return sum(size for uid, size in rows if uid in uids)

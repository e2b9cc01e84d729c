"""EXPUNGE and UID EXPUNGE (RFC 3501 §6.4.3, RFC 4315 §2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.model import Right
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.wire.sequence import SAVED, resolve
from mailsvc.model.flags import DELETED
from mailsvc.services import letters
from mailsvc.services.view import ranges_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.expunge import Expunge
    from mailsvc.imap.wire.sequence import SequenceSet


async def expunge(cmd: Expunge, ctx: Context) -> Done:
    """EXPUNGE; what went is told with the news before the tagged reply."""
    if ctx.selected.read_only:
        raise RefusedError("The mailbox is open for reading only", "NOPERM")
    if not ctx.selected.place.rights & Right.ACT:
        raise RefusedError("You may not do that here", "NOPERM")
    gone = await expunge_deleted(ctx, cmd.uids)
    return Done("Expunged", highest_mod_seq(ctx) if gone else None)


def highest_mod_seq(ctx: Context) -> str | None:
    """Response code after letters went, so that the client can go on from there (RFC 7162 §3.1.2.1, §3.2.7)."""
    if not ctx.condstore:
        return None
    highest = ctx.parts.snapshots.of(ctx.parts.bridge.reader, ctx.selected.place).highest_mod_seq
    return f"HIGHESTMODSEQ {highest}"


async def expunge_deleted(ctx: Context, uids: SequenceSet | None) -> int:
    r"""Take away what is marked \Deleted now, of these UIDs or of all; how many went."""
    view = ctx.selected
    now = ctx.parts.snapshots.of(ctx.parts.bridge.reader, view.place)
    marked = [uid for uid, bits in zip(now.uids, now.flags, strict=True) if bits & DELETED]
    if uids is not None and marked:
        if uids == SAVED:
            wanted: Sequence[tuple[int, int]] = view.uid_ranges(view.indexes_of_saved())
        else:
            wanted = resolve(uids, view.known.uids[-1] if view.known.uids else int(now.uid_next))
        marked = [uid for uid in marked if any(low <= uid <= high for low, high in wanted)]
    if not marked:
        return 0
    ranges = ranges_of(now, marked)
    return len(await ctx.parts.bridge.write(letters.expunge, view.place, ranges))

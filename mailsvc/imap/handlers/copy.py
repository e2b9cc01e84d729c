"""COPY and MOVE (RFC 3501 §6.4.7, RFC 6851, RFC 4315 §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.expunge import highest_mod_seq
from mailsvc.imap.handlers.numbers import wanted
from mailsvc.imap.handlers.places import target_named
from mailsvc.imap.wire import replies
from mailsvc.services import letters

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.copy import Copy, Move


async def copy(cmd: Copy, ctx: Context) -> Done:
    """COPY: all of them or none."""
    ranges = _ranges(cmd, ctx)
    target = target_named(ctx, cmd.mailbox)
    if not ranges:
        return Done("Nothing to copy")
    uids, new_uids = await ctx.parts.bridge.write(letters.copy, ctx.selected.place, target, ranges)
    if not uids:
        return Done("Nothing to copy")
    # RFC 3501 §7.4.1 forbids EXPUNGE during FETCH, STORE and SEARCH only.
    return Done("Copied", replies.copy_uid(target.mailbox.uid_validity, uids, new_uids))


async def move(cmd: Move, ctx: Context) -> Done:
    """MOVE: COPYUID first, untagged, then EXPUNGE (RFC 6851 §4.3)."""
    if ctx.selected.read_only:
        raise RefusedError("The mailbox is open for reading only", "NOPERM")
    ranges = _ranges(cmd, ctx)
    target = target_named(ctx, cmd.mailbox)
    if not ranges:
        return Done("Nothing to move")
    uids, new_uids = await ctx.parts.bridge.write(letters.move, ctx.selected.place, target, ranges)
    if not uids:
        return Done("Nothing to move")
    code = replies.copy_uid(target.mailbox.uid_validity, uids, new_uids)
    return Done("Moved", highest_mod_seq(ctx), untagged=replies.untagged("OK", "Moved", code))


def _ranges(cmd: Copy | Move, ctx: Context) -> list[tuple[int, int]]:
    view = ctx.selected
    runs = wanted(view, cmd.messages, uid=cmd.uid)
    ranges = view.uid_ranges(runs)
    if (
        view.ghosts
        and not cmd.uid
        and any(low <= ghost <= high for low, high in ranges for ghost in view.ghosts)
    ):
        raise RefusedError("Some of these letters are gone", "EXPUNGEISSUED")  # RFC 5530 §3
    return ranges

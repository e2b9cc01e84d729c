"""What changed and what went while a client was away (RFC 7162 §3.2.5, §3.2.6)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import RefusedError
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.sequence import resolve
from mailsvc.services import mailbox_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.wire.select import Resync
    from mailsvc.imap.wire.sequence import SequenceSet

    Ranges = Sequence[tuple[int, int]]


def need_qresync(ctx: Context) -> None:
    """BAD without ENABLE QRESYNC before (RFC 7162 §3.2.5, §3.2.6)."""
    if not ctx.qresync:
        raise RefusedError("ENABLE QRESYNC comes first", condition="BAD")


def changes_since(ctx: Context, view: MailboxView, asked: Resync) -> bytes:
    """VANISHED (EARLIER), then FETCH with UID, FLAGS and MODSEQ; nothing where UIDs have begun anew."""
    known = view.known
    if asked.uid_validity != known.uid_validity:
        return b""
    last = int(known.uid_next) - 1
    among: Ranges = ((1, last),) if asked.uids is None else resolve(asked.uids, last)
    floor = _agreed(known.uids, asked.matches)
    out = [vanished_since(ctx, view, [(max(low, floor + 1), high) for low, high in among], asked.mod_seq)]
    lists = view.flag_lists
    wanted = iter(among)
    low, high = next(wanted, (1, 0))
    for index, (uid, bits, mod_seq) in enumerate(zip(known.uids, known.flags, known.mod_seqs, strict=True)):
        while uid > high:
            low, high = next(wanted, (0, -1))
            if high < 0:
                return b"".join(out)
        if uid >= low and mod_seq > asked.mod_seq:
            out.append(replies.fetch(index + 1, b"UID %d %b MODSEQ (%d)" % (uid, lists[bits], mod_seq)))
    return b"".join(out)


def vanished_since(ctx: Context, view: MailboxView, among: Ranges, mod_seq: int) -> bytes:
    """VANISHED (EARLIER) of these UIDs; no letter that the client sees is part of it (RFC 7162 §3.2.10.1).

    Every UID that went is remembered with its mod-sequence, so no mod-sequence is too old.
    """
    there = frozenset(view.known.uids)
    end = int(view.known.uid_next)
    gone = [
        uid
        for uid in mailbox_tree.gone_since(ctx.parts.bridge.reader, view.place.mailbox.id, mod_seq)
        if uid < end and uid not in there
    ]
    told: list[int] = []
    ranges = iter(among)
    low, high = next(ranges, (0, -1))
    for uid in gone:
        while uid > high >= 0:
            low, high = next(ranges, (0, -1))
        if high < 0:
            break
        if uid >= low:
            told.append(uid)
    return replies.vanished(told, earlier=True) if told else b""


def _agreed(uids: Sequence[int], matches: tuple[SequenceSet, SequenceSet] | None) -> int:
    """The highest UID up to which the client is known to miss no EXPUNGE (RFC 7162 §3.2.5.2)."""
    if matches is None:
        return 0
    numbers, expected = (
        chain.from_iterable([range(low, high + 1) for low, high in resolve(one, 0)]) for one in matches
    )
    agreed = 0
    for number, uid in zip(numbers, expected, strict=False):
        if number > len(uids):
            break
        if uids[number - 1] == uid:
            agreed = uid
    return agreed

r"""\Seen of a shared mailbox, per person: ranges of UIDs, with mod-sequences taken from the mailbox (design §3)."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, func, insert, select

from mailsvc.model.changes import MailboxChanged
from mailsvc.model.flags import SEEN
from mailsvc.model.mailbox import Mailbox, Snapshot
from mailsvc.storage import mailboxes, tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.model.ids import AccountId, MailboxId, ModSeq
    from mailsvc.storage.entries import Range
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_s, _e = tables.seen_ranges, tables.entries
_mine = and_(_s.c.mailbox_id == bindparam("mailbox"), _s.c.viewer_id == bindparam("viewer"))
MINE = Statement(
    select(_s.c.first_uid, _s.c.last_uid, _s.c.seen, _s.c.mod_seq).where(_mine).order_by(_s.c.first_uid)
)
OVERLAPPING = Statement(
    select(_s.c.first_uid, _s.c.last_uid, _s.c.seen, _s.c.mod_seq)
    .where(and_(_mine, _s.c.first_uid <= bindparam("last"), _s.c.last_uid >= bindparam("first")))
    .order_by(_s.c.first_uid)
)
DROP = Statement(delete(_s).where(and_(_mine, _s.c.first_uid == bindparam("first"))))
ADD = Statement(
    insert(_s).values(
        {
            name: bindparam(name)
            for name in ("mailbox_id", "viewer_id", "first_uid", "last_uid", "seen", "mod_seq")
        }
    )
)
SEEN_COUNT = Statement(
    select(func.count())
    .select_from(_s)
    .join(_e, and_(_e.c.mailbox_id == _s.c.mailbox_id, _e.c.uid.between(_s.c.first_uid, _s.c.last_uid)))
    .where(and_(_mine, _s.c.seen == 1))
)
Mark = tuple[int, int, int, int]
"""First UID, last UID, 1 for seen, mod-sequence."""


def marks(db: Reader, mailbox: MailboxId, viewer: AccountId) -> list[Mark]:
    """What one viewer has read, as ranges in order that do not overlap."""
    return [(row[0], row[1], row[2], row[3]) for row in db.rows(MINE, {"mailbox": mailbox, "viewer": viewer})]


def overlay(base: Snapshot, viewer_marks: Sequence[Mark]) -> Snapshot:
    r"""The snapshot as one viewer sees it: their own \Seen, and its mod-sequences."""
    flags = array("q", [flag_bits & ~SEEN for flag_bits in base.flags])
    mod_seqs = base.mod_seqs[:]
    for first, last, is_seen, mod_seq in viewer_marks:
        for index in range(bisect_left(base.uids, first), bisect_right(base.uids, last)):
            if is_seen:
                flags[index] |= SEEN
            mod_seqs[index] = max(mod_seqs[index], mod_seq)
    return Snapshot(
        mailbox_id=base.mailbox_id,
        uid_validity=base.uid_validity,
        uid_next=base.uid_next,
        highest_mod_seq=base.highest_mod_seq,
        uids=base.uids,
        flags=flags,
        mod_seqs=mod_seqs,
        keywords=base.keywords,
    )


def unseen(db: Reader, mailbox: Mailbox, viewer: AccountId) -> int:
    """How many letters of a shared mailbox this viewer has not read."""
    row = db.one(SEEN_COUNT, {"mailbox": mailbox.id, "viewer": viewer})
    return mailbox.exists - (int(row[0]) if row is not None else 0)


def mark(
    uow: UnitOfWork, mailbox: Mailbox, viewer: AccountId, ranges: Sequence[Range], *, is_seen: bool
) -> ModSeq | None:
    """Mark ranges as read or unread by one viewer; None when nothing changes for them."""
    before = marks(uow, mailbox.id, viewer)
    wanted = [span for span in ranges if not _covered(before, span, is_seen=is_seen)]
    if not wanted:
        return None
    _, mod_seq = mailboxes.count(uow, mailbox.id)
    for first, last in wanted:
        _put(uow, mailbox.id, viewer, (first, last, int(is_seen), mod_seq))
    uow.record(MailboxChanged(mailbox.account_id, mailbox.id))
    return mod_seq


def join(uow: UnitOfWork, account: AccountId, viewer: AccountId) -> None:
    """A newcomer to a shared box: what is there already counts as read, so that nobody faces 40,000 unread."""
    for mailbox in mailboxes.of_account(uow, account):
        if mailbox.uid_next > 1:
            mark(uow, mailbox, viewer, [(1, int(mailbox.uid_next) - 1)], is_seen=True)


def _covered(known: Sequence[Mark], span: Range, *, is_seen: bool) -> bool:
    """Whether the marks already say this of the whole range."""
    position = span[0]
    for first, last, seen_here, _ in known:
        if last < position:
            continue
        if first > position:
            break
        if bool(seen_here) != is_seen:
            return False
        position = last + 1
        if position > span[1]:
            return True
    # What no mark speaks of is unread.
    return not is_seen and not any(
        first <= span[1] and last >= span[0] and seen_here for first, last, seen_here, _ in known
    )


def _put(uow: UnitOfWork, mailbox: MailboxId, viewer: AccountId, new: Mark) -> None:
    place = {"mailbox": mailbox, "viewer": viewer}
    pieces: list[Mark] = [new]
    for row in uow.rows(OVERLAPPING, {**place, "first": new[0], "last": new[1]}):
        first, last, is_seen, mod_seq = row
        uow.run(DROP, {**place, "first": first})
        if first < new[0]:
            pieces.append((first, new[0] - 1, is_seen, mod_seq))
        if last > new[1]:
            pieces.append((new[1] + 1, last, is_seen, mod_seq))
    uow.many(
        ADD,
        (
            {
                "mailbox_id": mailbox,
                "viewer_id": viewer,
                "first_uid": first,
                "last_uid": last,
                "seen": is_seen,
                "mod_seq": mod_seq,
            }
            for first, last, is_seen, mod_seq in pieces
        ),
    )

"""Packed snapshots of mailboxes, and how one goes on from another by what has changed since.

New letters are those above the UIDs known; letters that went have rows of their own. Where flags changed, a log of
ranges says (`flag_changes`): a few for each change, so that a STORE of 10,000 letters costs one row more and not
10,000 places in an index. A range may cover more than what changed: the entries' own mod-sequences decide.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, func, insert, select

from mailsvc.model.ids import MailboxId, Uid
from mailsvc.model.mailbox import Snapshot
from mailsvc.storage import mailboxes, packed_snapshots, tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Select

    from mailsvc.model.mailbox import FlagsSet, Mailbox
    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_e, _x, _c = tables.entries, tables.expunged, tables.flag_changes
MAX_RANGES = 32
"""Of one change; more are logged as one range that covers them all."""
KEPT_CHANGES = 1_000
"""Of one mailbox; older ones become one range that covers all of it."""
LAST_UID = (1 << 32) - 1
_PACKED = (_e.c.uid, _e.c.flags, _e.c.mod_seq)
_here = _e.c.mailbox_id == bindparam("mailbox")
PACKED = Statement(select(*_PACKED).where(and_(_here, _e.c.uid >= bindparam("first"))).order_by(_e.c.uid))
PACKED_SINCE = Statement(
    select(*_PACKED)
    .where(
        and_(
            _here,
            _e.c.uid.between(bindparam("first"), bindparam("last")),
            _e.c.mod_seq > bindparam("mod_seq"),
        )
    )
    .order_by(_e.c.uid)
)
EXPUNGED_SINCE = Statement(
    select(_x.c.uid)
    .where(and_(_x.c.mailbox_id == bindparam("mailbox"), _x.c.mod_seq > bindparam("mod_seq")))
    .order_by(_x.c.uid)
)
ADD_CHANGE = Statement(
    insert(_c).values({name: bindparam(name) for name in ("mailbox_id", "mod_seq", "first_uid", "last_uid")})
)
CHANGES_SINCE = Statement(
    select(_c.c.first_uid, _c.c.last_uid)
    .where(and_(_c.c.mailbox_id == bindparam("mailbox"), _c.c.mod_seq > bindparam("mod_seq")))
    .order_by(_c.c.first_uid)
)
FORGET_CHANGES = Statement(
    delete(_c).where(and_(_c.c.mailbox_id == bindparam("mailbox"), _c.c.mod_seq <= bindparam("mod_seq")))
)


def crowded(kept: int) -> Select[Any]:
    """Mailboxes with more than twice as many logged changes as are kept."""
    return select(_c.c.mailbox_id).group_by(_c.c.mailbox_id).having(func.count() > 2 * kept).limit(100)


def newest_to_join(kept: int) -> Select[Any]:
    """The mod-sequence of the newest change of a mailbox that is too old to be kept by itself."""
    return (
        select(_c.c.mod_seq)
        .where(_c.c.mailbox_id == bindparam("mailbox"))
        .order_by(_c.c.mod_seq.desc(), _c.c.first_uid)
        .limit(1)
        .offset(kept)
    )


CROWDED, NEWEST_TO_JOIN = Statement(crowded(KEPT_CHANGES)), Statement(newest_to_join(KEPT_CHANGES))
Columns = tuple["array[int]", "array[int]", "array[int]"]


def log_flag_change(
    uow: UnitOfWork, mailbox: MailboxId, mod_seq: int, ranges: Sequence[tuple[int, int]]
) -> None:
    """Remember where flags changed, for those who know an older mod-sequence."""
    if len(ranges) > MAX_RANGES:
        ranges = [(ranges[0][0], max(last for _, last in ranges))]
    for first, last in ranges:
        uow.run(ADD_CHANGE, {"mailbox_id": mailbox, "mod_seq": mod_seq, "first_uid": first, "last_uid": last})


def join_old_changes(uow: UnitOfWork) -> None:
    """Housekeeping: of mailboxes with a long log the older part becomes one range that covers all letters."""
    for (mailbox,) in uow.rows(CROWDED, {}):
        row = uow.one(NEWEST_TO_JOIN, {"mailbox": mailbox})
        assert row is not None
        uow.run(FORGET_CHANGES, {"mailbox": mailbox, "mod_seq": row[0]})
        log_flag_change(uow, mailbox, row[0], [(1, LAST_UID)])


def snapshot(db: Reader, mailbox: Mailbox, known: Snapshot | None = None) -> Snapshot:
    """All entries of a mailbox, packed; from what is known and the changes since, where that is possible."""
    if known is None or known.uid_validity != mailbox.uid_validity:
        copy = packed_snapshots.kept(db, mailbox)
        if copy is not None:
            found = _advance(db, mailbox, copy)
            if len(found.uids) == mailbox.exists:  # a copy that does not add up is not gone on from
                return replace(found, since=-1, changed=())
        return _snapshot(db, mailbox, _from(db, mailbox.id, 0))
    if known.highest_mod_seq == mailbox.highest_mod_seq:
        return _snapshot(db, mailbox, (known.uids, known.flags, known.mod_seqs), known.highest_mod_seq)
    return _advance(db, mailbox, known)


def with_flags(db: Reader, mailbox: Mailbox, known: Snapshot, change: FlagsSet) -> Snapshot:
    """The snapshot after a change of flags that followed right upon it, without asking for what is known."""
    uids, flags, mod_seqs = known.uids, known.flags[:], known.mod_seqs[:]
    keep, add, mod_seq = change.keep, change.add, change.mod_seq
    runs: list[range] = []
    for first, last in change.ranges:
        start, end = bisect_left(uids, first), bisect_right(uids, last)
        before = flags[start:end]
        after = array("q", [bits & keep | add for bits in before])
        if after != before:
            runs.append(range(start, end))
            flags[start:end] = after
            mod_seqs[start:end] = array(
                "Q",
                [
                    old if was == now else mod_seq
                    for old, was, now in zip(mod_seqs[start:end], before, after, strict=True)
                ],
            )
    return _snapshot(db, mailbox, (uids, flags, mod_seqs), int(known.highest_mod_seq), tuple(runs))


def _snapshot(
    db: Reader, mailbox: Mailbox, columns: Columns, since: int = -1, changed: tuple[range, ...] = ()
) -> Snapshot:
    uids, flags, mod_seqs = columns
    return Snapshot(
        mailbox_id=mailbox.id,
        uid_validity=mailbox.uid_validity,
        uid_next=mailbox.uid_next,
        highest_mod_seq=mailbox.highest_mod_seq,
        uids=uids,
        flags=flags,
        mod_seqs=mod_seqs,
        keywords=mailboxes.keywords(db, mailbox.account_id),
        since=since,
        changed=changed,
    )


def _from(db: Reader, mailbox: MailboxId, first: int) -> Columns:
    uids, flags, mod_seqs = array("Q"), array("q"), array("Q")
    for rows in db.portions(PACKED, {"mailbox": mailbox, "first": first}):
        columns = tuple(zip(*rows, strict=True))
        uids.extend(columns[0])
        flags.extend(columns[1])
        mod_seqs.extend(columns[2])
    return uids, flags, mod_seqs


def _columns(rows: Iterable[Row]) -> Columns:
    columns = tuple(zip(*rows, strict=True))
    if not columns:
        return array("Q"), array("q"), array("Q")
    return array("Q", columns[0]), array("q", columns[1]), array("Q", columns[2])


def _advance(db: Reader, mailbox: Mailbox, known: Snapshot) -> Snapshot:
    since = {"mailbox": mailbox.id, "mod_seq": known.highest_mod_seq}
    uids, flags, mod_seqs = known.uids, known.flags[:], known.mod_seqs[:]
    known_up_to = int(known.uid_next) - 1
    runs: list[range] = []
    for first, last in _joined(db.rows(CHANGES_SINCE, since)):
        changed = db.rows(PACKED_SINCE, {**since, "first": first, "last": min(last, known_up_to)})
        if changed:
            runs.append(_overwrite(uids, flags, mod_seqs, _columns(changed)))
    new = _from(db, mailbox.id, known_up_to + 1)
    if new[0]:
        uids = uids + new[0]  # another object: sessions that know the old one still count by it
        flags += new[1]
        mod_seqs += new[2]
    gone = frozenset(expunged_since(db, mailbox.id, known.highest_mod_seq))
    if gone and not gone.isdisjoint(uids):
        keep = [index for index, uid in enumerate(uids) if uid not in gone]
        uids, flags, mod_seqs = (
            array(column.typecode, [column[index] for index in keep]) for column in (uids, flags, mod_seqs)
        )
        return _snapshot(db, mailbox, (uids, flags, mod_seqs))
    return _snapshot(db, mailbox, (uids, flags, mod_seqs), int(known.highest_mod_seq), tuple(runs))


def _joined(ranges: Iterable[Row]) -> list[tuple[int, int]]:
    """Ranges in order, those that touch as one."""
    joined: list[tuple[int, int]] = []
    for first, last in ranges:
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _overwrite(uids: array[int], flags: array[int], mod_seqs: array[int], changed: Columns) -> range:
    """Put new flags and mod-sequences in their places; from the first to the last of them."""
    new_uids, new_flags, new_mod_seqs = changed
    start = bisect_left(uids, new_uids[0])
    end = start + len(new_uids)
    if uids[start:end] == new_uids:  # neighbours, as they mostly are
        flags[start:end], mod_seqs[start:end] = new_flags, new_mod_seqs
        return range(start, end)
    index = start
    for uid, bits, mod_seq in zip(*changed, strict=True):
        index = bisect_left(uids, uid, index)
        flags[index], mod_seqs[index] = bits, mod_seq
    return range(start, index + 1)


def changed_since(db: Reader, mailbox: MailboxId, first: int, last: int, mod_seq: int) -> list[Uid]:
    """UIDs of a range whose flags changed, or that came, after a mod-sequence."""
    rows = db.rows(PACKED_SINCE, {"mailbox": mailbox, "first": first, "last": last, "mod_seq": mod_seq})
    return [Uid(row[0]) for row in rows]


def expunged_since(db: Reader, mailbox: MailboxId, mod_seq: int) -> list[Uid]:
    """UIDs that went from a mailbox after a mod-sequence."""
    return [Uid(row[0]) for row in db.rows(EXPUNGED_SINCE, {"mailbox": mailbox, "mod_seq": mod_seq})]

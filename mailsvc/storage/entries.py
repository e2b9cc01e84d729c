"""Entries: letters in mailboxes. UIDs and mod-sequences are allotted in the transaction that uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, and_, bindparam, delete, func, insert, literal, null, select, update

from mailsvc.model.changes import MailboxChanged
from mailsvc.model.flags import SEEN
from mailsvc.model.ids import AccountId, MailboxId, MessageId, ModSeq, Uid
from mailsvc.model.mailbox import FlagsSet
from mailsvc.model.message import Entry
from mailsvc.storage import arrivals, mailboxes, snapshots, tables
from mailsvc.storage.statement import Statement
from mailsvc.storage.traces import NO_TRACE, TRACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailsvc.model.mailbox import Mailbox, Snapshot
    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_e, _x, _f = tables.entries, tables.expunged, tables.index_feed
_in_range = and_(
    _e.c.mailbox_id == bindparam("mailbox"), _e.c.uid.between(bindparam("first"), bindparam("last"))
)
_ENTRY = (_e.c.uid, _e.c.message_id, _e.c.flags, _e.c.mod_seq, _e.c.internal_date, TRACE, _e.c.size)
ONE = Statement(
    select(*_ENTRY).where(and_(_e.c.mailbox_id == bindparam("mailbox"), _e.c.uid == bindparam("uid")))
)
TOUCHED = Statement(
    select(
        func.count(),
        func.coalesce(func.sum(1 - _e.c.flags.op("&")(SEEN)), 0),
        func.coalesce(func.sum(_e.c.size), 0),
    ).where(_in_range)
)
_different = _e.c.flags != _e.c.flags.op("&")(bindparam("keep")).op("|")(bindparam("add"))
UNSEEN_CHANGE = Statement(
    select(
        func.coalesce(
            func.sum(
                _e.c.flags.op("&")(SEEN)
                - _e.c.flags.op("&")(bindparam("keep")).op("|")(bindparam("add")).op("&")(SEEN)
            ),
            0,
        ),
    ).where(and_(_in_range, _different))
)
SET_FLAGS = Statement(
    update(_e)
    .where(and_(_in_range, _different))
    .values(
        flags=_e.c.flags.op("&")(bindparam("keep")).op("|")(bindparam("add")),
        mod_seq=bindparam("new_mod_seq"),
    )
)
COPY = Statement(
    insert(_e).from_select(
        arrivals.COLUMNS,
        select(
            bindparam("target", type_=_e.c.mailbox_id.type),
            bindparam("first_uid", type_=_e.c.uid.type) - 1 + func.row_number().over(order_by=_e.c.uid),
            _e.c.message_id,
            _e.c.flags,
            bindparam("new_mod_seq", type_=_e.c.mod_seq.type),
            _e.c.internal_date,
            bindparam("now", type_=_e.c.saved_at.type),
            _e.c.size,
            _e.c.own_trace,
            _e.c.trace_number,
        )
        .where(_in_range)
        .order_by(_e.c.uid),
    )
)
FEED_RANGE = Statement(insert(_f).from_select(("message_id",), select(_e.c.message_id).where(_in_range)))
_EXPUNGED = (
    "mailbox_id",
    "uid",
    "mod_seq",
    "at",
    "message_id",
    "flags",
    "internal_date",
    "size",
    "own_trace",
    "trace_number",
)


def _expunge(*, keep_letter: bool) -> Statement:
    return Statement(
        insert(_x).from_select(
            _EXPUNGED,
            select(
                _e.c.mailbox_id,
                _e.c.uid,
                bindparam("new_mod_seq", type_=_e.c.mod_seq.type),
                bindparam("now", type_=_e.c.saved_at.type),
                _e.c.message_id if keep_letter else null(),
                _e.c.flags,
                _e.c.internal_date,
                _e.c.size,
                _e.c.own_trace if keep_letter else literal(b"", LargeBinary),
                _e.c.trace_number if keep_letter else literal(NO_TRACE),
            ).where(_in_range),
        )
    )


EXPUNGE, MOVE_AWAY = _expunge(keep_letter=True), _expunge(keep_letter=False)
RETIRE = Statement(
    update(tables.mailboxes)
    .where(tables.mailboxes.c.id == bindparam("mailbox"))
    .values(name=bindparam("new_name"), special_use=null(), deleted=1)
)
REMOVE = Statement(delete(_e).where(_in_range))
UIDS = Statement(select(_e.c.uid).where(_in_range).order_by(_e.c.uid))
FLAGS_IN_USE = Statement(select(_e.c.flags).where(_in_range).distinct())
REMAP = Statement(
    update(_e)
    .where(and_(_in_range, _e.c.flags == bindparam("old_flags")))
    .values(flags=-1 - bindparam("new_flags", type_=_e.c.flags.type))
)
"""Negative until all are done: the new flags of some may be the old flags of others."""
REMAPPED = Statement(update(_e).where(and_(_in_range, _e.c.flags < 0)).values(flags=-1 - _e.c.flags))
OWNERS = Statement(
    select(tables.mailboxes.c.account_id)
    .join(_e, _e.c.mailbox_id == tables.mailboxes.c.id)
    .where(_e.c.message_id == bindparam("message"))
    .distinct()
    .limit(bindparam("limit", type_=_e.c.uid.type))
)
PLACES = Statement(
    select(_e.c.mailbox_id, _e.c.uid)
    .join(tables.mailboxes, _e.c.mailbox_id == tables.mailboxes.c.id)
    .where(
        and_(_e.c.message_id == bindparam("message"), tables.mailboxes.c.account_id == bindparam("account"))
    )
)
Range = tuple[int, int]


def ranges_of(snapshot: Snapshot, uids: Sequence[int]) -> list[Range]:
    """These UIDs as few ranges: UIDs next to each other in the snapshot need not follow each other in number."""
    from bisect import bisect_left

    held = snapshot.uids
    ranges: list[Range] = []
    last_index = -2
    for uid in uids:
        index = bisect_left(held, uid)
        if index == len(held) or held[index] != uid:
            continue
        if index == last_index + 1:
            ranges[-1] = (ranges[-1][0], uid)
        else:
            ranges.append((uid, uid))
        last_index = index
    return ranges


def set_flags(
    uow: UnitOfWork, mailbox: Mailbox, ranges: Sequence[Range], *, keep: int, add_bits: int
) -> FlagsSet | None:
    """Flags = flags & keep | add_bits, with one new mod-sequence for all that change; None if none does."""
    mod_seq = ModSeq(mailboxes.lock(uow, mailbox.id) + 1)
    spans = [
        {"mailbox": mailbox.id, "first": first, "last": last, "keep": keep, "add": add_bits}
        for first, last in ranges
    ]
    touches_seen = bool(add_bits & SEEN) or not keep & SEEN
    seen_change = sum(_seen_change(uow, span) for span in spans) if touches_seen else 0
    changed = sum(uow.run(SET_FLAGS, {**span, "new_mod_seq": mod_seq}) for span in spans)
    if not changed:
        return None
    mailboxes.count(uow, mailbox.id, unseen=seen_change)
    snapshots.log_flag_change(uow, mailbox.id, mod_seq, [(span["first"], span["last"]) for span in spans])
    uow.record(MailboxChanged(mailbox.account_id, mailbox.id))
    return FlagsSet(mod_seq, tuple(ranges), keep, add_bits)


def _seen_change(uow: UnitOfWork, span: dict[str, int]) -> int:
    row = uow.one(UNSEEN_CHANGE, span)
    assert row is not None
    return int(row[0])


def _totals(uow: UnitOfWork, mailbox: MailboxId, ranges: Iterable[Range]) -> tuple[int, int, int]:
    exists = unseen = octets = 0
    for first, last in ranges:
        row = uow.one(TOUCHED, {"mailbox": mailbox, "first": first, "last": last})
        assert row is not None
        exists, unseen, octets = exists + row[0], unseen + int(row[1]), octets + int(row[2])
    return exists, unseen, octets


def uids_in(db: Reader, mailbox: MailboxId, ranges: Iterable[Range]) -> list[Uid]:
    """UIDs that are in these ranges now."""
    found: list[Uid] = []
    for first, last in ranges:
        found += [Uid(row[0]) for row in db.rows(UIDS, {"mailbox": mailbox, "first": first, "last": last})]
    return found


def copy(
    uow: UnitOfWork, source: Mailbox, target: Mailbox, ranges: Sequence[Range]
) -> tuple[list[Uid], list[Uid]]:
    """Copy entries, in UID order: (UIDs copied, their new UIDs). Each copy is charged its full size."""
    uids = uids_in(uow, source.id, ranges)
    exists, unseen, octets = _totals(uow, source.id, ranges)
    if not exists:
        return [], []
    mailboxes.charge(uow, target.account_id, octets)
    return uids, _place(uow, source, target, ranges, exists, unseen, octets)


def move(
    uow: UnitOfWork, source: Mailbox, target: Mailbox, ranges: Sequence[Range]
) -> tuple[list[Uid], list[Uid]]:
    """Move entries (RFC 6851): there and gone from here in one transaction, so never twice and never lost."""
    uids = uids_in(uow, source.id, ranges)
    exists, unseen, octets = _totals(uow, source.id, ranges)
    if not exists:
        return [], []
    if source.account_id != target.account_id:
        mailboxes.charge(uow, target.account_id, octets)
        mailboxes.refund(uow, source.account_id, octets)
    new_uids = _place(uow, source, target, ranges, exists, unseen, octets)
    # Out of a box altogether: it can have the letter back, as if it were deleted.
    how = MOVE_AWAY if source.account_id == target.account_id else EXPUNGE
    _take_away(uow, source, ranges, how, exists, unseen, octets)
    return uids, new_uids


def expunge(uow: UnitOfWork, mailbox: Mailbox, ranges: Sequence[Range]) -> list[Uid]:
    """Take entries out of a mailbox for good; they stay recoverable for a while and are not charged."""
    uids = uids_in(uow, mailbox.id, ranges)
    exists, unseen, octets = _totals(uow, mailbox.id, ranges)
    if exists:
        mailboxes.refund(uow, mailbox.account_id, octets)
        _take_away(uow, mailbox, ranges, EXPUNGE, exists, unseen, octets)
    return uids


def _place(
    uow: UnitOfWork,
    source: Mailbox,
    target: Mailbox,
    ranges: Sequence[Range],
    exists: int,
    unseen: int,
    octets: int,
) -> list[Uid]:
    first_uid, mod_seq = mailboxes.count(
        uow, target.id, exists=exists, unseen=unseen, octets=octets, uids=exists
    )
    next_uid = int(first_uid)
    for first, last in ranges:
        span = {"mailbox": source.id, "first": first, "last": last}
        placed = uow.run(
            COPY,
            {**span, "target": target.id, "first_uid": next_uid, "new_mod_seq": mod_seq, "now": uow.clock()},
        )
        uow.run(FEED_RANGE, span)
        next_uid += placed
    if source.account_id != target.account_id:
        _translate_keywords(uow, source, target, (int(first_uid), next_uid - 1))
    uow.record(MailboxChanged(target.account_id, target.id))
    return [Uid(uid) for uid in range(first_uid, next_uid)]


def _translate_keywords(uow: UnitOfWork, source: Mailbox, target: Mailbox, span: Range) -> None:
    """Keywords are bits of a box: in another box the same name may be another bit."""
    names = mailboxes.keywords(uow, source.account_id)
    place = {"mailbox": target.id, "first": span[0], "last": span[1]}
    for (flags,) in uow.rows(FLAGS_IN_USE, place):
        held = [name for index, name in enumerate(names) if flags >> (5 + index) & 1]
        if held:
            bits = mailboxes.keyword_bits(uow, target.account_id, held)
            uow.run(REMAP, {**place, "old_flags": flags, "new_flags": flags & 31 | bits})
    uow.run(REMAPPED, place)


def _take_away(
    uow: UnitOfWork,
    mailbox: Mailbox,
    ranges: Sequence[Range],
    how: Statement,
    exists: int,
    unseen: int,
    octets: int,
) -> None:
    _, mod_seq = mailboxes.count(uow, mailbox.id, exists=-exists, unseen=-unseen, octets=-octets)
    for first, last in ranges:
        span = {"mailbox": mailbox.id, "first": first, "last": last}
        uow.run(how, {**span, "new_mod_seq": mod_seq, "now": uow.clock()})
        uow.run(REMOVE, span)
    uow.record(MailboxChanged(mailbox.account_id, mailbox.id))


# -- reading


def entry_of(row: Row) -> Entry:
    """A row of an entry's columns as a value."""
    return Entry(Uid(row[0]), MessageId(row[1]), row[2], ModSeq(row[3]), row[4], row[5], row[6])


def one(db: Reader, mailbox: MailboxId, uid: Uid) -> Entry | None:
    """One entry."""
    row = db.one(ONE, {"mailbox": mailbox, "uid": uid})
    return None if row is None else entry_of(row)


def owners(db: Reader, message: MessageId, limit: int) -> list[int]:
    """Accounts that hold this letter, at most `limit`."""
    return [row[0] for row in db.rows(OWNERS, {"message": message, "limit": limit})]


def places(db: Reader, account: AccountId, message: MessageId) -> list[tuple[MailboxId, Uid]]:
    """Where an account has this letter."""
    return [
        (MailboxId(row[0]), Uid(row[1])) for row in db.rows(PLACES, {"message": message, "account": account})
    ]


def retire_mailbox(uow: UnitOfWork, mailbox: Mailbox) -> None:
    """Take an emptied mailbox out of sight; its row stays for the letters that can still be recovered."""
    uow.run(
        RETIRE, {"mailbox": mailbox.id, "new_name": f"\x7fdeleted/{uow.clock()}/{mailbox.id}/{mailbox.name}"}
    )

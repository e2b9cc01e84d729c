"""Letters come to mailboxes: their entries, counters and quotas in one transaction, however many recipients there are.

For one recipient three statements are the least; for many, what is known of them is read in portions and each kind of
change is one run of a prepared statement over all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, insert, select, update

from mailsvc.model.changes import MailboxChanged
from mailsvc.model.errors import OverQuota
from mailsvc.model.flags import SEEN
from mailsvc.model.ids import AccountId, MailboxId, MessageId, ModSeq, Uid
from mailsvc.storage import mailboxes, tables, traces
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mailsvc.model.mailbox import Mailbox
    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import UnitOfWork

_e, _b, _m = tables.entries, tables.boxes, tables.mailboxes
FEW = 4
"""Recipients up to which each has statements of its own."""
PORTION = 200
COLUMNS = (
    "mailbox_id",
    "uid",
    "message_id",
    "flags",
    "mod_seq",
    "internal_date",
    "saved_at",
    "size",
    "own_trace",
    "trace_number",
)
ADD = Statement(insert(_e).values({name: bindparam(name) for name in COLUMNS}))
FEED = Statement(insert(tables.index_feed).values(message_id=bindparam("message_id")))
_NAMES = tuple(f"account_{number}" for number in range(PORTION))
_inboxes = (
    select(_m.c.account_id, _m.c.id, _m.c.uid_next, _m.c.highest_mod_seq, _b.c.octets, _b.c.quota)
    .join(_b, _b.c.account_id == _m.c.account_id)
    .where(and_(_m.c.account_id.in_([bindparam(name) for name in _NAMES]), _m.c.name == "INBOX"))
    .order_by(_m.c.id)
)
INBOXES = Statement(_inboxes.with_for_update())
"""SQLite's only writer need not lock, and its dialect leaves that out."""
CHARGE_ALL = Statement(
    update(_b).where(_b.c.account_id == bindparam("account")).values(octets=_b.c.octets + bindparam("octets"))
)
COUNT_ALL = Statement(
    update(_m)
    .where(_m.c.id == bindparam("mailbox"))
    .values(
        exists_count=_m.c.exists_count + 1,
        unseen=_m.c.unseen + 1,
        octets=_m.c.octets + bindparam("octets"),
        uid_next=_m.c.uid_next + 1,
        highest_mod_seq=_m.c.highest_mod_seq + 1,
    )
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Whom a letter did not reach; it reached all the others."""

    full: frozenset[AccountId]
    missing: frozenset[AccountId]


def deliver(
    uow: UnitOfWork, message: MessageId, octets: int, trace: bytes, own_traces: Mapping[AccountId, bytes]
) -> Arrived:
    """A letter of so many octets into the INBOX of accounts, each with its own lines before the shared trace.

    Quotas are charged; who has no room does not get it.
    """
    if not own_traces:
        return Arrived(frozenset(), frozenset())
    shared = {
        "message_id": message,
        "flags": 0,
        "internal_date": uow.clock(),
        "saved_at": uow.clock(),
        "trace_number": traces.put(uow, message, trace),
    }
    sizes = {account: octets + len(trace) + len(own) for account, own in own_traces.items()}
    if len(own_traces) <= FEW:
        return _deliver_each(uow, shared, sizes, own_traces)
    return _deliver_all(uow, shared, sizes, own_traces)


def _deliver_each(
    uow: UnitOfWork,
    shared: dict[str, Any],
    sizes: Mapping[AccountId, int],
    own_traces: Mapping[AccountId, bytes],
) -> Arrived:
    full: set[AccountId] = set()
    missing: set[AccountId] = set()
    for account, size in sizes.items():
        try:
            mailboxes.charge(uow, account, size)
        except OverQuota:
            full.add(account)
            continue
        row = uow.one(mailboxes.COUNTED_IN_INBOX, {"account": account, "octets": size})
        if row is None:
            mailboxes.refund(uow, account, size)
            missing.add(account)
            continue
        mailbox = MailboxId(row[0])
        uow.run(
            ADD,
            {
                **shared,
                "mailbox_id": mailbox,
                "uid": row[1] - 1,
                "mod_seq": row[2],
                "size": size,
                "own_trace": own_traces[account],
            },
        )
        uow.record(MailboxChanged(account, mailbox))
    return Arrived(frozenset(full), frozenset(missing))


def _deliver_all(
    uow: UnitOfWork,
    shared: dict[str, Any],
    sizes: Mapping[AccountId, int],
    own_traces: Mapping[AccountId, bytes],
) -> Arrived:
    full: set[AccountId] = set()
    missing = set(sizes)
    rows: list[dict[str, Any]] = []
    for account, mailbox, uid_next, mod_seq, used, quota in _inboxes_of(uow, sizes):
        missing.discard(account)
        size = sizes[account]
        if used + size > quota:
            full.add(account)
            continue
        rows.append(
            {
                **shared,
                "account": account,
                "mailbox": mailbox,
                "octets": size,
                "mailbox_id": mailbox,
                "uid": uid_next,
                "mod_seq": mod_seq + 1,
                "size": size,
                "own_trace": own_traces[account],
            }
        )
        uow.record(MailboxChanged(account, mailbox))
    for statement in (CHARGE_ALL, COUNT_ALL, ADD):
        uow.many(statement, rows)
    return Arrived(frozenset(full), frozenset(missing))


def _inboxes_of(uow: UnitOfWork, accounts: Mapping[AccountId, int]) -> Iterator[Row]:
    nobody = AccountId(-1)
    # In order, so that the pages of boxes, mailboxes and entries are each visited once.
    waiting = iter(sorted(accounts))
    while portion := list(islice(waiting, PORTION)):
        portion += [nobody] * (PORTION - len(portion))
        yield from uow.rows(INBOXES, dict(zip(_NAMES, portion, strict=True)))


def add(
    uow: UnitOfWork,
    mailbox: Mailbox,
    message: MessageId,
    size: int,
    *,
    flags: int,
    internal_date: int,
    own_trace: bytes = b"",
    trace_number: int = traces.NO_TRACE,
) -> tuple[Uid, ModSeq]:
    """A letter into any mailbox (APPEND, a sent copy, a draft); the quota is charged, or OverQuota."""
    mailboxes.charge(uow, mailbox.account_id, size)
    uid, mod_seq = mailboxes.count(
        uow, mailbox.id, exists=1, unseen=0 if flags & SEEN else 1, octets=size, uids=1
    )
    uow.run(
        ADD,
        {
            "mailbox_id": mailbox.id,
            "uid": uid,
            "message_id": message,
            "flags": flags,
            "mod_seq": mod_seq,
            "internal_date": internal_date,
            "saved_at": uow.clock(),
            "size": size,
            "own_trace": own_trace,
            "trace_number": trace_number,
        },
    )
    uow.run(FEED, {"message_id": message})
    uow.record(MailboxChanged(mailbox.account_id, mailbox.id))
    return uid, mod_seq

"""Whose turn it is in the queue, and which worker has it: claims that survive a crash, for any number of workers.

A claimed recipient is due again when its claim ends. So a worker that dies gives back what it had by doing nothing, and
one that lives must not begin what it can no longer bring to its end in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, func, null, select, update

from mailsvc.storage import tables
from mailsvc.storage.outbound import RECIPIENT_COLUMNS, QueuedRecipient, recipient_of
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailsvc.storage.unit_of_work import UnitOfWork

_MAX_SENDERS = 500
"""Senders that have a turn in one round; the next round begins behind them."""
_r = tables.outbound_recipients

NEXT_SENDER = Statement(
    select(func.min(_r.c.sender_id)).where(and_(_r.c.state == "waiting", _r.c.sender_id > bindparam("after")))
)
DUE = Statement(
    select(*RECIPIENT_COLUMNS)
    .where(
        and_(
            _r.c.state == "waiting",
            _r.c.sender_id == bindparam("sender"),
            _r.c.next_attempt <= bindparam("now"),
        )
    )
    .order_by(_r.c.next_attempt, _r.c.id)
    .limit(bindparam("limit", type_=_r.c.id.type))
    .with_for_update(
        skip_locked=True
    )  # PostgreSQL: another worker's choice is passed over; SQLite has one writer
)
CLAIM = Statement(
    update(_r)
    .where(_r.c.id == bindparam("recipient"))
    .values(claimed_by=bindparam("worker"), next_attempt=bindparam("until"))
)
GIVE_BACK = Statement(
    update(_r)
    .where(and_(_r.c.id == bindparam("recipient"), _r.c.claimed_by == bindparam("worker")))
    .values(claimed_by=null(), next_attempt=bindparam("due"))
)
GIVE_BACK_ALL = Statement(
    update(_r)
    .where(and_(_r.c.state == "waiting", _r.c.claimed_by == bindparam("worker")))
    .values(claimed_by=null(), next_attempt=bindparam("due"))
)


def claim(
    uow: UnitOfWork, worker: str, *, until: int, limit: int, after_sender: int = -1
) -> list[QueuedRecipient]:
    """Recipients whose time has come, at most so many, the same number for every sender as far as they have some."""
    now = uow.clock()
    senders = _senders(uow, after_sender)
    chosen: list[QueuedRecipient] = []
    while senders and len(chosen) < limit:
        share = max((limit - len(chosen)) // len(senders), 1)
        more = []
        for sender in senders:
            room = min(share, limit - len(chosen))
            if not room:
                break
            rows = uow.rows(DUE, {"sender": sender, "now": now, "limit": room})
            found = [recipient_of(row) for row in rows]
            uow.many(CLAIM, ({"recipient": one.id, "worker": worker, "until": until} for one in found))
            chosen += found
            if len(found) == share:
                more.append(sender)
        senders = more
    return chosen


def _senders(uow: UnitOfWork, after: int) -> list[int]:
    """Everybody who has something waiting, from behind a sender on and round to it: one seek in the index for each."""
    found: list[int] = []
    for start, end in ((after, None), (-1, after)):
        at = start
        while len(found) < _MAX_SENDERS:
            row = uow.one(NEXT_SENDER, {"after": at})
            if row is None or row[0] is None or (end is not None and row[0] > end):
                break
            at = int(row[0])
            found.append(at)
    return found


def give_back(uow: UnitOfWork, worker: str, recipients: Iterable[int], *, due: int) -> None:
    """What was claimed and not tried is due at this time."""
    uow.many(GIVE_BACK, ({"recipient": one, "worker": worker, "due": due} for one in recipients))


def give_back_all(uow: UnitOfWork, worker: str) -> int:
    """What this worker had when it died is due now; how many."""
    return uow.run(GIVE_BACK_ALL, {"worker": worker, "due": uow.clock()})

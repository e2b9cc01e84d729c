"""Forgetting what nobody needs any more, a bounded step at a time; never what is under a legal hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, and_, bindparam, delete, func, insert, literal, not_, null, select, update

from mailsvc.model.ids import AccountId
from mailsvc.services.hold import is_held
from mailsvc.storage import outbound, snapshots, tables
from mailsvc.storage.statement import Statement
from mailsvc.storage.store import forget_old_changes
from mailsvc.storage.traces import NO_TRACE
from mailsvc.storage.upkeep_tables import retention_boxes

if TYPE_CHECKING:
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

DAY = 86_400
QUEUE_DAYS = 7
STEP = 5_000
CAP_PERCENT = 25
"""Of its quota: what a box may hold of deleted letters that can be had back (design §3)."""
LONGEST_LEAP = 3600
"""Seconds that a run takes the clock to have gone at most; see `steady_clock`."""
_x, _m, _b, _kept = tables.expunged, tables.mailboxes, tables.boxes, tables.settings_kept
_held = is_held(_m.c.account_id, _x.c.message_id)
_longer = (
    select(retention_boxes.c.keep_deleted_days)
    .where(retention_boxes.c.account_id == _m.c.account_id)
    .scalar_subquery()
)
_days = bindparam("days", type_=_x.c.at.type)
OLDEST_KEPT = Statement(
    select(_x.c.mailbox_id, _x.c.uid)
    .join(_m, _m.c.id == _x.c.mailbox_id)
    .where(
        and_(
            _x.c.message_id.is_not(None),
            _x.c.at < bindparam("now", type_=_x.c.at.type) - _days * DAY,
            _x.c.at < bindparam("now", type_=_x.c.at.type) - func.coalesce(_longer, _days) * DAY,
            not_(_held),
        )
    )
    .limit(STEP)
)
FORGET = Statement(
    update(_x)
    .where(and_(_x.c.mailbox_id == bindparam("mailbox"), _x.c.uid == bindparam("uid_gone")))
    .values(message_id=null(), own_trace=literal(b"", LargeBinary), trace_number=NO_TRACE)
)
_recoverable = func.sum(_x.c.size)
OVER_CAP = Statement(
    select(_m.c.account_id, _recoverable - _b.c.quota * CAP_PERCENT / 100)
    .select_from(_x.join(_m, _m.c.id == _x.c.mailbox_id).join(_b, _b.c.account_id == _m.c.account_id))
    .where(
        and_(
            _x.c.message_id.is_not(None),
            not_(_held),
            not_(select(retention_boxes).where(retention_boxes.c.account_id == _m.c.account_id).exists()),
        )
    )
    .group_by(_m.c.account_id, _b.c.quota)
    .having(_recoverable * 100 > _b.c.quota * CAP_PERCENT)
)
OLDEST_OF = Statement(
    select(_x.c.mailbox_id, _x.c.uid, _x.c.size)
    .join(_m, _m.c.id == _x.c.mailbox_id)
    .where(and_(_m.c.account_id == bindparam("account"), _x.c.message_id.is_not(None), not_(_held)))
    .order_by(_x.c.at, _x.c.mailbox_id, _x.c.uid)
    .limit(STEP)
)
_is_clock = _kept.c.name == "housekeeping.clock"
CLOCK = Statement(select(_kept.c.value).where(_is_clock))
FORGET_CLOCK = Statement(delete(_kept).where(_is_clock))
SET_CLOCK = Statement(insert(_kept).values(name="housekeeping.clock", value=bindparam("value")))


def steady_clock(uow: UnitOfWork) -> int:
    """The time for forgetting: it follows the clock, but an hour a run at most.

    A clock that jumps a year ahead would else take, within a minute, all that can be had back. After a rest of three
    weeks it is behind for three days, which keeps letters longer and never shorter.
    """
    now = uow.clock()
    row = uow.one(CLOCK, {})
    steady = now if row is None else min(now, int(row[0]) + LONGEST_LEAP)
    uow.run(FORGET_CLOCK, {})
    uow.run(SET_CLOCK, {"value": str(steady)})
    return steady


def steady_now(db: Reader) -> int:
    """The time for forgetting as it stands; of the clock before the first run."""
    row = db.one(CLOCK, {})
    return db.clock() if row is None else min(db.clock(), int(row[0]))


def forget_old(uow: UnitOfWork, recover_days: int) -> None:
    """Past their days, deleted letters can no longer be recovered; old changes and finished queue rows go."""
    forget_old_changes(uow)
    snapshots.join_old_changes(uow)
    outbound.drop_finished(uow, uow.clock() - QUEUE_DAYS * DAY)
    gone = uow.rows(OLDEST_KEPT, {"now": steady_clock(uow), "days": recover_days})
    uow.many(FORGET, ({"mailbox": row[0], "uid_gone": row[1]} for row in gone))


def over_cap(db: Reader) -> dict[AccountId, int]:
    """Boxes with more deleted letters than may be kept of them, and by how many octets."""
    return {AccountId(row[0]): int(row[1]) for row in db.rows(OVER_CAP, {})}


def forget_oldest(uow: UnitOfWork, account: AccountId, octets: int) -> int:
    """Forget the longest deleted letters of a box until so many octets are gone; how many letters."""
    gone = []
    for mailbox, uid, size in uow.rows(OLDEST_OF, {"account": account}):
        if octets <= 0:
            break
        gone.append({"mailbox": mailbox, "uid_gone": uid})
        octets -= size
    uow.many(FORGET, gone)
    return len(gone)

"""Forgetting what nobody needs any more, a bounded step at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, and_, bindparam, literal, null, select, update

from mailsvc.storage import outbound, snapshots, tables
from mailsvc.storage.statement import Statement
from mailsvc.storage.store import forget_old_changes
from mailsvc.storage.traces import NO_TRACE

if TYPE_CHECKING:
    from mailsvc.storage.unit_of_work import UnitOfWork

DAY = 86_400
QUEUE_DAYS = 7
STEP = 5_000
_x = tables.expunged
OLDEST_KEPT = Statement(
    select(_x.c.mailbox_id, _x.c.uid)
    .where(and_(_x.c.message_id.is_not(None), _x.c.at < bindparam("before")))
    .limit(STEP)
)
FORGET = Statement(
    update(_x)
    .where(and_(_x.c.mailbox_id == bindparam("mailbox"), _x.c.uid == bindparam("uid_gone")))
    .values(message_id=null(), own_trace=literal(b"", LargeBinary), trace_number=NO_TRACE)
)


def forget_old(uow: UnitOfWork, recover_days: int) -> None:
    """Past their days, deleted letters can no longer be recovered; old changes and finished queue rows go."""
    forget_old_changes(uow)
    snapshots.join_old_changes(uow)
    outbound.drop_finished(uow, uow.clock() - QUEUE_DAYS * DAY)
    gone = uow.rows(OLDEST_KEPT, {"before": uow.clock() - recover_days * DAY})
    uow.many(FORGET, ({"mailbox": row[0], "uid_gone": row[1]} for row in gone))

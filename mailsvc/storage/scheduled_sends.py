"""Rows of drafts that are sent by themselves at their time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, or_, select, update

from directory.model import AccountId
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_s, _d, _e, _g = tables.scheduled_sends, tables.drafts, tables.entries, tables.messages
_COLUMNS = (
    _s.c.draft_id,
    _s.c.author_id,
    _s.c.account_id,
    _s.c.revision,
    _s.c.due_at,
    _s.c.order,
    _s.c.problem,
)
_ONE = Statement(select(*_COLUMNS).where(_s.c.draft_id == bindparam("draft")))
_DUE = Statement(
    select(*_COLUMNS)
    .where(_s.c.problem == "", _s.c.due_at <= bindparam("now"))
    .order_by(_s.c.due_at, _s.c.draft_id)
    .limit(bindparam("limit", type_=_s.c.revision.type))
)
_NEXT = Statement(select(_s.c.due_at).where(_s.c.problem == "").order_by(_s.c.due_at).limit(1))
_OF_BOX = Statement(
    select(*_COLUMNS, _g.c.subject, _g.c.to_line)
    .outerjoin(_d, _d.c.id == _s.c.draft_id)
    .outerjoin(_e, (_e.c.mailbox_id == _d.c.mailbox_id) & (_e.c.uid == _d.c.uid))
    .outerjoin(_g, _g.c.id == _e.c.message_id)
    .where(or_(_s.c.author_id == bindparam("box"), _s.c.account_id == bindparam("box")))
    .order_by(_s.c.due_at, _s.c.draft_id)
    .limit(bindparam("limit", type_=_s.c.revision.type))
)
_ADD = Statement(
    insert(_s).values(
        draft_id=bindparam("draft"),
        author_id=bindparam("author"),
        account_id=bindparam("account"),
        revision=bindparam("revision"),
        due_at=bindparam("due"),
        order=bindparam("order"),
        problem="",
    )
)
_MOVE = Statement(
    update(_s).where(_s.c.draft_id == bindparam("draft")).values(due_at=bindparam("due"), problem="")
)
_FAIL = Statement(update(_s).where(_s.c.draft_id == bindparam("draft")).values(problem=bindparam("why")))
_DROP = Statement(delete(_s).where(_s.c.draft_id == bindparam("draft")))


@dataclass(frozen=True, slots=True)
class ScheduledSend:
    """A draft that waits for its time."""

    draft_id: str
    author_id: AccountId
    account_id: AccountId
    revision: int
    due_at: int
    order: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ListedSend:
    """One as a list shows it; without subject where another client took the draft away."""

    send: ScheduledSend
    subject: str
    to_line: str


def get(db: Reader, draft_id: str) -> ScheduledSend | None:
    """The plan of a draft, if there is one."""
    row = db.one(_ONE, {"draft": draft_id})
    return None if row is None else _send_of(row)


def due(db: Reader, now: int, limit: int) -> list[ScheduledSend]:
    """Those whose time has come, the earliest first."""
    return [_send_of(row) for row in db.rows(_DUE, {"now": now, "limit": limit})]


def next_due(db: Reader) -> int | None:
    """When the next one is due."""
    row = db.one(_NEXT, {})
    return None if row is None else int(row[0])


def of_box(db: Reader, box: AccountId, limit: int) -> list[ListedSend]:
    """What a person wrote, or what is to go from a box."""
    return [
        ListedSend(_send_of(row), row[7] or "", row[8] or "")
        for row in db.rows(_OF_BOX, {"box": box, "limit": limit})
    ]


def put(uow: UnitOfWork, send: ScheduledSend) -> None:
    """Plan it, in place of a plan before."""
    uow.run(_DROP, {"draft": send.draft_id})
    uow.run(
        _ADD,
        {
            "draft": send.draft_id,
            "author": send.author_id,
            "account": send.account_id,
            "revision": send.revision,
            "due": send.due_at,
            "order": send.order,
        },
    )


def move(uow: UnitOfWork, draft_id: str, due_at: int) -> None:
    """Another time for it."""
    uow.run(_MOVE, {"draft": draft_id, "due": due_at})


def fail(uow: UnitOfWork, draft_id: str, why: str) -> None:
    """It cannot go; it is tried no more."""
    uow.run(_FAIL, {"draft": draft_id, "why": why})


def drop(uow: UnitOfWork, draft_id: str) -> bool:
    """Give the plan up; false when there was none any more."""
    return uow.run(_DROP, {"draft": draft_id}) > 0


def _send_of(row: Row) -> ScheduledSend:
    return ScheduledSend(row[0], AccountId(row[1]), AccountId(row[2]), row[3], row[4], row[5], row[6])

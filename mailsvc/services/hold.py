"""Lệnh giữ thư (legal hold): what it holds cannot be lost, whatever a user, a quota or a retention rule does.

A hold is on a person (all their boxes), on a unit (all boxes in it and below), or on what a search finds. Letters under it
can still be deleted by those who have them, who need not know of it; they then stay recoverable until it is released.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, exists, func, insert, select, update

from directory import audit
from directory.scope import Deed, OutOfScopeError
from mailsvc.model.errors import Conflict, NotPermitted
from mailsvc.model.ids import MessageId
from mailsvc.services import reach
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement
from mailsvc.storage.upkeep_tables import held_boxes, held_messages, legal_holds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sqlalchemy import ColumnElement

    from directory.model import AccountId, UnitId
    from directory.scope import Scope
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork
    from search.engine import Engine, Hit

_h, _b, _m = legal_holds, held_boxes, held_messages
MAX_REASON = 500
MAX_QUERY = 1000
PAGE = 500
_COLUMNS = (
    _h.c.id,
    _h.c.kind,
    _h.c.subject,
    _h.c.account_id,
    _h.c.unit_id,
    _h.c.reason,
    _h.c.placed_by,
    _h.c.placed_at,
    _h.c.released_by,
    _h.c.released_at,
)
ADD = Statement(
    insert(_h).values({column.name: bindparam(column.name) for column in _COLUMNS[1:8]}).returning(_h.c.id)
)
ALL = Statement(select(*_COLUMNS).order_by(_h.c.id))
RELEASE = Statement(
    update(_h)
    .where(and_(_h.c.id == bindparam("hold"), _h.c.released_at.is_(None)))
    .values(released_by=bindparam("actor"), released_at=bindparam("now"))
)
FORGET_BOXES = Statement(delete(_b).where(_b.c.hold_id == bindparam("hold")))
FORGET_MESSAGES = Statement(delete(_m).where(_m.c.hold_id == bindparam("hold")))
BOXES = Statement(select(_b.c.account_id).where(_b.c.hold_id == bindparam("hold")))
MESSAGES = Statement(select(_m.c.message_id).where(_m.c.hold_id == bindparam("hold")))
ADD_BOX = Statement(insert(_b).values(hold_id=bindparam("hold"), account_id=bindparam("account")))
ADD_MESSAGE = Statement(
    insert(_m).from_select(
        ("hold_id", "message_id"),
        select(bindparam("hold", type_=_m.c.hold_id.type), tables.messages.c.id).where(
            tables.messages.c.id == bindparam("message")
        ),
    )
)
COUNTS = Statement(
    select(
        select(func.count()).select_from(_b).where(_b.c.hold_id == bindparam("hold")).scalar_subquery(),
        select(func.count()).select_from(_m).where(_m.c.hold_id == bindparam("hold")).scalar_subquery(),
    )
)


class HoldKind(StrEnum):
    """What a hold is on."""

    ACCOUNT = "account"
    """A person: every box of theirs."""
    UNIT = "unit"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Hold:
    """One legal hold."""

    id: int
    kind: HoldKind
    subject: str
    account_id: AccountId | None
    unit_id: UnitId | None
    reason: str
    placed_by: str
    placed_at: int
    released_by: str
    released_at: int | None

    @property
    def in_force(self) -> bool:
        """Whether it still holds."""
        return self.released_at is None


def is_held(account: ColumnElement[int], message: ColumnElement[int]) -> ColumnElement[bool]:
    """Column expression: whether a box or a letter is under a hold."""
    return exists().where(_b.c.account_id == account) | exists().where(_m.c.message_id == message)


def place(
    uow: UnitOfWork,
    scope: Scope,
    kind: HoldKind,
    subject: str,
    *,
    reason: str,
    actor: str,
    unit_code: str = "",
) -> Hold:
    """Place a hold; boxes are held at once, what a search finds from the next `refresh` on.

    A search is within a unit, or everywhere if whoever asks administers everything.
    """
    reason, subject = reason.strip()[:MAX_REASON], subject.strip()
    if not reason:
        raise Conflict("cần lý do (số văn bản) / a reason is needed (the document's number)")
    account_id: AccountId | None = None
    unit_id: UnitId | None = None
    if kind is HoldKind.ACCOUNT:
        account = reach.box(uow, subject)
        scope.require(Deed.HOLD, account)
        account_id, subject = account.id, str(account.address)
    elif kind is HoldKind.UNIT or unit_code:
        unit = reach.unit(uow, unit_code or subject)
        scope.require_unit(Deed.HOLD, unit.id, unit.code)
        unit_id = unit.id
    elif scope.units(Deed.HOLD) is not None:
        raise NotPermitted("tìm trong đơn vị nào? / a search needs a unit")
    if kind is HoldKind.SEARCH:
        check_query(subject)
    row = uow.one(
        ADD,
        {
            "kind": kind.value,
            "subject": subject,
            "account_id": account_id,
            "unit_id": unit_id,
            "reason": reason,
            "placed_by": actor,
            "placed_at": uow.clock(),
        },
    )
    assert row is not None
    held = Hold(row[0], kind, subject, account_id, unit_id, reason, actor, uow.clock(), "", None)
    if kind is not HoldKind.SEARCH:
        add_boxes(uow, held)
    audit.record(
        uow.conn,
        actor,
        "hold.place",
        subject,
        {"hold": held.id, "kind": kind.value, "reason": reason},
        uow.clock(),
    )
    return held


def check_query(query: str) -> None:
    """Conflict unless the words can be searched for."""
    from search.query import QueryError, parse_query  # 17 MB that a process without searches does not need

    if not query or len(query) > MAX_QUERY:
        raise Conflict(f"từ khóa dài 1 đến {MAX_QUERY} ký tự / words of 1 to {MAX_QUERY} characters")
    try:
        parse_query(query)
    except QueryError as error:
        raise Conflict(str(error)) from error


def holds(db: Reader, scope: Scope) -> list[Hold]:
    """All holds in the scope, released ones too."""
    return [one for one in _all(db) if _may_see(db, scope, one)]


def counts(db: Reader, hold: int) -> tuple[int, int]:
    """Boxes and letters under a hold."""
    row = db.one(COUNTS, {"hold": hold})
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def release(uow: UnitOfWork, scope: Scope, hold: int, *, actor: str) -> Hold:
    """Release a hold: what no other holds can be forgotten again by housekeeping."""
    found = next((one for one in holds(uow, scope) if one.id == hold), None)
    if found is None:
        raise reach.NoSuchSubject(f"không có lệnh giữ {hold} / there is no hold {hold}")
    if not uow.run(RELEASE, {"hold": hold, "actor": actor, "now": uow.clock()}):
        raise Conflict(f"lệnh giữ {hold} đã gỡ / hold {hold} was released")
    for statement in (FORGET_BOXES, FORGET_MESSAGES):
        uow.run(statement, {"hold": hold})
    audit.record(uow.conn, actor, "hold.release", found.subject, {"hold": hold}, uow.clock())
    return next(one for one in _all(uow) if one.id == hold)


def _all(db: Reader) -> list[Hold]:
    return [Hold(row[0], HoldKind(row[1]), *row[2:]) for row in db.rows(ALL, {})]


def _may_see(db: Reader, scope: Scope, one: Hold) -> bool:
    allowed = scope.units(Deed.HOLD)
    if allowed is None:
        return True
    if one.account_id is not None:
        try:
            scope.require(Deed.HOLD, reach.box(db, one.subject))
        except (OutOfScopeError, reach.NoSuchSubject):
            return False
        return True
    return one.unit_id in allowed


# -- keeping holds up to date


def add_boxes(uow: UnitOfWork, hold: Hold) -> int:
    """Boxes that came under a hold since; who has left a held unit stays held."""
    if hold.kind is HoldKind.SEARCH:
        return 0
    found = (
        reach.boxes_of_person(uow, hold.account_id)
        if hold.account_id is not None
        else reach.boxes_of_unit(uow, hold.unit_id)
    )
    known = {row[0] for row in uow.rows(BOXES, {"hold": hold.id})}
    new = sorted({account.id for account in found} - known)
    uow.many(ADD_BOX, ({"hold": hold.id, "account": account} for account in new))
    return len(new)


def add_messages(uow: UnitOfWork, hold: int, found: Collection[MessageId]) -> int:
    """Letters that a search under hold has found."""
    known = {row[0] for row in uow.rows(MESSAGES, {"hold": hold})}
    new = sorted(set(found) - known)
    uow.many(ADD_MESSAGE, ({"hold": hold, "message": message} for message in new))
    return len(new)


def refresh(db: Reader, engine: Engine, write: Callable[..., object]) -> None:
    """Bring every hold in force up to date; before anything is forgotten. `write` runs a unit of work."""
    for one in _all(db):
        if not one.in_force:
            continue
        if one.kind is HoldKind.SEARCH:
            for some in _found(db, engine, one):
                write(add_messages, one.id, some)
        else:
            write(add_boxes, one)


def _found(db: Reader, engine: Engine, hold: Hold) -> Iterator[list[MessageId]]:
    from search.query import parse_query

    query = parse_query(hold.subject)
    accounts = sorted(int(account.id) for account in reach.boxes_of_unit(db, hold.unit_id))
    for start in range(0, len(accounts), PAGE):
        owners = frozenset(accounts[start : start + PAGE])
        last: Hit | None = None
        while hits := engine.search(query, owners, limit=PAGE, before=last):
            yield [MessageId(hit.id) for hit in hits]
            last = hits[-1]
            if len(hits) < PAGE:
                break

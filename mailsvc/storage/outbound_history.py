"""What happened to a queued letter: every try with its reply, and every act of an operator with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import and_, bindparam, delete, exists, insert, select, update

from mailsvc.model.changes import QueueChanged
from mailsvc.storage import tables
from mailsvc.storage.edge_tables import outbound_history
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

Event = Literal["tried", "held", "released", "dropped"]
_h, _r = outbound_history, tables.outbound_recipients
MAX_TEXT = 1000

ADD = Statement(
    insert(_h).values(
        {name: bindparam(name) for name in ("outbound_id", "recipient_id", "at", "event", "actor", "text")}
    )
)
OF_LETTER = Statement(
    select(_h.c.recipient_id, _h.c.at, _h.c.event, _h.c.actor, _h.c.text)
    .where(_h.c.outbound_id == bindparam("letter"))
    .order_by(_h.c.id)
)
MOVE = Statement(
    update(_r)
    .where(and_(_r.c.id == bindparam("recipient"), _r.c.state == bindparam("from_state")))
    .values(
        state=bindparam("to_state"),
        next_attempt=bindparam("due"),
        last_reply=bindparam("why"),
        updated_at=bindparam("now"),
    )
)
HURRY = Statement(
    update(_r)
    .where(and_(_r.c.id == bindparam("recipient"), _r.c.state == "waiting", _r.c.claimed_by.is_(None)))
    .values(next_attempt=bindparam("now"))
)
FORGET = Statement(
    delete(_h).where(~exists(select(tables.outbound.c.id).where(tables.outbound.c.id == _h.c.outbound_id)))
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the history of a recipient."""

    recipient_id: int
    at: int
    event: Event
    actor: str
    text: str


def add(
    uow: UnitOfWork,
    letter: int,
    recipients: Iterable[int],
    event: Event,
    text: str,
    *,
    actor: str = "",
) -> None:
    """Write down what happened to recipients of a letter."""
    at = uow.clock()
    uow.many(
        ADD,
        (
            {
                "outbound_id": letter,
                "recipient_id": recipient,
                "at": at,
                "event": event,
                "actor": actor,
                "text": text[:MAX_TEXT],
            }
            for recipient in recipients
        ),
    )


def of_letter(db: Reader, letter: int) -> list[Happening]:
    """The history of all recipients of a letter, the oldest first."""
    return [Happening(*row) for row in db.rows(OF_LETTER, {"letter": letter})]


def move(uow: UnitOfWork, recipient: int, *, from_state: str, to_state: str, why: str) -> bool:
    """Hold, release or drop one recipient; False if it was in another state."""
    now = uow.clock()
    moved = uow.run(
        MOVE,
        {
            "recipient": recipient,
            "from_state": from_state,
            "to_state": to_state,
            "due": now,
            "why": why[:MAX_TEXT],
            "now": now,
        },
    )
    uow.record(QueueChanged())
    return moved > 0


def hurry(uow: UnitOfWork, recipient: int) -> None:
    """Try it now, unless somebody does already."""
    uow.run(HURRY, {"recipient": recipient, "now": uow.clock()})
    uow.record(QueueChanged())


def forget(uow: UnitOfWork) -> None:
    """Housekeeping: the history of letters that are forgotten."""
    uow.run(FORGET, {})

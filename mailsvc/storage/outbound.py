"""The queue of letters that still have to reach somebody, and what happened to each recipient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import and_, bindparam, case, delete, exists, func, insert, null, or_, select, update

from mailsvc.model.changes import QueueChanged
from mailsvc.model.ids import AccountId, MessageId
from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailsvc.storage.statement import Row
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

State = Literal["waiting", "held", "sent", "failed", "dropped"]
Origin = Literal["submitted", "report", "forwarded", "incoming"]
TlsDemand = Literal["usual", "required", "waived"]
_o, _r = tables.outbound, tables.outbound_recipients
_UNFINISHED = or_(_r.c.state == "waiting", _r.c.state == "held")


@dataclass(frozen=True, slots=True)
class QueuedLetter:
    """A letter in the queue; its octets on the way out are `trace` and then the content."""

    id: int
    message_id: MessageId
    trace: bytes
    reverse_path: str
    """Empty is the null path."""
    account_id: AccountId | None
    created_at: int
    envelope_id: str | None
    return_full: bool | None
    eight_bit: bool
    smtputf8: bool
    origin: Origin = "submitted"
    """Sent by one of ours, a report of ours, sent on for one of ours, or on its way to a box that was full."""
    tls: TlsDemand = "usual"
    """How safe the way must be (RFC 8689)."""


@dataclass(frozen=True, slots=True)
class QueuedRecipient:
    """One recipient of a queued letter."""

    id: int
    outbound_id: int
    address: str
    domain: str
    local_account_id: AccountId | None
    notify: str | None
    original_recipient: str | None
    state: State
    attempts: int
    next_attempt: int
    delay_told: bool
    last_reply: str
    sender_id: int = 0
    """Whose letter it is, so that everybody has a turn; 0 for what no account sent."""
    claimed_by: str | None = None
    """The worker that tries it now."""


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """A recipient to queue."""

    address: str
    domain: str
    local_account_id: AccountId | None = None
    notify: str | None = None
    original_recipient: str | None = None
    held: str = ""
    """Why it is not sent until an operator says so."""


_LETTER = (
    _o.c.id,
    _o.c.message_id,
    _o.c.trace,
    _o.c.reverse_path,
    _o.c.account_id,
    _o.c.created_at,
    _o.c.envelope_id,
    _o.c.return_full,
    _o.c.eight_bit,
    _o.c.smtputf8,
    _o.c.origin,
    _o.c.tls,
)
RECIPIENT_COLUMNS = (
    _r.c.id,
    _r.c.outbound_id,
    _r.c.address,
    _r.c.domain,
    _r.c.local_account_id,
    _r.c.notify,
    _r.c.original_recipient,
    _r.c.state,
    _r.c.attempts,
    _r.c.next_attempt,
    _r.c.delay_told,
    _r.c.last_reply,
    _r.c.sender_id,
    _r.c.claimed_by,
)
ADD_LETTER = Statement(
    insert(_o).values({column.name: bindparam(column.name) for column in _LETTER[1:]}).returning(_o.c.id)
)
ADD_RECIPIENT = Statement(
    insert(_r).values(
        {
            **{
                name: bindparam(name)
                for name in (
                    "outbound_id",
                    "address",
                    "domain",
                    "local_account_id",
                    "notify",
                    "original_recipient",
                    "sender_id",
                    "state",
                    "last_reply",
                )
            },
            "next_attempt": bindparam("now"),
            "updated_at": bindparam("now"),
        }
    )
)
NEXT_DUE = Statement(select(func.min(_r.c.next_attempt)).where(_r.c.state == "waiting"))
LETTER = Statement(select(*_LETTER).where(_o.c.id == bindparam("letter")))
COUNT_WAITING = Statement(select(func.count()).select_from(_r).where(_UNFINISHED))
RECIPIENTS = Statement(
    select(*RECIPIENT_COLUMNS).where(_r.c.outbound_id == bindparam("letter")).order_by(_r.c.id)
)
WAITING = Statement(
    select(*_LETTER, *RECIPIENT_COLUMNS)
    .join(_r, _r.c.outbound_id == _o.c.id)
    .where(_UNFINISHED)
    .order_by(_o.c.id, _r.c.id)
    .limit(bindparam("limit", type_=_r.c.id.type))
)
SET = Statement(
    update(_r)
    .where(_r.c.id == bindparam("recipient"))
    .values(
        # An operator may have held or dropped it meanwhile: that stays, unless the letter has arrived or failed.
        state=case(
            (bindparam("new_state", type_=_r.c.state.type) == "waiting", _r.c.state),
            else_=bindparam("new_state"),
        ),
        claimed_by=null(),
        attempts=_r.c.attempts + bindparam("tries"),
        next_attempt=bindparam("due"),
        last_reply=bindparam("reply"),
        updated_at=bindparam("now"),
    )
)
TOLD = Statement(update(_r).where(_r.c.id == bindparam("recipient")).values(delay_told=1))
FINISHED = ~exists(select(_r.c.id).where(and_(_r.c.outbound_id == _o.c.id, _UNFINISHED)))
DROP_RECIPIENTS = Statement(
    delete(_r).where(
        _r.c.outbound_id.in_(select(_o.c.id).where(and_(_o.c.created_at < bindparam("before"), FINISHED)))
    )
)
DROP_LETTERS = Statement(
    delete(_o).where(
        and_(
            _o.c.created_at < bindparam("before"), ~exists(select(_r.c.id).where(_r.c.outbound_id == _o.c.id))
        )
    )
)


def add(
    uow: UnitOfWork,
    message: MessageId,
    recipients: Iterable[NewRecipient],
    *,
    reverse_path: str,
    trace: bytes = b"",
    account: AccountId | None = None,
    envelope_id: str | None = None,
    return_full: bool | None = None,
    eight_bit: bool = False,
    smtputf8: bool = False,
    origin: Origin = "submitted",
    tls: TlsDemand = "usual",
) -> int:
    """Queue a letter for recipients, due at once; the id of the queued letter."""
    now = uow.clock()
    row = uow.one(
        ADD_LETTER,
        {
            "message_id": message,
            "trace": trace,
            "reverse_path": reverse_path,
            "account_id": account,
            "created_at": now,
            "envelope_id": envelope_id,
            "return_full": None if return_full is None else int(return_full),
            "eight_bit": int(eight_bit),
            "smtputf8": int(smtputf8),
            "origin": origin,
            "tls": tls,
        },
    )
    assert row is not None
    uow.many(
        ADD_RECIPIENT,
        (
            {
                "outbound_id": row[0],
                "address": recipient.address,
                "domain": recipient.domain,
                "local_account_id": recipient.local_account_id,
                "notify": recipient.notify,
                "original_recipient": recipient.original_recipient,
                "sender_id": account or 0,
                "state": "held" if recipient.held else "waiting",
                "last_reply": recipient.held,
                "now": now,
            }
            for recipient in recipients
        ),
    )
    uow.record(QueueChanged())
    return int(row[0])


def _letter_of(row: Row) -> QueuedLetter:
    return QueuedLetter(
        row[0],
        MessageId(row[1]),
        bytes(row[2]),
        row[3],
        None if row[4] is None else AccountId(row[4]),
        row[5],
        row[6],
        None if row[7] is None else bool(row[7]),
        bool(row[8]),
        bool(row[9]),
        row[10],
        row[11],
    )


def recipient_of(row: Row) -> QueuedRecipient:
    """A recipient from a row of `RECIPIENT_COLUMNS`."""
    return QueuedRecipient(
        row[0],
        row[1],
        row[2],
        row[3],
        None if row[4] is None else AccountId(row[4]),
        row[5],
        row[6],
        row[7],
        row[8],
        row[9],
        bool(row[10]),
        row[11],
        row[12],
        row[13],
    )


def next_due(db: Reader) -> int | None:
    """When the next recipient is due; None when the queue is empty."""
    row = db.one(NEXT_DUE, {})
    return None if row is None or row[0] is None else int(row[0])


def count_waiting(db: Reader) -> int:
    """How many recipients wait."""
    row = db.one(COUNT_WAITING, {})
    return 0 if row is None else int(row[0])


def letter(db: Reader, letter_id: int) -> QueuedLetter | None:
    """A queued letter."""
    row = db.one(LETTER, {"letter": letter_id})
    return None if row is None else _letter_of(row)


def recipients(db: Reader, letter_id: int) -> list[QueuedRecipient]:
    """All recipients of a queued letter, whatever became of them."""
    return [recipient_of(row) for row in db.rows(RECIPIENTS, {"letter": letter_id})]


def waiting(db: Reader, limit: int) -> list[tuple[QueuedLetter, QueuedRecipient]]:
    """What still waits, the oldest letter first."""
    width = len(_LETTER)
    return [
        (_letter_of(row[:width]), recipient_of(row[width:])) for row in db.rows(WAITING, {"limit": limit})
    ]


def set_state(
    uow: UnitOfWork, recipient: int, state: State, *, next_attempt: int, reply: str, attempted: bool = True
) -> None:
    """Write down what became of one attempt."""
    uow.run(
        SET,
        {
            "recipient": recipient,
            "new_state": state,
            "tries": int(attempted),
            "due": next_attempt,
            "reply": reply[:1000],
            "now": uow.clock(),
        },
    )


def set_delay_told(uow: UnitOfWork, recipients_told: Sequence[int]) -> None:
    """The sender knows of the delay."""
    uow.many(TOLD, ({"recipient": recipient} for recipient in recipients_told))


def drop_finished(uow: UnitOfWork, before: int) -> None:
    """Housekeeping: forget letters from before a time that wait for nobody."""
    uow.run(DROP_RECIPIENTS, {"before": before})
    uow.run(DROP_LETTERS, {"before": before})

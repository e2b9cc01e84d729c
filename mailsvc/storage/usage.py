"""Use of boxes, a row for each box, person and day; and what became of the letters of shared boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailsvc.model.ids import AccountId, MailboxId, MessageId
    from mailsvc.storage.entries import Range
    from mailsvc.storage.unit_of_work import UnitOfWork

_u, _l, _e, _b, _m = (
    tables.usage_days,
    tables.unit_letters,
    tables.entries,
    tables.mailboxes,
    tables.messages,
)
_INSERTS: dict[str, Any] = {"sqlite": sqlite_insert, "postgresql": pg_insert}
_USE_COLUMNS = ("day", "account_id", "viewer_id", "bits", "sent", "sent_inside")


def _add_use(dialect: str) -> Statement:
    insert = _INSERTS[dialect](_u).values({name: bindparam(name) for name in _USE_COLUMNS})
    return Statement(
        insert.on_conflict_do_update(
            index_elements=[_u.c.day, _u.c.account_id, _u.c.viewer_id],
            set_={
                "bits": _u.c.bits.op("|")(insert.excluded.bits),
                "sent": _u.c.sent + insert.excluded.sent,
                "sent_inside": _u.c.sent_inside + insert.excluded.sent_inside,
            },
        )
    )


def _add_opened(dialect: str) -> Statement:
    """The letters of a range as opened now, but for those that somebody opened before."""
    insert = _INSERTS[dialect](_l).from_select(
        ("account_id", "message_id", "received_at", "opened_at", "opened_by"),
        select(
            bindparam("account", type_=_l.c.account_id.type),
            _e.c.message_id,
            func.min(_e.c.internal_date),
            bindparam("now", type_=_l.c.opened_at.type),
            bindparam("viewer", type_=_l.c.opened_by.type),
        )
        .where(
            and_(
                _e.c.mailbox_id == bindparam("mailbox"),
                _e.c.uid.between(bindparam("first"), bindparam("last")),
            )
        )
        .group_by(_e.c.message_id),
    )
    return Statement(
        insert.on_conflict_do_update(
            index_elements=[_l.c.account_id, _l.c.message_id],
            set_={
                "opened_at": func.coalesce(_l.c.opened_at, insert.excluded.opened_at),
                "opened_by": func.coalesce(_l.c.opened_by, insert.excluded.opened_by),
            },
        )
    )


def _add_answered(dialect: str) -> Statement:
    columns = ("account_id", "message_id", "received_at", "answered_at", "answered_by")
    insert = _INSERTS[dialect](_l).values({name: bindparam(name) for name in columns})
    return Statement(
        insert.on_conflict_do_update(
            index_elements=[_l.c.account_id, _l.c.message_id],
            set_={
                "answered_at": func.coalesce(_l.c.answered_at, insert.excluded.answered_at),
                "answered_by": func.coalesce(_l.c.answered_by, insert.excluded.answered_by),
            },
        )
    )


ADD_USE = {dialect: _add_use(dialect) for dialect in _INSERTS}
ADD_OPENED = {dialect: _add_opened(dialect) for dialect in _INSERTS}
ADD_ANSWERED = {dialect: _add_answered(dialect) for dialect in _INSERTS}
HELD_BY_NAME = Statement(
    select(_e.c.message_id, _e.c.internal_date)
    .join(_m, _m.c.id == _e.c.message_id)
    .join(_b, _b.c.id == _e.c.mailbox_id)
    .where(and_(_m.c.message_id == bindparam("name"), _b.c.account_id == bindparam("account")))
    .order_by(_e.c.internal_date)
    .limit(literal_column("1"))
)
Use = tuple[str, int, int, int]
"""Day, box, person and bits."""


def add(uow: UnitOfWork, uses: Iterable[Use]) -> None:
    """Add bits to the days of boxes."""
    rows = (
        {"day": day, "account_id": account, "viewer_id": viewer, "bits": bits, "sent": 0, "sent_inside": 0}
        for day, account, viewer, bits in uses
    )
    uow.many(ADD_USE[uow.conn.dialect.name], rows)


def add_sent(
    uow: UnitOfWork, day: str, account: AccountId, viewer: AccountId, bits: int, *, inside: bool
) -> None:
    """One letter more that a person sent from a box."""
    row = {"day": day, "account_id": account, "viewer_id": viewer, "bits": bits, "sent": 1}
    uow.run(ADD_USE[uow.conn.dialect.name], {**row, "sent_inside": int(inside)})


def opened(
    uow: UnitOfWork, account: AccountId, mailbox: MailboxId, viewer: AccountId, ranges: Sequence[Range]
) -> None:
    """Somebody opened these letters of a shared box; who was first stays."""
    fixed = {"account": account, "mailbox": mailbox, "viewer": viewer, "now": uow.clock()}
    uow.many(
        ADD_OPENED[uow.conn.dialect.name], ({**fixed, "first": first, "last": last} for first, last in ranges)
    )


def answered(uow: UnitOfWork, account: AccountId, viewer: AccountId, name: str) -> MessageId | None:
    """Somebody answered the letter of this Message-ID for a shared box, if the box has it."""
    row = uow.one(HELD_BY_NAME, {"name": name, "account": account})
    if row is None:
        return None
    uow.run(
        ADD_ANSWERED[uow.conn.dialect.name],
        {
            "account_id": account,
            "message_id": row[0],
            "received_at": row[1],
            "answered_at": uow.clock(),
            "answered_by": viewer,
        },
    )
    message: MessageId = row[0]
    return message

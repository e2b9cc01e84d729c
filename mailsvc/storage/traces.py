"""Trace prefixes (Return-Path, Received …) of deliveries, kept once for all recipients of one transaction.

What differs from recipient to recipient (Delivered-To) is the entry's own; BODY[] is own trace + shared trace +
content. Entries stay short by that: flags change by the ten thousand, and a row that is changed is written anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, and_, bindparam, cast, func, insert, literal, select

from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Table

    from mailsvc.model.ids import MessageId
    from mailsvc.storage.unit_of_work import UnitOfWork

_t = tables.traces
NO_TRACE = 0
NEWEST = Statement(
    select(func.coalesce(func.max(_t.c.number), NO_TRACE)).where(_t.c.message_id == bindparam("message"))
)
ADD = Statement(insert(_t).values({name: bindparam(name) for name in ("message_id", "number", "octets")}))


def put(uow: UnitOfWork, message: MessageId, octets: bytes) -> int:
    """Keep a trace of this message; its number, for the entries of this delivery."""
    if not octets:
        return NO_TRACE
    row = uow.one(NEWEST, {"message": message})
    number = 1 + (int(row[0]) if row is not None else NO_TRACE)
    uow.run(ADD, {"message_id": message, "number": number, "octets": octets})
    return number


def trace_of(held: Table) -> ColumnElement[Any]:
    """The whole trace prefix of rows of `entries` or `expunged`, as a column."""
    shared = (
        select(_t.c.octets)
        .where(and_(_t.c.message_id == held.c.message_id, _t.c.number == held.c.trace_number))
        .scalar_subquery()
    )
    # SQLite joins octets to text that holds the same octets; the cast makes them octets again.
    return cast(held.c.own_trace.op("||")(func.coalesce(shared, literal(b"", LargeBinary))), LargeBinary)


TRACE = trace_of(tables.entries)

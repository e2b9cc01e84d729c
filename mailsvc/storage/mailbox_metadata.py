"""Rows of annotations (RFC 5464): `(mailbox, viewer, entry) -> value`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, delete, insert, select

from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

SERVER: Final = 0
"""In place of a mailbox."""
EVERYONE: Final = 0
"""In place of a viewer."""

_a = tables.mailbox_metadata
_OF = Statement(
    select(_a.c.entry, _a.c.value)
    .where(and_(_a.c.mailbox_id == bindparam("mailbox"), _a.c.viewer_id.in_([bindparam("viewer"), EVERYONE])))
    .order_by(_a.c.entry)
)
_KEY = and_(
    _a.c.mailbox_id == bindparam("mailbox"),
    _a.c.viewer_id == bindparam("viewer"),
    _a.c.entry == bindparam("name"),
)
_REMOVE = Statement(delete(_a).where(_KEY))
_ADD = Statement(
    insert(_a).values(
        mailbox_id=bindparam("mailbox"),
        viewer_id=bindparam("viewer"),
        entry=bindparam("name"),
        value=bindparam("octets"),
    )
)


_COPY = Statement(
    insert(_a).from_select(
        ["mailbox_id", "viewer_id", "entry", "value"],
        select(bindparam("target", type_=tables.Id), _a.c.viewer_id, _a.c.entry, _a.c.value).where(
            _a.c.mailbox_id == bindparam("mailbox")
        ),
    )
)


def of(db: Reader, mailbox: int, viewer: int) -> dict[str, bytes]:
    """What one viewer sees of a mailbox: their own entries and those for everyone, by name in order."""
    return {entry: bytes(value) for entry, value in db.rows(_OF, {"mailbox": mailbox, "viewer": viewer})}


def put(uow: UnitOfWork, mailbox: int, viewer: int, entry: str, value: bytes | None) -> None:
    """Set one entry, or with None take it away."""
    key = {"mailbox": mailbox, "viewer": viewer, "name": entry}
    uow.run(_REMOVE, key)
    if value is not None:
        uow.run(_ADD, {**key, "octets": value})


def copy(uow: UnitOfWork, mailbox: int, target: int) -> None:
    """Give a new mailbox what another has."""
    uow.run(_COPY, {"mailbox": mailbox, "target": target})

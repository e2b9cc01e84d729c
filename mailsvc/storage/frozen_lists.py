"""To whom a letter to a group went: kept at sending, and for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select

from mailsvc.storage import tables
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

_l = tables.frozen_lists
_COLUMNS = ("content_key", "group_id", "address", "sender_id", "sent_at", "members")
ADD = Statement(insert(_l).values({name: bindparam(name) for name in _COLUMNS}))
OF_LETTER = Statement(
    select(_l.c.group_id, _l.c.address, _l.c.sender_id, _l.c.sent_at, _l.c.members)
    .where(_l.c.content_key == bindparam("content_key"))
    .order_by(_l.c.id)
)


@dataclass(frozen=True, slots=True)
class FrozenList:
    """A group as it was when a letter went to it."""

    group_id: int
    address: str
    sender_id: int | None
    sent_at: int
    members: tuple[int, ...]


def keep(
    uow: UnitOfWork,
    content_key: bytes,
    group: int,
    address: str,
    members: Iterable[int],
    sender: int | None,
) -> None:
    """Note the members of a group beside the letter that goes to them."""
    uow.run(
        ADD,
        {
            "content_key": content_key,
            "group_id": group,
            "address": address,
            "sender_id": sender,
            "sent_at": uow.clock(),
            "members": " ".join(map(str, members)),
        },
    )


def of_letter(db: Reader, content_key: bytes) -> list[FrozenList]:
    """Every group that a letter went to, in order of time."""
    return [
        FrozenList(row[0], row[1], row[2], row[3], tuple(map(int, row[4].split())))
        for row in db.rows(OF_LETTER, {"content_key": content_key})
    ]

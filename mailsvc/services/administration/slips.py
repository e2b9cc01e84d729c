"""The act on slips for first passwords: which were printed and handed over, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from directory import slips
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Touches

if TYPE_CHECKING:
    from mailsvc.services.administration.desk import Desk


@dataclass(frozen=True, slots=True)
class ListSlips:
    """How many of the newest."""

    limit: Annotated[int, Field(ge=1, le=5000)] = 100


@dataclass(frozen=True, slots=True)
class SlipLine:
    """A slip; never its password."""

    address: str
    full_name: str
    issued_at: int
    issued_by: str
    handed_over_at: int | None
    due_at: int | None
    settled_at: int | None
    outcome: str


def _list(desk: Desk, asked: ListSlips) -> list[SlipLine]:
    with desk.read() as db:
        found = slips.list_slips(db.conn, desk.scope(db), limit=asked.limit)
    return [
        SlipLine(
            address=item.address,
            full_name=item.full_name,
            issued_at=item.issued_at,
            issued_by=item.issued_by,
            handed_over_at=item.handed_over_at,
            due_at=item.due_at,
            settled_at=item.settled_at,
            outcome=item.outcome,
        )
        for item in found
    ]


LIST = Act(
    "slip.list", Deed.SEE, Touches.ACCOUNT, "GET", "/slips",
    "Các phiếu mật khẩu đã in", "Slips for first passwords", ListSlips, list[SlipLine], _list,
)  # fmt: skip
ACTS = (LIST,)

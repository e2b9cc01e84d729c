"""The act on the working calendar: which days of a year are worked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from directory.calendar import DayKind, calendar_of, listed_days
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Touches

if TYPE_CHECKING:
    from mailsvc.services.administration.desk import Desk


@dataclass(frozen=True, slots=True)
class OneYear:
    """A year."""

    year: Annotated[int, Field(ge=2000, le=2100)]


@dataclass(frozen=True, slots=True)
class ListedDay:
    """A holiday, or a Saturday or Sunday that is worked."""

    day: date
    kind: DayKind
    name: str


@dataclass(frozen=True, slots=True)
class YearShown:
    """The days that are not as the week has them; none where the year was not imported."""

    year: int
    imported: bool
    working_days: int
    days: list[ListedDay]


def _show(desk: Desk, asked: OneYear) -> YearShown:
    first, last = date(asked.year, 1, 1), date(asked.year, 12, 31)
    with desk.read() as db:
        found = listed_days(db.conn, first, last)
        count = sum(1 for _ in calendar_of(db.conn, first, last).working_days())
    days = [ListedDay(one.day, one.kind, one.name) for one in found]
    return YearShown(asked.year, bool(found), count, days)


SHOW = Act(
    "calendar.show", Deed.SEE, Touches.REPORT, "GET", "/calendar/{year}",
    "Lịch làm việc của một năm", "The working calendar of a year", OneYear, YearShown, _show,
)  # fmt: skip
ACTS = (SHOW,)

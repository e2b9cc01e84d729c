"""Working days: Monday to Friday, but for what the imported calendar says of a day.

Holidays are those of Bộ luật Lao động 2019, điều 112; each year a decision moves some and has offices work on a
Saturday instead (làm bù), so the calendar comes as a file and not as a rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, select

from directory.tables import working_calendar

SATURDAY: Final = 5
ONE_DAY: Final = timedelta(days=1)
_c: Final = working_calendar.c
_OF_DAY: Final = select(_c.kind).where(_c.day == bindparam("day"))
_BETWEEN: Final = (
    select(_c.day, _c.kind, _c.name)
    .where(_c.day >= bindparam("first"), _c.day <= bindparam("last"))
    .order_by(_c.day)
)


class DayKind(StrEnum):
    """What a day of the calendar is, against the rule of the week."""

    HOLIDAY = "holiday"  # ngày nghỉ
    WORKING_SATURDAY = "working_saturday"  # ngày làm bù


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day that the rule of the week does not tell."""

    day: date
    kind: DayKind
    name: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of a span, read once and asked often."""

    first: date
    last: date
    exceptions: Mapping[date, DayKind]

    def works(self, day: date) -> bool:
        """Whether offices work on a day of the span."""
        kind = self.exceptions.get(day)
        return day.weekday() < SATURDAY if kind is None else kind is DayKind.WORKING_SATURDAY

    def working_days(self) -> Iterator[date]:
        """The working days of the span, in order."""
        day = self.first
        while day <= self.last:
            if self.works(day):
                yield day
            day += ONE_DAY


def is_working_day(conn: Connection, day: date) -> bool:
    """Whether offices work on that day; without a calendar for its year, Monday to Friday."""
    kind = conn.execute(_OF_DAY, {"day": day.isoformat()}).scalar()
    return day.weekday() < SATURDAY if kind is None else kind == DayKind.WORKING_SATURDAY.value


def listed_days(conn: Connection, first: date, last: date) -> list[CalendarDay]:
    """The days of the imported calendar from `first` to `last`."""
    rows = conn.execute(_BETWEEN, {"first": first.isoformat(), "last": last.isoformat()})
    return [CalendarDay(date.fromisoformat(row[0]), DayKind(row[1]), row[2]) for row in rows]


def calendar_of(conn: Connection, first: date, last: date) -> Calendar:
    """The calendar of a span, both ends included."""
    return Calendar(first, last, {one.day: one.kind for one in listed_days(conn, first, last)})


def imported_years(conn: Connection) -> list[int]:
    """The years of which the calendar has days; of others only the rule of the week is known."""
    return sorted({int(day[:4]) for (day,) in conn.execute(select(_c.day))})

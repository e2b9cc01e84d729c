"""Working hours: a term of "6 working hours" runs only while offices are open (UTC+7, no summer time)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from config.settings import CalendarSettings, office_spans
from directory.calendar.days import ONE_DAY, Calendar, calendar_of
from directory.model import vietnam_day

Spans = Sequence[tuple[int, int]]
OFFICE_HOURS: Final[Spans] = office_spans(CalendarSettings().working_hours)
"""The default of `calendar.working_hours`, for callers without settings."""
_LONGEST: Final = timedelta(days=3 * 366)
_UTC_PLUS_7: Final = 7 * 3600


def add_working_seconds(conn: Connection, instant: int, seconds: int, hours: Spans = OFFICE_HOURS) -> int:
    """The instant at which that many working seconds have passed since `instant`, both in epoch seconds.

    `hours` are spans of seconds since local midnight, in order (`config.settings.office_spans`). ValueError for a
    negative term, or one that does not end within three years.
    """
    if seconds < 0:
        raise ValueError("a term is not negative")
    if seconds == 0:
        return instant
    day, left = vietnam_day(instant), seconds
    calendar = calendar_of(conn, day, day + _LONGEST)
    while day <= calendar.last:
        if calendar.works(day):
            midnight = _midnight(day)
            for opens, closes in hours:
                begins, ends = max(instant, midnight + opens), midnight + closes
                if begins + left <= ends:
                    return begins + left
                left -= max(ends - begins, 0)
        day += ONE_DAY
    raise ValueError(f"{seconds} working seconds do not end within three years")


def _midnight(day: date) -> int:
    """Local midnight, at which the day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - _UTC_PLUS_7


class WorkClock:
    """Working seconds of a span of days, for many questions of how long offices had for something."""

    def __init__(self, calendar: Calendar, hours: Spans = OFFICE_HOURS) -> None:
        self._first = _midnight(calendar.first)
        self._hours = hours
        a_day = sum(closes - opens for opens, closes in hours)
        self._before = [0]
        """Working seconds before each day of the span."""
        day = calendar.first
        while day <= calendar.last:
            self._before.append(self._before[-1] + (a_day if calendar.works(day) else 0))
            day += ONE_DAY

    def between(self, start: int, end: int) -> int:
        """Working seconds from one instant to another, as far as the span goes."""
        return max(self._until(end) - self._until(start), 0)

    def _until(self, instant: int) -> int:
        day, second = divmod(instant - self._first, 86_400)
        if day < 0:
            return 0
        if day >= len(self._before) - 1:
            return self._before[-1]
        if self._before[day + 1] == self._before[day]:
            return self._before[day]
        return self._before[day] + sum(
            min(max(second - opens, 0), closes - opens) for opens, closes in self._hours
        )

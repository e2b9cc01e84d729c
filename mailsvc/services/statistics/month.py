"""A calendar month in Vietnam (UTC+7)."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime

UTC_PLUS_7 = 7 * 3600
_WRITTEN = re.compile(r"([0-9]{4})-([0-9]{2})|([0-9]{1,2})/([0-9]{4})")


def begin_of(day: date) -> int:
    """Its first second in Vietnam."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - UTC_PLUS_7


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One month, which sorts by time."""

    year: int
    number: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.number, monthrange(self.year, self.number)[1])

    @property
    def begins(self) -> int:
        """Its first second."""
        return begin_of(self.first)

    @property
    def ends(self) -> int:
        """The first second after it."""
        return self.plus(1).begins

    def plus(self, months: int) -> Month:
        """So many months later."""
        year, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, number + 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"


def month_of(day: date) -> Month:
    """The month of a day."""
    return Month(day.year, day.month)


def parse_month(text: str) -> Month:
    """`2026-11` or `11/2026`; ValueError for anything else."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    year, number = (int(found[1]), int(found[2])) if found[1] else (int(found[4]), int(found[3]))
    return month_of(date(year, number, 1))

"""Birth dates as rosters write them: dates, serial numbers of spreadsheets, and text in the usual forms."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from directory.names import fold
from directory.roster.grid import Value

_DAY_MONTH_YEAR: Final = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4}|\d{2})")
_YEAR_MONTH_DAY: Final = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:[ T]00:00(?::00)?(?:\.0+)?)?")
_IN_WORDS: Final = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2}) nam (\d{4})")
_YEAR: Final = re.compile(r"(?:\d{1,2}\s*[/.\-]\s*)?((?:19|20)\d{2})")
_SERIAL: Final = re.compile(r"\d{5}(?:\.0+)?")
_FROM_1900: Final = date(
    1899, 12, 30
)  # ECMA-376 part 1, §18.17.4.1: 1900 was a leap year to the first spreadsheets
_FROM_1904: Final = date(1904, 1, 1)
_SERIALS: Final = range(5_000, 60_000)  # 1913 to 2064
OLDEST: Final = 100
YOUNGEST: Final = 14


@dataclass(frozen=True, slots=True)
class BirthDate:
    """What a cell says: a day, a year only, or (with neither) nothing that can be read."""

    day: date | None = None
    year: int | None = None


def read_birth_date(value: Value, *, today: date, days_from_1904: bool = False) -> BirthDate | None:
    """The birth date in a cell; None where the cell is empty. A year of two digits is never in the future."""
    if value is None:
        return None
    if isinstance(value, date):
        return BirthDate(value)
    if isinstance(value, int | float):
        return _number(value, days_from_1904=days_from_1904)
    text = " ".join(fold(value).replace("\u00a0", " ").strip(" '’`").split())
    if not text or text in {"-", "–", "x"}:
        return None
    if _SERIAL.fullmatch(text):
        return _number(float(text), days_from_1904=days_from_1904)
    if found := _YEAR_MONTH_DAY.fullmatch(text):
        return BirthDate(_day(found[1], found[2], found[3]))
    if found := _DAY_MONTH_YEAR.fullmatch(text) or _IN_WORDS.fullmatch(text):
        return BirthDate(_day(_whole_year(found[3], today), found[2], found[1]))
    if found := _YEAR.fullmatch(text):
        return BirthDate(year=int(found[1]))
    return BirthDate()


def is_plausible(day: date, today: date) -> bool:
    """Whether somebody born on that day may be in office."""
    return YOUNGEST <= today.year - day.year <= OLDEST


def _number(value: float, *, days_from_1904: bool) -> BirthDate:
    whole = int(value)
    if 1900 <= whole <= 2100:
        return BirthDate(year=whole)
    if whole != value or whole not in _SERIALS:
        return BirthDate()
    return BirthDate((_FROM_1904 if days_from_1904 else _FROM_1900) + timedelta(days=whole))


def _whole_year(year: str, today: date) -> str:
    if len(year) == 4:
        return year
    return f"20{year}" if int(year) <= (today.year - YOUNGEST) % 100 else f"19{year}"


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None

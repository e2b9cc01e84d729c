"""Days as Vietnamese offices write them: dd/mm/yyyy, and whole months and years, in UTC+7."""

import re
from datetime import date, datetime, timedelta, timezone
from typing import Final, overload

from search.fold import fold

VIETNAM: Final = timezone(timedelta(hours=7))  # one zone, no summer time
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2199

_FORMS: Final = (
    re.compile(r"(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{4})", re.ASCII),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})", re.ASCII),
    re.compile(r"(?P<month>\d{1,2})[/.-](?P<year>\d{4})", re.ASCII),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})", re.ASCII),
    re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})", re.ASCII),  # of this year
    re.compile(r"(?P<year>\d{4})", re.ASCII),
)
_TODAY: Final = {"hom nay", "homnay", "today"}
_YESTERDAY: Final = {"hom qua", "homqua", "yesterday"}


class BadDateError(ValueError):
    """Not a day, month or year that exists."""


def days_of(text: str, today: date) -> tuple[date, date]:
    """The first day meant, and the day after the last: 11/2026 is 01/11/2026 and 01/12/2026."""
    word = fold(text.strip())
    if word in _TODAY:
        return today, today + timedelta(days=1)
    if word in _YESTERDAY:
        return today - timedelta(days=1), today
    for form in _FORMS:
        if match := form.fullmatch(word):
            named = {name: int(value) for name, value in match.groupdict().items()}
            return _span(named.get("year", today.year), named.get("month"), named.get("day"))
    raise BadDateError(text)


def _span(year: int, month: int | None, day: int | None) -> tuple[date, date]:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise BadDateError(year)
    try:
        first = date(year, month or 1, day or 1)
    except ValueError as error:
        raise BadDateError(str(error)) from error
    if day:
        return first, first + timedelta(days=1)
    if month:
        return first, (first + timedelta(days=32)).replace(day=1)
    return first, date(year + 1, 1, 1)


@overload
def seconds_of(day: date) -> int: ...
@overload
def seconds_of(day: None) -> None: ...
@overload
def seconds_of(day: date | None) -> int | None: ...
def seconds_of(day: date | None) -> int | None:
    """Midnight in Vietnam when the day starts, in seconds since 1970."""
    return None if day is None else int(datetime(day.year, day.month, day.day, tzinfo=VIETNAM).timestamp())


def day_of(seconds: int) -> date:
    """The day in Vietnam of a moment."""
    return datetime.fromtimestamp(seconds, VIETNAM).date()


def day_words(seconds: int) -> tuple[str, str, str]:
    """The day, month and year of a moment as index words, so that a date can be asked for anywhere in a query."""
    day = day_of(seconds)
    return f"d{day:%Y%m%d}", f"m{day:%Y%m}", f"y{day:%Y}"


def covering_words(start: int | None, end: int | None) -> list[str]:
    """The fewest `day_words` that together are all days from start to before end (both midnights in Vietnam)."""
    day = date(_FIRST_YEAR, 1, 1) if start is None else day_of(start)
    last = date(_LAST_YEAR + 1, 1, 1) if end is None else day_of(end)
    words = []
    while day < last:
        year_end, month_end = (
            date(day.year + 1, 1, 1),
            (day.replace(day=1) + timedelta(days=32)).replace(day=1),
        )
        if (day.month, day.day) == (1, 1) and year_end <= last:
            words.append(f"y{day:%Y}")
            day = year_end
        elif day.day == 1 and month_end <= last:
            words.append(f"m{day:%Y%m}")
            day = month_end
        else:
            words.append(f"d{day:%Y%m%d}")
            day += timedelta(days=1)
    return words

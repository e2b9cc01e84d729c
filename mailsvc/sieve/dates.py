"""Parts of a moment, as tests of dates compare them (RFC 5260 §4.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_ZONE = re.compile(r"([+-])([0-9]{2})([0-5][0-9])")
_WRITTEN_ZONE = re.compile(r"([+-])([0-9]{2})([0-5][0-9])(?:\s*\(.*)?$")
MODIFIED_JULIAN_EPOCH: Final = 678_576
"""Day number of 17 November 1858."""
PARTS: Final[dict[str, Callable[[datetime], str]]] = {
    "year": lambda at: f"{at.year:04d}",
    "month": lambda at: f"{at.month:02d}",
    "day": lambda at: f"{at.day:02d}",
    "date": lambda at: at.strftime("%Y-%m-%d"),
    "julian": lambda at: str(at.toordinal() - MODIFIED_JULIAN_EPOCH),
    "hour": lambda at: f"{at.hour:02d}",
    "minute": lambda at: f"{at.minute:02d}",
    "second": lambda at: f"{at.second:02d}",
    "time": lambda at: at.strftime("%H:%M:%S"),
    "iso8601": lambda at: at.isoformat(timespec="seconds"),
    "std11": format_datetime,
    "zone": lambda at: at.strftime("%z"),
    "weekday": lambda at: str(at.isoweekday() % 7),
}


def zone_named(text: str) -> tzinfo | None:
    """`+0700` as a zone; None where it is none."""
    match = _ZONE.fullmatch(text)
    return _zone(match) if match else None


def zone_written_in(field: str) -> tzinfo:
    """The zone at the end of a Date field; UTC where none can be read."""
    match = _WRITTEN_ZONE.search(field.strip())
    return _zone(match) if match else UTC


def part_of(epoch: int, zone: tzinfo, part: str) -> str | None:
    """One part of a moment; None for a part that nobody knows."""
    value = PARTS.get(part.lower())
    return None if value is None else value(datetime.fromtimestamp(epoch, zone))


def _zone(match: re.Match[str]) -> tzinfo:
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if offset >= timedelta(hours=24):
        return UTC
    return timezone(-offset if match[1] == "-" else offset)

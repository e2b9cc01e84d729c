"""The Date field as a point in time (RFC 5322 §3.3, §4.3), also in the shapes that old and careless programs write."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_DATE = re.compile(
    r"(\d{1,2})[ \t-]+([A-Za-z]{3})[a-z]*[ \t,-]+(\d{2,4})[ \t,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?"
    r"(?:[ \t]*([+-]\d{4}|[A-Za-z]{1,5}))?"
)
_ASCTIME = re.compile(
    r"([A-Za-z]{3})[ \t]+(\d{1,2})[ \t]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[ \t]+([+-]\d{4}|[A-Z]{1,5}))?[ \t]+(\d{4})"
)
_MONTHS: Final = {
    name: at
    for at, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_ZONES: Final = {
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "ICT": 7,
}


def date_epoch(value: str) -> int | None:
    """Seconds since 1970, UTC; None if it is no date. Unknown zones count as UTC (RFC 5322 §4.3)."""
    value = value[:200]
    match = _DATE.search(value)
    if match is not None:
        day, month, year, hour, minute, second, zone = match.groups()
    else:
        match = _ASCTIME.search(value)
        if match is None:
            return None
        month, day, hour, minute, second, zone, year = match.groups()
    number = int(year)
    if len(year) < 4:
        number += 2000 if number < 50 else 1900  # RFC 5322 §4.3
    try:
        moment = datetime(
            number,
            _MONTHS.get(month.lower(), 0),
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59),
            tzinfo=UTC,
        )
        return int((moment - _offset(zone or "")).timestamp())
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timedelta:
    if zone[:1] in {"+", "-"}:
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        return timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    return timedelta(hours=_ZONES.get(zone.upper(), 0))

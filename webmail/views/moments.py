"""Times that a person gives in a form: of their own clock, as `datetime-local` writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from mailsvc.model.errors import BadTime
from webmail.web import web

MORNING: Final = time(7, 30)
AFTERNOON: Final = time(13, 30)
"""When offices open (design §6, working hours)."""
MAX_DIGITS: Final = 12


def when(deed: str, typed: str) -> int:
    """The moment of a Send button: 0 for plain Send; `at:N` names it, `at` takes what was typed. BadTime."""
    if deed == "send":
        return 0
    _, colon, number = deed.partition(":")
    if colon and number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS:
        return int(number)
    return moment(typed)


def moment(typed: str) -> int:
    """Seconds since 1970 of `2026-11-23T07:30` as it is meant here; BadTime."""
    try:
        found = datetime.strptime(typed[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise BadTime(typed) from None
    return int(found.timestamp()) - _offset()


def local_text(at: int) -> str:
    """A moment as `datetime-local` writes it."""
    return _local(at).strftime("%Y-%m-%dT%H:%M")


def presets(now: int) -> tuple[tuple[str, int], ...]:
    """Words and moments that are mostly meant: this afternoon, tomorrow morning, Monday morning."""
    here = _local(now)
    today = here.date()
    tomorrow, monday = today + timedelta(days=1), today + timedelta(days=7 - today.weekday())
    offered = [
        ("at_noon", _moment_of(today, AFTERNOON)),
        ("at_tomorrow", _moment_of(tomorrow, MORNING)),
        ("at_monday", _moment_of(monday, MORNING)),
    ]
    if monday == tomorrow:
        del offered[1]
    return tuple((word, at) for word, at in offered if at > now)


def _moment_of(day: date, at: time) -> int:
    return int(datetime.combine(day, at, UTC).timestamp()) - _offset()


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(at + _offset(), UTC)


def _offset() -> int:
    return web().services.options.utc_offset_minutes * 60

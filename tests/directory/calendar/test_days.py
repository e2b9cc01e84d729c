"""Working days and hours: terms run only while offices are open."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert

from directory.calendar import (
    Calendar,
    DayKind,
    WorkClock,
    add_working_seconds,
    calendar_of,
    imported_years,
    is_working_day,
)
from directory.tables import working_calendar

HOUR = 3600
VIETNAM = timezone(timedelta(hours=7))


@pytest.fixture
def tet(conn):
    """Tết Bính Ngọ: Monday 16 to Friday 20 February 2026 off, Saturday 14 worked."""
    rows = [{"day": f"2026-02-{day}", "kind": "holiday", "name": "Tết"} for day in range(16, 21)]
    rows.append({"day": "2026-02-14", "kind": "working_saturday", "name": "Làm bù"})
    conn.execute(insert(working_calendar), rows)
    return conn


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=VIETNAM).astimezone(UTC).timestamp())


def test_without_a_calendar_offices_work_from_monday_to_friday(conn):
    assert [is_working_day(conn, date(2026, 11, 16) + timedelta(days=n)) for n in range(7)] == [True] * 5 + [
        False
    ] * 2
    assert imported_years(conn) == []


def test_a_holiday_is_off_and_a_saturday_of_making_up_is_worked(tet):
    assert not is_working_day(tet, date(2026, 2, 17))
    assert is_working_day(tet, date(2026, 2, 14))
    span = calendar_of(tet, date(2026, 2, 9), date(2026, 2, 22))
    assert [day.day for day in span.working_days()] == [9, 10, 11, 12, 13, 14]
    assert imported_years(tet) == [2026]


@pytest.mark.parametrize(
    ("start", "hours", "ends"),
    [
        ("2026-02-12T07:30", 2, "2026-02-12T09:30"),
        ("2026-02-12T10:30", 2, "2026-02-12T14:30"),  # over lunch
        ("2026-02-12T03:00", 1, "2026-02-12T08:30"),  # the clock starts when the office opens
        ("2026-02-12T07:30", 7.5, "2026-02-12T17:00"),  # to the last second of the day
        ("2026-02-13T14:00", 6, "2026-02-14T10:30"),  # Saturday is worked this week
        ("2026-02-14T16:00", 6, "2026-02-23T14:30"),  # over Tết and two Sundays: 1 + 4 + 1 hours
    ],
)
def test_six_working_hours_run_only_while_offices_are_open(tet, start, hours, ends):
    assert add_working_seconds(tet, at(start), int(hours * HOUR)) == at(ends)


def test_other_office_hours_may_be_given(conn):
    spans = [(8 * HOUR, 12 * HOUR)]
    assert add_working_seconds(conn, at("2026-11-20T11:00"), 2 * HOUR, spans) == at("2026-11-23T09:00")


def test_no_time_is_no_wait_and_a_term_without_an_end_is_refused(conn):
    assert add_working_seconds(conn, 12345, 0) == 12345
    with pytest.raises(ValueError, match="negative"):
        add_working_seconds(conn, 0, -1)
    with pytest.raises(ValueError, match="three years"):
        add_working_seconds(conn, at("2026-11-20T11:00"), 10_000 * HOUR)


def test_a_span_is_read_once_and_asked_often():
    span = Calendar(date(2026, 5, 1), date(2026, 5, 3), {date(2026, 5, 1): DayKind.HOLIDAY})
    assert list(span.working_days()) == []


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-02-12T08:30", "2026-02-12T10:30", 2),
        ("2026-02-12T10:30", "2026-02-12T14:30", 2),  # lunch is no time to read
        ("2026-02-12T18:00", "2026-02-13T07:30", 0),  # what comes at night was not waiting
        ("2026-02-14T16:00", "2026-02-23T08:30", 2),  # over Tết
        ("2026-02-13T08:30", "2026-02-12T10:30", 0),
        ("2026-02-01T00:00", "2026-02-13T11:30", 11.5),  # only as far back as the span goes
    ],
)
def test_how_long_a_letter_waited_is_told_in_office_hours(tet, start, end, hours):
    clock = WorkClock(calendar_of(tet, date(2026, 2, 12), date(2026, 2, 23)))
    assert clock.between(at(start), at(end)) == hours * HOUR

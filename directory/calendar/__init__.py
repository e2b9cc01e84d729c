"""Lịch làm việc: which days and hours an office works, by the calendar imported each year."""

from directory.calendar.days import (
    Calendar,
    CalendarDay,
    DayKind,
    calendar_of,
    imported_years,
    is_working_day,
    listed_days,
)
from directory.calendar.hours import OFFICE_HOURS, WorkClock, add_working_seconds

__all__ = [
    "OFFICE_HOURS",
    "Calendar",
    "CalendarDay",
    "DayKind",
    "WorkClock",
    "add_working_seconds",
    "calendar_of",
    "imported_years",
    "is_working_day",
    "listed_days",
]

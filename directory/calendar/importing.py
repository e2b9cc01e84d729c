"""The calendar of a year as a file: `day,kind,name`. A year that is imported again is replaced whole."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, delete

from directory import audit
from directory.calendar.days import SATURDAY, CalendarDay, DayKind, listed_days
from directory.names import text_fold
from directory.provision.csv_rows import MAX_NAME, Cells, Sheet, read_rows
from directory.provision.faults import Fault, Remark
from directory.repository.rows import insert_rows
from directory.scope import Deed, OutOfScopeError, Scope
from directory.tables import working_calendar

COLUMNS: Final = ("day", "kind", "name")
KINDS: Final[Mapping[str, DayKind]] = {
    "holiday": DayKind.HOLIDAY,
    "nghi": DayKind.HOLIDAY,
    "nghi le": DayKind.HOLIDAY,
    "nghi tet": DayKind.HOLIDAY,
    "working_saturday": DayKind.WORKING_SATURDAY,
    "working saturday": DayKind.WORKING_SATURDAY,
    "lam bu": DayKind.WORKING_SATURDAY,
}
"""What the column `kind` may say; marks do not matter."""


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """What an import would make of the calendar."""

    years: tuple[int, ...]
    days: tuple[CalendarDay, ...]
    added: int
    removed: int
    refused: tuple[Remark, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether the calendar is like this already."""
        return not (self.added or self.removed)

    def counts(self, kind: DayKind) -> dict[int, int]:
        """Days of one kind by year."""
        return dict(Counter(one.day.year for one in self.days if one.kind is kind))


def read_calendar(data: bytes) -> Sheet[CalendarDay]:
    """The days of a calendar file, with remarks on the lines that cannot be used."""
    sheet = read_rows(data, COLUMNS, (), _row)
    lines: dict[date, int] = {}
    kept: list[CalendarDay] = []
    refused = list(sheet.refused)
    for line, one in sheet.rows:
        if one.day in lines:
            values = {"value": one.day.isoformat(), "line": str(lines[one.day])}
            refused.append(Remark(line, "day", Fault.DUPLICATE, values))
            continue
        lines[one.day] = line
        kept.append(one)
    return Sheet(tuple(kept), tuple(refused), sheet.warnings)


def _row(cells: Cells) -> tuple[int, CalendarDay] | None:
    day, name = cells.day("day"), cells.text("name", MAX_NAME, required=True)
    if day is None and not cells.raw("day").strip():
        cells.fault("day", Fault.EMPTY)
    said = cells.text("kind", 40, required=True)
    kind = KINDS.get(said.lower()) or KINDS.get(text_fold(said).strip())
    if said and kind is None:
        cells.fault("kind", Fault.BAD_CHOICE, value=said, expected="holiday, working_saturday")
    if day is not None and kind is DayKind.WORKING_SATURDAY and day.weekday() < SATURDAY:
        cells.fault("day", Fault.NOT_WEEKEND, value=day.isoformat())
    if cells.faults or day is None or kind is None:
        return None
    return cells.line, CalendarDay(day, kind, name)


def plan_calendar(conn: Connection, sheet: Sheet[CalendarDay]) -> CalendarPlan:
    """What importing this file would change."""
    years = tuple(sorted({one.day.year for one in sheet.rows}))
    known = {one for year in years for one in listed_days(conn, date(year, 1, 1), date(year, 12, 31))}
    wanted = set(sheet.rows)
    return CalendarPlan(
        years=years,
        days=tuple(sorted(sheet.rows, key=lambda one: one.day)),
        added=len(wanted - known),
        removed=len(known - wanted),
        refused=sheet.refused,
    )


def replace_calendar(conn: Connection, scope: Scope, plan: CalendarPlan, *, actor: str, at: int) -> None:
    """Make the calendar of the plan's years what the plan says; for the province's administrators only."""
    _require_province(scope)
    if plan.refused:
        raise ValueError("a calendar with refused lines is not applied")
    for year in plan.years:
        conn.execute(
            delete(working_calendar).where(
                working_calendar.c.day >= f"{year}-01-01", working_calendar.c.day <= f"{year}-12-31"
            )
        )
    insert_rows(conn, working_calendar, _rows(plan.days))
    detail = {"holidays": plan.counts(DayKind.HOLIDAY), "working": plan.counts(DayKind.WORKING_SATURDAY)}
    audit.record(conn, actor, "calendar.import", ", ".join(map(str, plan.years)), detail, at)


def _rows(days: Sequence[CalendarDay]) -> list[dict[str, str]]:
    return [{"day": one.day.isoformat(), "kind": one.kind.value, "name": one.name} for one in days]


def _require_province(scope: Scope) -> None:
    """The calendar is one for all: who may appoint administrators somewhere is of the province."""
    if not scope.has(Deed.APPOINT):
        raise OutOfScopeError(Deed.APPOINT, "working_calendar")

"""Figures as a head reads them: by unit, tier, branch or month, against a plan, and as a ranking with last year's place.

An administrator sees the units of the scope and no others; nobody reaches across branches, so the Party stays apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from directory.calendar import imported_years
from directory.model import vietnam_day
from directory.repository import units as directory_units
from directory.scope import Deed, OutOfScopeError
from mailsvc.services.statistics.figures import Measure, Ratio, total
from mailsvc.services.statistics.month import month_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from directory.model import Branch, Tier, Unit, UnitId
    from directory.scope import Scope
    from mailsvc.services.statistics.figures import Figures
    from mailsvc.services.statistics.keep import Books
    from mailsvc.services.statistics.month import Month
    from mailsvc.storage.unit_of_work import Reader

MAX_MONTHS = 36


class By(StrEnum):
    """How lines are put together."""

    UNIT = "unit"
    TIER = "tier"
    BRANCH = "branch"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is about: units below one, of a tier, of a branch; all in scope by default."""

    month: Month
    under: UnitId | None = None
    tier: Tier | None = None
    branch: Branch | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a unit, tier, branch or month."""

    key: str
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """The lines of a month, and all of them together."""

    month: Month
    by: By
    is_final: bool
    has_calendar: bool
    """Whether the year's calendar was imported; without it holidays count as working days."""
    lines: tuple[Line, ...]
    total: Figures


@dataclass(frozen=True, slots=True)
class Rank:
    """A unit's place by one measure; equal shares have equal places."""

    place: int
    code: str
    name: str
    ratio: Ratio
    last_year: int | None
    """Its place in the same month a year before; None if it had none."""


class MonthAhead(ValueError):
    """A month that has not begun cannot be counted."""


def adoption(db: Reader, scope: Scope, asked: Asked, by: By, books: Books, *, months: int = 12) -> Report:
    """The figures of a month, or with `By.MONTH` of the months up to it."""
    if by is By.MONTH:
        return _by_month(db, scope, asked, books, min(months, MAX_MONTHS))
    units, counted, is_final = _counted(db, scope, asked, books)
    name: dict[By, Callable[[Unit], tuple[str, str]]] = {
        By.UNIT: lambda unit: (unit.code, unit.name),
        By.TIER: lambda unit: (unit.tier.value, unit.tier.value),
        By.BRANCH: lambda unit: (unit.branch.value, unit.branch.value),
    }
    together: dict[tuple[str, str], list[Figures]] = {}
    for unit in units:
        together.setdefault(name[by](unit), []).append(counted[unit.id])
    lines = tuple(Line(*key, total(parts)) for key, parts in together.items())
    return _report(db, asked.month, by, lines, is_final=is_final)


def _by_month(db: Reader, scope: Scope, asked: Asked, books: Books, months: int) -> Report:
    lines: list[Line] = []
    final = True
    for back in range(months - 1, -1, -1):
        month = asked.month.plus(-back)
        one = Asked(month, asked.under, asked.tier, asked.branch)
        units, counted, is_final = _counted(db, scope, one, books)
        if back == 0:
            final = is_final
        elif not is_final:
            continue  # a month that was never kept: what is there today says nothing of then
        lines.append(Line(str(month), str(month), total(counted[unit.id] for unit in units)))
    return _report(db, asked.month, By.MONTH, tuple(lines), is_final=final)


def _report(db: Reader, month: Month, by: By, lines: tuple[Line, ...], *, is_final: bool) -> Report:
    together = lines[-1].figures if by is By.MONTH and lines else total(line.figures for line in lines)
    return Report(month, by, is_final, month.year in imported_years(db.conn), lines, together)


def ranking(db: Reader, scope: Scope, asked: Asked, measure: Measure, books: Books) -> list[Rank]:
    """Units by their share, the best first (of dormant boxes the fewest), with last year's place."""
    now = _places(*_counted(db, scope, asked, books)[:2], measure)
    before = Asked(asked.month.plus(-12), asked.under, asked.tier, asked.branch)
    units, counted, is_final = _counted(db, scope, before, books)
    earlier = _places(units, counted, measure) if is_final else []
    last_year = {unit.id: place for place, unit, _ in earlier}
    return [Rank(place, unit.code, unit.name, ratio, last_year.get(unit.id)) for place, unit, ratio in now]


def _places(
    units: list[Unit], counted: Mapping[UnitId, Figures], measure: Measure
) -> list[tuple[int, Unit, Ratio]]:
    rated = [
        (percent, unit, ratio)
        for unit in units
        if (percent := (ratio := counted[unit.id].ratio(measure)).percent) is not None
    ]
    best_first = measure is not Measure.DORMANT
    rated.sort(key=lambda one: -one[0] if best_first else one[0])
    places: list[tuple[int, Unit, Ratio]] = []
    shared, before = 0, -1.0
    for number, (percent, unit, ratio) in enumerate(rated, 1):
        if percent != before:
            shared, before = number, percent
        places.append((shared, unit, ratio))
    return places


def _counted(
    db: Reader, scope: Scope, asked: Asked, books: Books
) -> tuple[list[Unit], Mapping[UnitId, Figures], bool]:
    """The units that are asked for and may be seen, the figures of the month, and whether these are final."""
    today = vietnam_day(db.clock())
    if asked.month > month_of(today):
        raise MonthAhead(str(asked.month))
    day = min(asked.month.last, today)
    units = _visible(db, scope, day)
    if asked.under is not None:
        below = set(directory_units.subtree(units, asked.under))
        known = {unit.id for unit in units}
        if asked.under not in known and asked.under not in {one.id for one in _visible(db, scope, today)}:
            raise OutOfScopeError(Deed.SEE, str(asked.under))
        units = [
            unit for unit in units if unit.id in below & known
        ]  # none where it is younger than the month
    counted, is_final = books.figures(db, asked.month)
    return (
        [
            unit
            for unit in units
            if unit.id in counted
            and (asked.tier is None or unit.tier is asked.tier)
            and (asked.branch is None or unit.branch is asked.branch)
        ],
        counted,
        is_final,
    )


def _visible(db: Reader, scope: Scope, day: date) -> list[Unit]:
    """Units as they were on that day, those below the roots of the grants: also such as have ended since."""
    units = directory_units.units_on(db.conn, day)
    if scope.on_the_server:
        return units
    roots = {grant.root for grant in scope.grants if scope.kinds(grant.role, Deed.SEE)}
    there = {unit.id for unit in units}
    seen = {unit_id for root in roots & there for unit_id in directory_units.subtree(units, root)}
    return [unit for unit in units if unit.id in seen]

"""Who is now whom: the units and boxes that took over from those that have ended, also over several reforms."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from directory.model import SuccessionAspect, Unit, UnitId
from directory.repository.units import successors_of, units_on
from directory.tables import unit_successions, unit_versions

MAX_STEPS: Final = 50  # reforms in a row; no unit has lived through so many


def now_whom(conn: Connection, unit_id: UnitId, on: date) -> dict[SuccessionAspect, list[Unit]]:
    """The units in force on the day that a unit's staff, address and archive have come to; a unit in force has none."""
    living = {unit.id: unit for unit in units_on(conn, on)}
    if unit_id in living:
        return {}
    return {
        aspect: [living[number] for number in sorted(found)]
        for aspect in SuccessionAspect
        if (found := _follow(conn, unit_id, aspect, living))
    }


def _follow(
    conn: Connection, unit_id: UnitId, aspect: SuccessionAspect, living: Iterable[UnitId]
) -> set[UnitId]:
    known = set(living)
    found: set[UnitId] = set()
    seen, waiting = {unit_id}, [unit_id]
    for _ in range(MAX_STEPS):
        later = [
            heir
            for number in waiting
            for heir in successors_of(conn, number).get(aspect, [])
            if heir not in seen
        ]
        found |= {heir for heir in later if heir in known}
        seen |= set(later)
        waiting = [heir for heir in later if heir not in known]
        if not waiting:
            break
    return found


def heirs_of_name(conn: Connection, words: Sequence[str], on: date, limit: int) -> list[tuple[Unit, str]]:
    """Units in force that have the addresses of ended ones whose last name holds these folded words, with that name."""
    version = unit_versions.c
    query = (
        select(version.unit_id, version.name)
        .join(unit_successions, unit_successions.c.predecessor_id == version.unit_id)
        .where(
            unit_successions.c.aspect == SuccessionAspect.ADDRESS.value,
            version.valid_to <= on.isoformat(),
            *(version.name_fold.like(f"% {word}%") for word in words),
        )
        .order_by(version.valid_to.desc(), version.unit_id)
        .limit(limit * 4)
    )
    living = {unit.id: unit for unit in units_on(conn, on)}
    found: dict[UnitId, tuple[Unit, str]] = {}
    for unit_id, name in conn.execute(query).all():
        for heir in sorted(_follow(conn, UnitId(unit_id), SuccessionAspect.ADDRESS, living)):
            found.setdefault(heir, (living[heir], name))
    return list(found.values())[:limit]

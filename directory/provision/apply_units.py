"""A plan of units made true: whole tables of rows in the caller's transaction."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from directory import audit
from directory.model import PlaceId, PlaceKind, Tier, UnitId
from directory.names import fold, text_fold, text_sort_key
from directory.provision.plan import (
    AppliedUnits,
    NewUnit,
    PlanDriftedError,
    PlanRefusedError,
    UnitChange,
    UnitPlan,
)
from directory.repository.rows import allocate_ids, insert_rows
from directory.repository.units import UNITS, to_unit, unit_ids_by_code
from directory.tables import place_versions, places, unit_identifiers, unit_versions, units

# A place named in a roster shows its kind by its first word.
_KINDS: Final = (
    ("phuong ", PlaceKind.WARD),
    ("dac khu ", PlaceKind.SPECIAL_ZONE),
    ("thi tran ", PlaceKind.TOWNSHIP),
    ("xa ", PlaceKind.COMMUNE),
    ("huyen ", PlaceKind.DISTRICT),
    ("quan ", PlaceKind.DISTRICT),
    ("thi xa ", PlaceKind.DISTRICT),
)
_KIND_OF_TIER: Final = {
    Tier.PROVINCE: PlaceKind.PROVINCE,
    Tier.DISTRICT: PlaceKind.DISTRICT,
    Tier.COMMUNE: PlaceKind.COMMUNE,
}


def apply_units(conn: Connection, plan: UnitPlan, *, at: int, actor: str) -> AppliedUnits:
    """Make, change and move the units of a plan, or nothing: what is raised undoes the caller's transaction."""
    if plan.refused:
        raise PlanRefusedError(f"{plan.counts['refused']} lines are refused")
    altered = (*plan.changes, *plan.moves)
    id_of = unit_ids_by_code(conn)
    _refuse_drift(conn, plan.creates, altered, id_of)
    created = {
        new.code: UnitId(unit_id)
        for new, unit_id in zip(plan.creates, allocate_ids(conn, units, len(plan.creates)), strict=True)
    }
    id_of |= created
    place_of = _places(conn, [*plan.creates, *(change.after for change in altered)], plan.effective_on, at)

    insert_rows(
        conn, units, [{"id": unit_id, "code": code, "created_at": at} for code, unit_id in created.items()]
    )
    insert_rows(
        conn, unit_versions, [_version(new, new.period.valid_from, id_of, place_of) for new in plan.creates]
    )
    _store_versions(conn, altered, plan.effective_on, id_of, place_of)
    _store_identifiers(conn, [*plan.creates, *(change.after for change in altered)], plan.effective_on, id_of)
    audit.record(conn, actor, "unit.import", "plan", plan.counts, at)
    return AppliedUnits(created, place_of)


def _refuse_drift(
    conn: Connection, creates: Iterable[NewUnit], altered: Iterable[UnitChange], id_of: Mapping[str, UnitId]
) -> None:
    taken = [new.code for new in creates if new.code in id_of]
    if taken:
        raise PlanDriftedError(f"made meanwhile: {', '.join(taken[:5])}")
    wanted = {change.before.id: change.before for change in altered}
    if not wanted:
        return
    present = {}
    for row in conn.execute(UNITS):
        unit = to_unit(row)
        if unit.id in wanted and unit.period.valid_from == wanted[unit.id].period.valid_from:
            present[unit.id] = unit
    drifted = [before.code for unit_id, before in wanted.items() if present.get(unit_id) != before]
    if drifted:
        raise PlanDriftedError(f"changed meanwhile: {', '.join(drifted[:5])}")


def _places(conn: Connection, named: Iterable[NewUnit], on: date, at: int) -> dict[str, PlaceId]:
    """The places that the units name; those not yet known are made, under the name given."""
    known = {row[0]: PlaceId(row[1]) for row in conn.execute(select(places.c.code, places.c.id))}
    new: dict[str, NewUnit] = {}
    for unit in named:
        if unit.place and unit.place not in known:
            new.setdefault(unit.place, unit)
    ids = dict(zip(new, allocate_ids(conn, places, len(new)), strict=True))
    insert_rows(conn, places, [{"id": ids[code], "code": code, "created_at": at} for code in new])
    insert_rows(
        conn,
        place_versions,
        [
            {
                "place_id": ids[code],
                "name": code,
                "kind": place_kind(code, unit.tier).value,
                "tier": unit.tier.value,
                "valid_from": min(unit.period.valid_from, on).isoformat(),
            }
            for code, unit in new.items()
        ],
    )
    return known | {code: PlaceId(place_id) for code, place_id in ids.items()}


def place_kind(name: str, tier: Tier) -> PlaceKind:
    """What kind of place a name says that it is, by its first word; else the usual kind of its tier."""
    folded = fold(name)
    return next((kind for prefix, kind in _KINDS if folded.startswith(prefix)), _KIND_OF_TIER[tier])


def _version(
    new: NewUnit, valid_from: date, id_of: Mapping[str, UnitId], place_of: Mapping[str, PlaceId]
) -> dict[str, Any]:
    return {
        "unit_id": id_of[new.code],
        "name": new.name,
        "short_name": new.short_name,
        "parent_id": id_of[new.parent] if new.parent else None,
        "tier": new.tier.value,
        "branch": new.branch.value,
        "place_id": place_of[new.place] if new.place else None,
        "headcount": new.headcount,
        "name_fold": text_fold(f"{new.name} {new.short_name}"),
        "sort_key": text_sort_key(new.name),
        "valid_from": valid_from.isoformat(),
        "valid_to": None if new.period.valid_to is None else new.period.valid_to.isoformat(),
    }


def _store_versions(
    conn: Connection,
    altered: Iterable[UnitChange],
    on: date,
    id_of: Mapping[str, UnitId],
    place_of: Mapping[str, PlaceId],
) -> None:
    """A version that began before the day ends on it and a new one follows; any other is corrected where it stands."""
    corrected: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    followed: list[dict[str, Any]] = []
    for change in altered:
        start = change.before.period.valid_from
        only_ends = {item.field for item in change.fields} <= {"valid_to", "identifier"}
        if only_ends or start >= on or not change.before.period.holds(on):
            row = _version(change.after, start, id_of, place_of)
            corrected.append({f"new_{name}": value for name, value in row.items()})
        else:
            ended.append({"of_unit": change.before.id, "of_day": start.isoformat(), "end": on.isoformat()})
            followed.append(_version(change.after, on, id_of, place_of))
    if corrected:
        columns = [name.removeprefix("new_") for name in corrected[0]]
        keys = {"unit_id", "valid_from"}
        conn.execute(
            update(unit_versions)
            .where(
                unit_versions.c.unit_id == bindparam("new_unit_id"),
                unit_versions.c.valid_from == bindparam("new_valid_from"),
            )
            .values({name: bindparam(f"new_{name}") for name in columns if name not in keys}),
            corrected,
        )
    if ended:
        conn.execute(
            update(unit_versions)
            .where(
                unit_versions.c.unit_id == bindparam("of_unit"),
                unit_versions.c.valid_from == bindparam("of_day"),
            )
            .values(valid_to=bindparam("end")),
            ended,
        )
    insert_rows(conn, unit_versions, followed)


def _store_identifiers(
    conn: Connection, named: Iterable[NewUnit], on: date, id_of: Mapping[str, UnitId]
) -> None:
    """A new identifier ends the one of the same scheme that the unit had."""
    given = [(unit, unit.identifier) for unit in named if unit.identifier is not None]
    if not given:
        return
    conn.execute(
        update(unit_identifiers)
        .where(
            unit_identifiers.c.unit_id == bindparam("of_unit"),
            unit_identifiers.c.scheme == bindparam("of_scheme"),
            unit_identifiers.c.valid_to.is_(None),
        )
        .values(valid_to=bindparam("end")),
        [
            {"of_unit": id_of[unit.code], "of_scheme": identifier[0], "end": on.isoformat()}
            for unit, identifier in given
        ],
    )
    insert_rows(
        conn,
        unit_identifiers,
        [
            {
                "unit_id": id_of[unit.code],
                "scheme": identifier[0],
                "value": identifier[1],
                "valid_from": on.isoformat(),
            }
            for unit, identifier in given
        ],
    )

"""Units from a roster: what would be made, changed, moved or refused. Reads only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from directory.model import Period, Unit, UnitId
from directory.provision.csv_rows import Sheet, UnitRow
from directory.provision.faults import Fault, Remark
from directory.provision.plan import FieldChange, NewUnit, Plan, UnitChange, UnitPlan
from directory.repository.units import UNITS, account_counts, to_unit
from directory.scope import Deed, Scope
from directory.tables import place_versions, places, unit_identifiers, unit_versions, units

_Identifiers = Mapping[tuple[str, str], str]
_CYCLE_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class _Known:
    """The directory as a plan of units needs it."""

    by_code: Mapping[str, Unit]  # the version of the day, or else the last one
    code_of: Mapping[UnitId, str]
    places: Mapping[int, str]
    identifiers: _Identifiers  # (scheme, value) -> code of the unit that has it
    boxes: Mapping[UnitId, int]


def plan_units(
    conn: Connection, scope: Scope, sheet: Sheet[UnitRow], *, on: date, strict_branches: bool = False
) -> UnitPlan:
    """What importing these rows would do on that day. Lines outside of the scope are refused.

    A parent in another branch is a warning, or a refusal with `strict_branches`; administration never crosses it.
    """
    known = _load(conn, on)
    refused = list(sheet.refused)
    rows = _without_duplicates(sheet.rows, refused)
    _refuse_bad_parents(rows, known, on, refused)
    crossing = _check_branches_and_tiers(rows, known)
    _refuse_identifiers(rows, known, refused)
    _refuse_closing_with_boxes(rows, known, on, refused)
    _refuse_out_of_scope(scope, rows, known, refused)
    branch_faults = [remark for remark in crossing if remark.fault is Fault.OTHER_BRANCH]
    if strict_branches:
        refused += branch_faults
    warnings = [remark for remark in crossing if not (strict_branches and remark.fault is Fault.OTHER_BRANCH)]

    bad_lines = {remark.line for remark in refused}
    creates: list[NewUnit] = []
    changes: list[UnitChange] = []
    moves: list[UnitChange] = []
    unchanged = 0
    for row in rows.values():
        if row.line in bad_lines:
            continue
        before = known.by_code.get(row.code)
        if before is None:
            creates.append(_new_unit(row, on))
            continue
        change = _compare(row, before, known)
        if change is None:
            unchanged += 1
        elif any(item.field == "parent" for item in change.fields):
            moves.append(change)
        else:
            changes.append(change)
    return Plan(
        effective_on=on,
        creates=tuple(creates),
        changes=tuple(changes),
        moves=tuple(moves),
        unchanged=unchanged,
        refused=tuple(sorted(refused, key=lambda remark: remark.line)),
        warnings=(*sheet.warnings, *warnings),
    )


def _load(conn: Connection, on: date) -> _Known:
    by_code: dict[str, Unit] = {}
    for row in conn.execute(UNITS.order_by(units.c.id, unit_versions.c.valid_from)):
        unit = to_unit(row)
        earlier = by_code.get(unit.code)
        if earlier is None or not earlier.period.holds(on):
            by_code[unit.code] = unit
    open_identifiers = (
        select(unit_identifiers.c.scheme, unit_identifiers.c.value, units.c.code)
        .join(units, units.c.id == unit_identifiers.c.unit_id)
        .where(unit_identifiers.c.valid_to.is_(None) | (unit_identifiers.c.valid_to > on.isoformat()))
    )
    named_places = select(places.c.id, places.c.code, place_versions.c.name).join(
        place_versions, place_versions.c.place_id == places.c.id
    )
    return _Known(
        by_code=by_code,
        code_of={unit.id: unit.code for unit in by_code.values()},
        places={row[0]: row[1] for row in conn.execute(named_places)},
        identifiers={(row[0], row[1]): row[2] for row in conn.execute(open_identifiers)},
        boxes=account_counts(conn),
    )


def _without_duplicates(rows: Iterable[UnitRow], refused: list[Remark]) -> dict[str, UnitRow]:
    first: dict[str, UnitRow] = {}
    for row in rows:
        earlier = first.setdefault(row.code, row)
        if earlier is not row:
            refused.append(
                Remark(row.line, "code", Fault.DUPLICATE, {"value": row.code, "line": str(earlier.line)})
            )
    return first


def _refuse_bad_parents(rows: Mapping[str, UnitRow], known: _Known, on: date, refused: list[Remark]) -> None:
    """Every parent exists and is in force, and every line leads to a root."""
    parent_of = {
        unit.code: known.code_of.get(unit.parent_id, "") if unit.parent_id is not None else ""
        for unit in known.by_code.values()
    }
    parent_of |= {row.code: row.parent for row in rows.values()}
    sound: set[str] = {""}
    for row in rows.values():
        if row.parent and row.parent not in parent_of:
            refused.append(Remark(row.line, "parent", Fault.UNKNOWN_PARENT, {"value": row.parent}))
            continue
        if row.parent and _in_force(row.code, rows, known, on) and not _in_force(row.parent, rows, known, on):
            refused.append(Remark(row.line, "parent", Fault.PARENT_ENDED, {"value": row.parent}))
            continue
        cycle = _cycle_from(row.code, parent_of, sound)
        if row.code in cycle:
            shown = [*cycle[:_CYCLE_SHOWN], "…"] if len(cycle) > _CYCLE_SHOWN else [*cycle, cycle[0]]
            refused.append(Remark(row.line, "parent", Fault.CYCLE, {"path": " → ".join(shown)}))


def _cycle_from(start: str, parent_of: Mapping[str, str], sound: set[str]) -> list[str]:
    """The circle that the way up from `start` runs into, or []; codes that reach a root are remembered."""
    path: list[str] = []
    seen: dict[str, int] = {}
    code = start
    while code not in sound and code in parent_of:
        if code in seen:
            return path[seen[code] :]
        seen[code] = len(path)
        path.append(code)
        code = parent_of[code]
    sound.update(path)
    return []


def _in_force(code: str, rows: Mapping[str, UnitRow], known: _Known, on: date) -> bool:
    """Whether the unit is in force on the day, once the rows are applied."""
    row, unit = rows.get(code), known.by_code.get(code)
    start = unit.period.valid_from if unit is not None else (row.valid_from if row is not None else None)
    end = row.valid_to if row is not None and row.valid_to is not None else None
    if end is None and unit is not None:
        end = unit.period.valid_to
    return Period(start or on, end).holds(on)


def _check_branches_and_tiers(rows: Mapping[str, UnitRow], known: _Known) -> list[Remark]:
    found: list[Remark] = []
    for row in rows.values():
        parent: UnitRow | Unit | None = rows.get(row.parent) or known.by_code.get(row.parent)
        if parent is None:
            continue
        if parent.branch is not row.branch:
            values = {"value": row.parent, "branch": row.branch.value, "parent_branch": parent.branch.value}
            found.append(Remark(row.line, "branch", Fault.OTHER_BRANCH, values))
        if row.tier.depth < parent.tier.depth:
            values = {"value": row.parent, "tier": row.tier.value, "parent_tier": parent.tier.value}
            found.append(Remark(row.line, "tier", Fault.ABOVE_PARENT, values))
    return found


def _refuse_identifiers(rows: Mapping[str, UnitRow], known: _Known, refused: list[Remark]) -> None:
    owner_of = dict(known.identifiers)
    for row in rows.values():
        if row.identifier is None:
            continue
        owner = owner_of.setdefault(row.identifier, row.code)
        if owner != row.code:
            values = {"value": row.identifier[1], "owner": owner}
            refused.append(Remark(row.line, "identifier", Fault.IDENTIFIER_TAKEN, values))


def _refuse_closing_with_boxes(
    rows: Mapping[str, UnitRow], known: _Known, on: date, refused: list[Remark]
) -> None:
    """A unit with boxes, or with units under it, does not end by a roster; reorganisations move them first."""
    closing = {
        unit.id: row
        for code, row in rows.items()
        if (unit := known.by_code.get(code)) is not None and not _in_force(code, rows, known, on)
    }
    left = {unit_id: known.boxes.get(unit_id, 0) for unit_id in closing}
    for child in known.by_code.values():
        stays = child.code not in rows and child.period.holds(
            on
        )  # the rows of the file were looked at before
        if child.parent_id in left and stays:
            left[child.parent_id] += 1
    for unit_id, row in closing.items():
        if left[unit_id] and known.by_code[row.code].period.holds(on):
            values = {"value": row.code, "count": str(left[unit_id])}
            refused.append(Remark(row.line, "valid_to", Fault.HAS_ACCOUNTS, values))


def _refuse_out_of_scope(
    scope: Scope, rows: Mapping[str, UnitRow], known: _Known, refused: list[Remark]
) -> None:
    """A unit, its parent and its branch are the administrator's own; only the console makes roots."""

    def allowed(code: str) -> bool:
        unit = known.by_code.get(code)
        return scope.may(Deed.REORGANISE, unit.id if unit is not None else None)

    for row in () if scope.on_the_server else rows.values():
        parent: UnitRow | Unit | None = rows.get(row.parent) or known.by_code.get(row.parent)
        before = known.by_code.get(row.code)
        own_parent = allowed(row.parent) if row.parent in known.by_code else row.parent in rows
        same_branch = parent is not None and parent.branch is row.branch
        stays_root = before is not None and before.parent_id is None and not row.parent
        if before is not None and not allowed(row.code):
            refused.append(Remark(row.line, "code", Fault.OUT_OF_SCOPE, {"value": row.code}))
        elif stays_root and before is not None and before.branch is row.branch:
            continue
        elif row.parent and parent is None:
            continue  # refused for that already
        elif not (own_parent and same_branch):
            refused.append(Remark(row.line, "parent", Fault.OUT_OF_SCOPE, {"value": row.parent or row.code}))


def _new_unit(row: UnitRow, on: date) -> NewUnit:
    start = row.valid_from or (min(on, row.valid_to) if row.valid_to is not None else on)
    return NewUnit(
        line=row.line,
        code=row.code,
        name=row.name,
        short_name=row.short_name or "",
        parent=row.parent,
        tier=row.tier,
        branch=row.branch,
        place=row.place or "",
        headcount=row.headcount,
        identifier=row.identifier,
        period=Period(start, row.valid_to),
    )


def _compare(row: UnitRow, before: Unit, known: _Known) -> UnitChange | None:
    """What the row changes in the unit; a column that says nothing changes nothing."""
    old_parent = known.code_of.get(before.parent_id, "") if before.parent_id is not None else ""
    old_place = known.places.get(before.place_id, "") if before.place_id is not None else ""
    old_identifier = known.identifiers.get(row.identifier) == row.code if row.identifier else True
    after = NewUnit(
        line=row.line,
        code=row.code,
        name=row.name,
        short_name=row.short_name if row.short_name is not None else before.short_name,
        parent=row.parent,
        tier=row.tier,
        branch=row.branch,
        place=row.place if row.place is not None else old_place,
        headcount=row.headcount if row.headcount is not None else before.headcount,
        identifier=None if old_identifier else row.identifier,
        period=Period(
            before.period.valid_from, row.valid_to if row.valid_to is not None else before.period.valid_to
        ),
    )
    pairs = (
        ("name", before.name, after.name),
        ("short_name", before.short_name, after.short_name),
        ("parent", old_parent, after.parent),
        ("tier", before.tier.value, after.tier.value),
        ("branch", before.branch.value, after.branch.value),
        ("place", old_place, after.place),
        ("headcount", _text(before.headcount), _text(after.headcount)),
        ("identifier", "", after.identifier[1] if after.identifier else ""),
        ("valid_to", _text(before.period.valid_to), _text(after.period.valid_to)),
    )
    fields = tuple(FieldChange(name, old, new) for name, old, new in pairs if old != new)
    return UnitChange(row.line, before, after, fields) if fields else None


def _text(value: date | int | None) -> str:
    return "" if value is None else str(value)

"""A roster as an exact plan: its words become units and people of the directory, its rows those of design §9."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from directory.model import AccountKind, Unit, UnitId
from directory.provision.accounts import plan_rows
from directory.provision.csv_rows import AccountRow, Sheet
from directory.provision.faults import Fault, Remark
from directory.provision.known import Known, ProvisionSettings, load
from directory.provision.plan import AccountPlan
from directory.roster.find_unit import Miss, Missed, UnitFinder
from directory.roster.grid import Remarks
from directory.roster.people import PersonRow
from directory.roster.read import Roster
from directory.roster.recognise import Recogniser
from directory.scope import Deed, Scope


@dataclass(frozen=True, slots=True)
class RosterPlan:
    """The plan, and the rows that it can be made from again on another day."""

    plan: AccountPlan
    sheet: Sheet[AccountRow]
    whole_units: frozenset[UnitId]


def plan_roster(
    conn: Connection,
    scope: Scope,
    roster: Roster,
    *,
    on: date,
    settings: ProvisionSettings,
    unit: str | None = None,
    lock_missing: bool = False,
) -> RosterPlan:
    """What importing the roster would do on that day; lines outside of the scope are refused.

    `unit` is the code of the unit that names without more are sought under. With `lock_missing` the roster is taken for
    the whole of every unit that it names: whoever is there and not in it will be locked.
    """
    known = load(conn, on, settings)
    found = Remarks(list(roster.refused), list(roster.warnings))
    rows = tuple(_rows(known, scope, roster, found, unit))
    named = {known.units[row.unit].id for row in rows}
    whole = frozenset(named) if lock_missing else frozenset[UnitId]()
    sheet = Sheet(rows, tuple(found.refused), tuple(found.warnings))
    plan = plan_rows(known, scope, sheet, whole_units=whole)
    refused = tuple(_as_in_file(remark, roster) for remark in plan.refused)
    warnings = sorted((_as_in_file(remark, roster) for remark in plan.warnings), key=lambda item: item.line)
    return RosterPlan(replace(plan, refused=refused, warnings=tuple(warnings)), sheet, whole)


def _as_in_file(remark: Remark, roster: Roster) -> Remark:
    """The remark under the name that the file gives its column."""
    return replace(remark, field=roster.label_of.get(remark.field, remark.field))


def _rows(
    known: Known, scope: Scope, roster: Roster, found: Remarks, unit: str | None
) -> Iterable[AccountRow]:
    finder = UnitFinder(list(known.units.values()), scope.units(Deed.MANAGE))
    root, is_sound = _root(known, roster, finder, found, unit)
    if not is_sound:
        return
    recogniser = Recogniser(known, found)
    told: set[str] = set()
    for row in roster.rows:
        there = finder.find(row.place, root)
        if isinstance(there, Missed):
            _refuse_unit(row, there, found)
            continue
        if there.beyond and there.beyond not in told:
            told.add(there.beyond)
            values = {"value": there.beyond, "unit": there.unit.name}
            found.warn(row.line, "department", Fault.DEPARTMENT_UNKNOWN, **values)
        who = recogniser.recognise(row)
        if isinstance(who, Remark):
            found.refused.append(who)
            continue
        yield AccountRow(
            line=row.line,
            address=who.address,
            full_name=who.full_name,
            unit=there.unit.code,
            kind=AccountKind.PERSONAL,
            role=row.role,
            title=row.title,
            identifier=who.identifier,
            birth_date=row.birth_date,
            phone=row.phone,
            parts=row.parts,
        )


def _root(
    known: Known, roster: Roster, finder: UnitFinder, found: Remarks, unit: str | None
) -> tuple[Unit | None, bool]:
    """The unit that the roster is of: as it was said, else as the titles above the list say."""
    if unit is not None:
        given = known.units.get(unit)
        if given is None:
            found.refuse(1, "unit", Fault.UNKNOWN_UNIT, value=unit)
        return given, given is not None
    titled = finder.in_titles(roster.titles)
    if titled is not None and any(_says_too_little(finder, row) for row in roster.rows):
        found.warn(1, "unit", Fault.UNIT_FROM_TITLE, value=f"{titled.name} ({titled.code})")
    return titled, True


def _says_too_little(finder: UnitFinder, row: PersonRow) -> bool:
    return isinstance(finder.find(row.place), Missed)


def _refuse_unit(row: PersonRow, missed: Missed, found: Remarks) -> None:
    if missed.why is Miss.NOTHING_SAID:
        found.refuse(row.line, "unit", Fault.NO_UNIT)
    elif missed.why is Miss.AMBIGUOUS:
        listed = ", ".join(missed.fitting[:6])
        found.refuse(row.line, "unit", Fault.AMBIGUOUS_UNIT, value=missed.text, expected=listed)
    else:
        under = f" ({missed.under.name})" if missed.under is not None else ""
        found.refuse(row.line, "unit", Fault.UNKNOWN_UNIT_NAME, value=missed.text, under=under)

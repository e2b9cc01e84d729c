"""Mức độ bao phủ: which units have a box, and in which places every agency is reached. Counted within the scope."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from sqlalchemy import Connection, and_, func, or_, select

from directory.model import AccountKind, AccountState, AddressKind
from directory.scope import Deed, Scope
from directory.sheet_cells import put, put_row
from directory.tables import accounts, addresses, place_versions, places, unit_versions, units

_v: Final = unit_versions.c
_p: Final = place_versions.c


@dataclass(frozen=True, slots=True)
class UnitReach:
    """One unit, its box where it has one, and how many people in it have theirs."""

    code: str
    name: str
    tier: str
    branch: str
    place: str  # code, or ""
    box: str  # address, or "" where nobody can write to the unit
    people: int


@dataclass(frozen=True, slots=True)
class PlaceReach:
    """One place: how many of its units can be written to."""

    code: str
    name: str
    units: int
    reached: int

    @property
    def complete(self) -> bool:
        """Whether every agency of the place is reached."""
        return self.reached == self.units


@dataclass(frozen=True, slots=True)
class Coverage:
    """The report of one day."""

    on: date
    units: tuple[UnitReach, ...]
    places: tuple[PlaceReach, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Numerators with their denominators."""
        return {
            "units": len(self.units),
            "units_with_box": sum(bool(unit.box) for unit in self.units),
            "places": len(self.places),
            "places_reached": sum(place.complete for place in self.places),
        }


def coverage(conn: Connection, scope: Scope, on: date) -> Coverage:
    """What is reached of what the administrator sees."""
    day = on.isoformat()
    query = (
        select(units.c.id, units.c.code, _v.name, _v.tier, _v.branch, places.c.code)
        .join(
            unit_versions,
            and_(
                _v.unit_id == units.c.id, _v.valid_from <= day, or_(_v.valid_to.is_(None), _v.valid_to > day)
            ),
        )
        .outerjoin(places, places.c.id == _v.place_id)
        .where(scope.units_where(Deed.SEE))
        .order_by(_v.sort_key, units.c.id)
    )
    boxes = _boxes(conn)
    people = _people(conn)
    found = tuple(
        UnitReach(row[1], row[2], row[3], row[4], row[5] or "", boxes.get(row[0], ""), people.get(row[0], 0))
        for row in conn.execute(query)
    )
    inside: defaultdict[str, list[UnitReach]] = defaultdict(list)
    for unit in found:
        if unit.place:
            inside[unit.place].append(unit)
    names = _place_names(conn, day)
    by_place = tuple(
        PlaceReach(code, names.get(code, code), len(some), sum(bool(unit.box) for unit in some))
        for code, some in sorted(inside.items())
    )
    return Coverage(on, found, by_place)


def coverage_to_json(report: Coverage) -> dict[str, Any]:
    """The report as `--json` gives it."""
    return {
        "on": report.on.isoformat(),
        **report.counts,
        "without_box": [
            {"code": unit.code, "name": unit.name, "place": unit.place, "people": unit.people}
            for unit in report.units
            if not unit.box
        ],
        "by_place": [
            {
                "code": place.code,
                "name": place.name,
                "units": place.units,
                "reached": place.reached,
                "complete": place.complete,
            }
            for place in report.places
        ],
    }


def coverage_workbook(report: Coverage) -> bytes:
    """The report as a workbook: a sheet of units, a sheet of places."""
    book = Workbook()
    counts = report.counts
    page = book.worksheets[0]
    page.title = "Đơn vị"
    put(
        page,
        1,
        1,
        f"Đơn vị có hộp thư: {counts['units_with_box']}/{counts['units']} ({report.on:%d/%m/%Y})",
        bold=True,
    )
    put_row(page, 3, ("Mã", "Tên đơn vị", "Cấp", "Khối", "Địa bàn", "Hộp thư đơn vị", "Số người"), bold=True)
    for row, unit in enumerate(report.units, 4):
        values = (
            unit.code,
            unit.name,
            unit.tier,
            unit.branch,
            unit.place,
            unit.box or "CHƯA CÓ",
            unit.people,
        )
        put_row(page, row, values)
    other = book.create_sheet("Địa bàn")
    put(other, 1, 1, f"Địa bàn đã đủ hộp thư: {counts['places_reached']}/{counts['places']}", bold=True)
    put_row(other, 3, ("Mã", "Địa bàn", "Số đơn vị", "Có hộp thư", "Đã đủ"), bold=True)
    for row, place in enumerate(report.places, 4):
        complete = "x" if place.complete else ""
        put_row(other, row, (place.code, place.name, place.units, place.reached, complete))
    for sheet in (page, other):
        for column, width in enumerate((18, 44, 12, 12, 18, 34, 10), 1):
            sheet.column_dimensions[get_column_letter(column)].width = width
    octets = BytesIO()
    book.save(octets)
    return octets.getvalue()


def _boxes(conn: Connection) -> dict[int, str]:
    """The address of each unit's box in use; the oldest where it has several."""
    query = (
        select(accounts.c.unit_id, addresses.c.key)
        .join(
            addresses,
            and_(addresses.c.account_id == accounts.c.id, addresses.c.kind == AddressKind.PRIMARY.value),
        )
        .where(
            accounts.c.kind == AccountKind.UNIT.value,
            accounts.c.state == AccountState.ACTIVE.value,
            accounts.c.unit_id.is_not(None),
        )
        .order_by(accounts.c.id.desc())
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def _people(conn: Connection) -> dict[int, int]:
    query = (
        select(accounts.c.unit_id, func.count())
        .where(
            accounts.c.kind == AccountKind.PERSONAL.value,
            accounts.c.state == AccountState.ACTIVE.value,
            accounts.c.unit_id.is_not(None),
        )
        .group_by(accounts.c.unit_id)
    )
    return {row[0]: int(row[1]) for row in conn.execute(query)}


def _place_names(conn: Connection, day: str) -> dict[str, str]:
    query = (
        select(places.c.code, _p.name)
        .join(place_versions, _p.place_id == places.c.id)
        .where(_p.valid_from <= day, or_(_p.valid_to.is_(None), _p.valid_to > day))
    )
    return {row[0]: row[1] for row in conn.execute(query)}

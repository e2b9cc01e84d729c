"""What may be done to units: the words of a reorganisation, from options or from a spreadsheet of many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from directory.provision.csv_rows import MAX_ADDRESS, MAX_CODE, MAX_NAME, Cells, Sheet, one_row, read_rows
from directory.provision.faults import Fault, Remark


class Verb(StrEnum):
    """What a line of the spreadsheet does."""

    MERGE = "merge"  # hợp nhất, sáp nhập
    SPLIT = "split"  # chia, tách
    DISSOLVE = "dissolve"  # giải thể
    RENAME = "rename"  # đổi tên
    MOVE = "move"  # chuyển đơn vị cấp trên
    ASSIGN = "assign"  # ai về đâu khi chia, tách
    READDRESS = "readdress"  # chuyển sang tên miền khác
    END_PLACE = "end_place"  # sáp nhập, giải thể địa bàn


@dataclass(frozen=True, slots=True)
class Ending:
    """A unit that ends, and who takes over what (domain, 1 July 2025: staff, address and archive may differ)."""

    line: int
    verb: Verb
    code: str
    staff_to: str = ""
    also_to: tuple[str, ...] = ()  # further successors of a unit that is split
    address_to: str = ""  # "": letters still come to the old box
    archive_to: str = ""  # whose people read the old box
    custodian: str = ""  # or one person who does
    staff: Mapping[str, str] = field(
        default_factory=dict
    )  # address -> code, of those who do not go to `staff_to`


@dataclass(frozen=True, slots=True)
class Renaming:
    """A unit gets another name from a day on."""

    line: int
    code: str
    name: str
    short_name: str | None = None


@dataclass(frozen=True, slots=True)
class Moving:
    """A unit comes under another one."""

    line: int
    code: str
    parent: str


@dataclass(frozen=True, slots=True)
class Readdressing:
    """The boxes of a unit and of all below it get addresses of another domain; the old ones stay as aliases."""

    line: int
    code: str
    domain: str


@dataclass(frozen=True, slots=True)
class PlaceEnding:
    """A place that ends; what lies in it comes to another place, or to the place above where none is named."""

    line: int
    code: str
    into: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Somebody of a unit that is split goes to this successor."""

    line: int
    code: str
    address: str
    unit: str


Act = Ending | Renaming | Moving | Readdressing | PlaceEnding
_Row = Act | Assignment

COLUMNS: Final = ("action", "code")
EXTRAS: Final = (
    "into",
    "address_to",
    "archive_to",
    "custodian",
    "name",
    "short_name",
    "parent",
    "address",
    "domain",
)
MAX_SUCCESSORS: Final = 20


def read_acts(data: bytes) -> Sheet[Act]:
    """Many at once, CSV or XLSX: `action,code,into,address_to,archive_to,custodian,name,short_name,parent,address,domain`.

    A unit is split `into` several with `;` between; who does not go to the first of them has a line `assign` with
    `address` and `into`. A workbook that is none is one refusal.
    """
    from directory.roster import RosterFileError, table_octets  # openpyxl: half a second of every start

    try:
        sheet: Sheet[_Row] = read_rows(table_octets(data), COLUMNS, EXTRAS, _row)
    except RosterFileError as error:
        return Sheet((), refused=(error.remark,))
    return _folded(sheet)


def acts_of(lines: Sequence[Mapping[str, str]]) -> Sheet[Act]:
    """Acts from the options of a command or the lines of a request, checked as those of a file are."""
    sheets: list[Sheet[_Row]] = [one_row(values, line, _row) for line, values in enumerate(lines, 1)]
    rows = tuple(row for sheet in sheets for row in sheet.rows)
    return _folded(Sheet(rows, tuple(remark for sheet in sheets for remark in sheet.refused)))


def _folded(sheet: Sheet[_Row]) -> Sheet[Act]:
    """Every assignment put to the split that it belongs to; one that belongs to none, or goes astray, is refused."""
    given = [row for row in sheet.rows if isinstance(row, Assignment)]
    acts: list[Act] = [row for row in sheet.rows if not isinstance(row, Assignment)]
    refused = list(sheet.refused)
    for row in given:
        at = next((n for n, one in enumerate(acts) if isinstance(one, Ending) and one.code == row.code), None)
        ending = acts[at] if at is not None else None
        if at is None or not isinstance(ending, Ending):
            refused.append(Remark(row.line, "code", Fault.NOT_SPLIT, {"value": row.code}))
        elif row.unit not in {ending.staff_to, *ending.also_to}:
            expected = ", ".join((ending.staff_to, *ending.also_to))
            values = {"value": row.unit, "expected": expected}
            refused.append(Remark(row.line, "into", Fault.BAD_CHOICE, values))
        else:
            acts[at] = replace(ending, staff={**ending.staff, row.address: row.unit})
    return Sheet(tuple(acts), tuple(refused), sheet.warnings)


def read_staff(data: bytes) -> Sheet[tuple[int, str, str]]:
    """Who goes where when a unit is split: `address,unit`."""
    return read_rows(data, ("address", "unit"), (), _staff)


def _staff(cells: Cells) -> tuple[int, str, str] | None:
    address = cells.text("address", MAX_ADDRESS, required=True)
    unit = cells.code("unit", required=True)
    return None if cells.faults else (cells.line, address, unit)


def _row(cells: Cells) -> _Row | None:
    verb = cells.choice("action", Verb)
    code = cells.code("code", required=True)
    if verb is Verb.ASSIGN:
        address, unit = cells.text("address", MAX_ADDRESS, required=True), cells.code("into", required=True)
        return None if cells.faults else Assignment(cells.line, code, address, unit)
    if verb is Verb.END_PLACE:
        into = cells.code("into")
        return None if cells.faults else PlaceEnding(cells.line, code, into)
    if verb is Verb.READDRESS:
        domain = cells.text("domain", MAX_ADDRESS, required=True).lower()
        return None if cells.faults else Readdressing(cells.line, code, domain)
    return _act(cells, verb, code)


def _act(cells: Cells, verb: Verb | None, code: str) -> Act | None:
    renames, moves = verb is Verb.RENAME, verb is Verb.MOVE
    name = cells.text("name", MAX_NAME, required=renames)
    parent = cells.code("parent", required=moves)
    into, *also = cells.codes("into", MAX_SUCCESSORS, required=verb in {Verb.MERGE, Verb.SPLIT})
    if also and verb is not Verb.SPLIT:
        cells.fault("into", Fault.ONE_SUCCESSOR)
    address_to, archive_to = cells.code("address_to"), cells.code("archive_to")
    custodian, short_name = cells.text("custodian", MAX_ADDRESS), cells.optional("short_name", MAX_CODE)
    if verb is Verb.DISSOLVE and not custodian and not into:
        cells.fault("custodian", Fault.EMPTY)
    if cells.faults or verb is None:
        return None
    if renames:
        return Renaming(cells.line, code, name, short_name)
    if moves:
        return Moving(cells.line, code, parent)
    dissolved = verb is Verb.DISSOLVE
    return Ending(
        line=cells.line,
        verb=verb,
        code=code,
        staff_to=into,
        also_to=tuple(also),
        address_to=address_to or ("" if dissolved else into),
        archive_to=archive_to or into,
        custodian=custodian,
    )

"""What may be done to units: the words of a reorganisation, from options or from a spreadsheet of many."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from directory.provision.csv_rows import MAX_ADDRESS, MAX_CODE, MAX_NAME, Cells, Sheet, one_row, read_rows
from directory.provision.faults import Fault


class Verb(StrEnum):
    """What a line of the spreadsheet does."""

    MERGE = "merge"  # hợp nhất, sáp nhập
    SPLIT = "split"  # chia, tách
    DISSOLVE = "dissolve"  # giải thể
    RENAME = "rename"  # đổi tên
    MOVE = "move"  # chuyển đơn vị cấp trên


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


Act = Ending | Renaming | Moving

COLUMNS: Final = ("action", "code")
EXTRAS: Final = ("into", "address_to", "archive_to", "custodian", "name", "short_name", "parent")


def read_acts(data: bytes) -> Sheet[Act]:
    """Many at once: `action,code,into,address_to,archive_to,custodian,name,short_name,parent`.

    `split` has no line here: who goes where is a list of its own.
    """
    return read_rows(data, COLUMNS, EXTRAS, _act)


def act(values: Mapping[str, str], line: int = 1) -> Sheet[Act]:
    """One act from the options of a command, checked as a line of a file is."""
    return one_row(values, line, _act)


def read_staff(data: bytes) -> Sheet[tuple[int, str, str]]:
    """Who goes where when a unit is split: `address,unit`."""
    return read_rows(data, ("address", "unit"), (), _staff)


def _staff(cells: Cells) -> tuple[int, str, str] | None:
    address = cells.text("address", MAX_ADDRESS, required=True)
    unit = cells.code("unit", required=True)
    return None if cells.faults else (cells.line, address, unit)


def _act(cells: Cells) -> Act | None:
    verb = cells.choice("action", Verb)
    code = cells.code("code", required=True)
    renames, moves = verb is Verb.RENAME, verb is Verb.MOVE
    name = cells.text("name", MAX_NAME, required=renames)
    parent = cells.code("parent", required=moves)
    into = cells.code("into", required=verb in {Verb.MERGE, Verb.SPLIT})
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
        address_to=address_to or ("" if dissolved else into),
        archive_to=archive_to or into,
        custodian=custodian,
    )

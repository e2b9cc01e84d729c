"""Lines of people as typed rows: every cell that is used is checked here, with its name in the remark."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from directory.address import Address, AddressError
from directory.model import MAX_IDENTIFIER, NameParts, PostRole
from directory.names import split_name, tidy
from directory.provision.csv_rows import MAX_NAME, own_address
from directory.provision.faults import Fault
from directory.roster.columns import Column
from directory.roster.dates import is_plausible, read_birth_date
from directory.roster.grid import EMPTY, Cell, Fill, Grid, Remarks, cell_name
from directory.roster.header import Header
from directory.roster.rows import PersonLine
from directory.roster.titles import role_of

_NOTHING: Final = frozenset(
    {"", "-", "–", "—", "_", ".", "...", "…", "x", "0", "không", "không có", "n/a", "none", "null"}
)
_SALUTATION: Final = re.compile(
    r"(?:ông|bà|anh|chị|đ/c|đc|đồng chí|mr|mrs|ms)\.?:?\s+(?=\S+\s+\S)", re.IGNORECASE
)
_IN_BRACKETS: Final = re.compile(r"\s*\([^()]*\)\s*$")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-zĐđ](?:[0-9A-Za-zĐđ./_-]*[0-9A-Za-zĐđ])?")
_PHONE_SIGNS: Final = re.compile(r"[\s.()'’-]")
_PHONE: Final = re.compile(r"\+?\d{3,15}")  # ITU-T E.164 §6.2.1
_CITIZEN_DIGITS: Final = 12  # Luật Căn cước 2023, điều 12: the personal identification number has 12 digits
_FORMULA_SIGNS: Final = "=+-@"


@dataclass(frozen=True, slots=True)
class PlaceTexts:
    """What a line says of the person's unit: the sections that it stands under, the outermost first, and two columns."""

    sections: tuple[str, ...] = ()
    unit: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person of a roster, before the directory is looked at."""

    line: int
    full_name: str
    parts: NameParts | None  # where the name came in two columns
    place: PlaceTexts
    title: str | None = None
    role: PostRole | None = None
    birth_date: date | None = None
    identifier: tuple[str, str] | None = None
    address: Address | None = None
    phone: str | None = None


class PersonReader:
    """Reads the lines of one sheet."""

    def __init__(self, grid: Grid, header: Header, found: Remarks, today: date) -> None:
        self._grid = grid
        self._header = header
        self._found = found
        self._today = today

    def read(self, person: PersonLine) -> PersonRow | None:
        """The row, or None with its faults noted."""
        before = len(self._found.refused)
        self._refuse_formulas(person)
        if len(self._found.refused) > before:
            return None
        full_name, parts = self._name(person)
        unit, department = self._text(person, Column.UNIT), self._text(person, Column.DEPARTMENT)
        title = self._text(person, Column.TITLE) or None
        row = PersonRow(
            line=person.line.number,
            full_name=full_name,
            parts=parts,
            place=PlaceTexts(person.sections, unit, department),
            title=title,
            role=role_of(title or ""),
            birth_date=self._birth_date(person),
            identifier=self._identifier(person),
            address=self._address(person),
            phone=self._phone(person),
        )
        return row if len(self._found.refused) == before else None

    def _cell(self, person: PersonLine, column: Column) -> tuple[int, Cell]:
        """The cell of a column, the first that is not empty where several have it."""
        places = self._header.columns.get(column, ())
        for at in places:
            cell = person.line.cell(at)
            if cell.text and cell.fill is not Fill.ACROSS and cell.text.casefold() not in _NOTHING:
                return at, cell
        return (places[0] if places else 0), EMPTY

    def _refuse(self, person: PersonLine, column: Column, at: int, fault: Fault, **values: str) -> None:
        values = {"cell": cell_name(person.line, at), **values}
        self._found.refuse(person.line.number, column.value, fault, **values)

    def _refuse_formulas(self, person: PersonLine) -> None:
        """A formula may say something else tomorrow, or reach for another file: only values are read."""
        for column, places in self._header.columns.items():
            for at in places if column is not Column.ORDER else ():
                cell = person.line.cell(at)
                if cell.formula:
                    self._refuse(person, column, at, Fault.FORMULA_CELL)
                elif cell.error:
                    self._refuse(person, column, at, Fault.ERROR_CELL, value=cell.text)

    def _text(self, person: PersonLine, column: Column) -> str:
        at, cell = self._cell(person, column)
        text = cell.text
        if len(text) > MAX_NAME:
            self._refuse(person, column, at, Fault.TOO_LONG, limit=str(MAX_NAME))
        elif any(unicodedata.category(character) in _INVISIBLE for character in text):
            self._refuse(person, column, at, Fault.CONTROL_CHARACTER)
        elif text and text[0] in _FORMULA_SIGNS:
            self._refuse(person, column, at, Fault.FORMULA, sign=text[0])
        return text

    def _name(self, person: PersonLine) -> tuple[str, NameParts | None]:
        if not self._header.has(Column.FAMILY):
            full = _clean_name(self._text(person, Column.FULL_NAME) or self._text(person, Column.GIVEN))
            if not full:
                self._refuse(person, Column.FULL_NAME, self._cell(person, Column.FULL_NAME)[0], Fault.EMPTY)
            return full, None
        before = _clean_name(self._text(person, Column.FAMILY))
        given = _clean_name(self._text(person, Column.GIVEN))
        if not given:
            self._refuse(person, Column.GIVEN, self._cell(person, Column.GIVEN)[0], Fault.EMPTY)
        family, _, middle = before.partition(" ")
        parts = NameParts(family, middle, given)
        return parts.full, parts if parts != split_name(parts.full) else None

    def _birth_date(self, person: PersonLine) -> date | None:
        at, cell = self._cell(person, Column.BIRTH)
        found = read_birth_date(cell.value, today=self._today, days_from_1904=self._grid.days_from_1904)
        if found is None:
            return None
        if found.year is not None:
            values = {"value": str(found.year)}
            self._found.warn(person.line.number, Column.BIRTH.value, Fault.YEAR_ONLY, **values)
        elif found.day is None:
            self._refuse(person, Column.BIRTH, at, Fault.BAD_BIRTH_DATE, value=cell.text[:40])
        elif not is_plausible(found.day, self._today):
            self._refuse(person, Column.BIRTH, at, Fault.BIRTH_IMPLAUSIBLE, value=f"{found.day:%d/%m/%Y}")
        return found.day

    def _identifier(self, person: PersonLine) -> tuple[str, str] | None:
        """The strongest that the roster gives: the citizen's number, then a code."""
        for column, scheme in (
            (Column.CITIZEN, "cccd"),
            (Column.IDENTIFIER, "qd20"),
            (Column.STAFF, "staff"),
        ):
            at, cell = self._cell(person, column)
            value = cell.text.strip("'’` ").replace(" ", "")
            if not value:
                continue
            if not _IDENTIFIER.fullmatch(value) or len(value) > MAX_IDENTIFIER:
                self._refuse(person, column, at, Fault.BAD_IDENTIFIER, value=value[:40])
                return None
            if column is Column.CITIZEN:
                value = self._whole_number(person, column, value)
            return scheme, value
        return None

    def _whole_number(self, person: PersonLine, column: Column, value: str) -> str:
        """A citizen's number with the zero that a spreadsheet took for nothing."""
        if value.isdigit() and len(value) in {10, 11}:
            fixed = value.zfill(_CITIZEN_DIGITS)
            self._found.warn(person.line.number, column.value, Fault.LEADING_ZERO, value=value, fixed=fixed)
            return fixed
        return value

    def _address(self, person: PersonLine) -> Address | None:
        """An address of any domain; what is none (a home address) is not used."""
        at, cell = self._cell(person, Column.ADDRESS)
        text = cell.text.removeprefix("mailto:").strip(" <>;,")
        if not text or ("@" not in text and (" " in text or not text.isascii())):
            return None
        try:
            return own_address(text)
        except AddressError:
            self._refuse(person, Column.ADDRESS, at, Fault.BAD_ADDRESS, value=text[:80])
            return None

    def _phone(self, person: PersonLine) -> str | None:
        """The first number of the cell, in digits."""
        _, cell = self._cell(person, Column.PHONE)
        first = re.split(r"[;,/]| - ", cell.text, maxsplit=1)[0]
        number = _PHONE_SIGNS.sub("", first)
        if isinstance(cell.value, int | float) and len(number) == 9:
            number = f"0{number}"  # a spreadsheet took the zero for nothing
        return number if _PHONE.fullmatch(number) else None


def _clean_name(text: str) -> str:
    """A name without salutation or remark, and not in capitals only."""
    name = tidy(_IN_BRACKETS.sub("", _SALUTATION.sub("", text)))
    if name.isupper() and len(name) > 1:
        name = " ".join("'".join(part.capitalize() for part in word.split("'")) for word in name.split(" "))
    return name

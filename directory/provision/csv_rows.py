"""CSV files as typed rows (design §9). Every cell is checked here and nowhere later."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Generic, TypeVar

from directory.address import Address, AddressError, parse_address
from directory.model import MAX_IDENTIFIER, AccountKind, Branch, NameParts, PostRole, Tier
from directory.names import tidy
from directory.provision.faults import Fault, Remark

MAX_FILE: Final = 32 * 1024 * 1024  # octets
MAX_LINES: Final = 200_000
MAX_CODE: Final = 64
MAX_NAME: Final = 200
MAX_ADDRESS: Final = 254
MAX_SECRET: Final = 1024

UNIT_COLUMNS: Final = ("code", "name", "parent", "tier", "branch")
UNIT_EXTRAS: Final = ("short_name", "place", "identifier", "headcount", "valid_from", "valid_to")
ACCOUNT_COLUMNS: Final = ("address", "full_name", "unit", "kind")
ACCOUNT_EXTRAS: Final = (
    "password",
    "password_hash",
    "role",
    "title",
    "aliases",
    "identifier",
    "birth_date",
    "phone",
)
SECRETS: Final = frozenset({"password", "password_hash"})  # cells that may begin with any sign

_CODE: Final = re.compile(r"[^\W_](?:[\w./-]*\w)?")
_OWN_LOCAL: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.))*(?<!\.)")
_OLD_IDENTIFIER: Final = re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}")  # Thông tư 10/2016/TT-BTTTT
_VIETNAMESE_DATE: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_PHONE: Final = re.compile(r"\+?[0-9]{3,15}")  # ITU-T E.164 §6.2.1: 15 digits at most
_PHONE_SIGNS: Final = re.compile(r"[\s.()-]")
_FORMULA_SIGNS: Final = "=+-@"  # and the tab and carriage return that control characters cover

Choice = TypeVar("Choice", bound=StrEnum)
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit of a file; None is a column that says nothing."""

    line: int
    code: str
    name: str
    parent: str  # "" is a root
    tier: Tier
    branch: Branch
    short_name: str | None = None
    place: str | None = None
    identifier: tuple[str, str] | None = None
    headcount: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One box of a file; None is a column that says nothing."""

    line: int
    address: Address | None  # None: made from the name; an empty domain is the default one
    full_name: str
    unit: str
    kind: AccountKind
    password: str | None = field(default=None, repr=False)
    password_hash: str | None = field(default=None, repr=False)
    role: PostRole | None = None
    title: str | None = None
    aliases: tuple[Address, ...] = ()
    identifier: tuple[str, str] | None = None
    birth_date: date | None = None
    phone: str | None = None
    parts: NameParts | None = None  # given in columns of their own, not split from the full name


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Row]):
    """The rows of a file that can be read, and remarks on what cannot."""

    rows: tuple[Row, ...]
    refused: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()


class Cells:
    """The cells of one line by column, with the faults found in them so far."""

    def __init__(self, line: int, cells: Mapping[str, str]) -> None:
        self.line = line
        self._cells = cells
        self.faults: list[Remark] = []

    def fault(self, column: str, fault: Fault, **values: str) -> None:
        """Note what is wrong with a cell."""
        self.faults.append(Remark(self.line, column, fault, values))

    def raw(self, column: str) -> str:
        """The cell as it is."""
        return self._cells.get(column, "")

    def text(self, column: str, limit: int, *, required: bool = False) -> str:
        """A cell of words."""
        value = tidy(self.raw(column))
        if not value and required:
            self.fault(column, Fault.EMPTY)
        elif len(value) > limit:
            self.fault(column, Fault.TOO_LONG, limit=str(limit))
        elif any(unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs"} for character in value):
            self.fault(column, Fault.CONTROL_CHARACTER)
        elif value and value[0] in _FORMULA_SIGNS:
            self.fault(column, Fault.FORMULA, sign=value[0])
        return value

    def optional(self, column: str, limit: int) -> str | None:
        """A cell of words; None where it is empty."""
        return self.text(column, limit) or None

    def code(self, column: str, *, required: bool = False) -> str:
        """The code of a unit."""
        before = len(self.faults)
        value = self.text(column, MAX_CODE, required=required)
        if value and len(self.faults) == before and not _CODE.fullmatch(value):
            self.fault(column, Fault.BAD_CODE, value=value)
        return value

    def codes(self, column: str, limit: int, *, required: bool = False) -> list[str]:
        """Codes of units with `;` between; one empty code where the cell is."""
        value = self.text(column, MAX_CODE * limit, required=required)
        found = [part.strip() for part in value.split(";")]
        if len(found) > limit:
            self.fault(column, Fault.TOO_LONG, limit=str(MAX_CODE * limit))
        for part in found:
            if part and (len(part) > MAX_CODE or not _CODE.fullmatch(part)):
                self.fault(column, Fault.BAD_CODE, value=part[:80])
        return found[:1] + [part for part in dict.fromkeys(found[1:]) if part]

    def choice(self, column: str, options: type[Choice], *, required: bool = True) -> Choice | None:
        """One of some words."""
        value = self.text(column, MAX_CODE, required=required).lower()
        if not value:
            return None
        try:
            return options(value)
        except ValueError:
            known = ", ".join(option.value for option in options if option is not AccountKind.SYSTEM)
            self.fault(column, Fault.BAD_CHOICE, value=value[:40], expected=known)
            return None

    def day(self, column: str) -> date | None:
        """A day, as 2025-07-01 or 01/07/2025."""
        value = self.text(column, 20)
        if not value:
            return None
        try:
            if found := _VIETNAMESE_DATE.fullmatch(value):
                return date(int(found[3]), int(found[2]), int(found[1]))
            return date.fromisoformat(value)
        except ValueError:
            self.fault(column, Fault.BAD_DATE, value=value)
            return None

    def number(self, column: str) -> int | None:
        """A whole number."""
        value = self.text(column, 9)
        if not value:
            return None
        if not (value.isascii() and value.isdigit()):
            self.fault(column, Fault.BAD_NUMBER, value=value)
            return None
        return int(value)

    def identifier(self, column: str) -> tuple[str, str] | None:
        """A dated identifier, with or without its scheme."""
        value = self.text(column, MAX_CODE)
        if not value:
            return None
        scheme, colon, rest = value.partition(":")
        if not colon:
            scheme, rest = ("tt10" if _OLD_IDENTIFIER.fullmatch(value) else "qd20"), value
        if len(rest) > MAX_IDENTIFIER:
            self.fault(column, Fault.TOO_LONG, limit=str(MAX_IDENTIFIER))
        return scheme.strip().lower(), rest.strip()

    def phone(self, column: str) -> str | None:
        """A telephone number as it is dialled: digits, with + for another country's."""
        value = tidy(self.raw(column))
        number = _PHONE_SIGNS.sub("", value)
        if number and not _PHONE.fullmatch(number):
            self.fault(column, Fault.BAD_PHONE, value=value[:40])
        return number or None

    def secret(self, column: str) -> str | None:
        """A password or its hash."""
        value = self.raw(column)
        if len(value) > MAX_SECRET:
            self.fault(column, Fault.TOO_LONG, limit=str(MAX_SECRET))
        elif any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
            self.fault(column, Fault.CONTROL_CHARACTER)
        return value or None

    def address(self, column: str) -> Address | None:
        """An address of ours."""
        value = self.text(column, MAX_ADDRESS)
        return self._own_address(column, value) if value else None

    def addresses(self, column: str) -> tuple[Address, ...]:
        """Several of them."""
        value = self.text(column, 10 * MAX_ADDRESS)
        found = (self._own_address(column, part) for part in re.split(r"[;\s]+", value) if part)
        return tuple(address for address in found if address is not None)

    def _own_address(self, column: str, value: str) -> Address | None:
        try:
            return own_address(value)
        except AddressError:
            self.fault(column, Fault.BAD_ADDRESS, value=value[:80])
            return None


def own_address(text: str) -> Address:
    """An address that we may give out: lower-case ASCII before the @, no detail separator, no quotes.

    Without an @ its domain is empty: the default one. AddressError for anything else.
    """
    address = parse_address(text if "@" in text else f"{text}@default.invalid")
    local = address.local.lower()
    if not _OWN_LOCAL.fullmatch(local):
        raise AddressError("only a-z, digits and . _ - before the @")
    return Address(local, address.domain.lower() if "@" in text else "")


def read_units(data: bytes) -> Sheet[UnitRow]:
    """The rows of `units.csv`: code, name, parent, tier, branch and what may follow (design §9)."""
    return read_rows(data, UNIT_COLUMNS, UNIT_EXTRAS, _unit_row)


def read_accounts(data: bytes) -> Sheet[AccountRow]:
    """The rows of `accounts.csv`: address, full_name, unit, kind, password or password_hash (design §9)."""
    return read_rows(data, ACCOUNT_COLUMNS, ACCOUNT_EXTRAS, _account_row)


def unit_row(values: Mapping[str, str], line: int = 1) -> Sheet[UnitRow]:
    """One unit from the options of a command, checked as a line of a file is."""
    return one_row(values, line, _unit_row)


def account_row(values: Mapping[str, str], line: int = 1) -> Sheet[AccountRow]:
    """One box from the options of a command, checked as a line of a file is."""
    return one_row(values, line, _account_row)


def _unit_row(cells: Cells) -> UnitRow | None:
    code = cells.code("code", required=True)
    name = cells.text("name", MAX_NAME, required=True)
    tier, branch = cells.choice("tier", Tier), cells.choice("branch", Branch)
    row_rest = {
        "parent": cells.code("parent"),
        "short_name": cells.optional("short_name", MAX_CODE),
        "place": cells.optional("place", MAX_NAME),
    }
    identifier, headcount = cells.identifier("identifier"), cells.number("headcount")
    start, end = cells.day("valid_from"), cells.day("valid_to")
    if start is not None and end is not None and end <= start:
        cells.fault("valid_to", Fault.ENDS_BEFORE_START)
    if cells.faults or tier is None or branch is None:
        return None
    return UnitRow(
        line=cells.line,
        code=code,
        name=name,
        parent=row_rest["parent"] or "",
        tier=tier,
        branch=branch,
        short_name=row_rest["short_name"],
        place=row_rest["place"],
        identifier=identifier,
        headcount=headcount,
        valid_from=start,
        valid_to=end,
    )


def _account_row(cells: Cells) -> AccountRow | None:
    kind = cells.choice("kind", AccountKind)
    if kind is AccountKind.SYSTEM:
        known = ", ".join(option.value for option in AccountKind if option is not AccountKind.SYSTEM)
        cells.fault("kind", Fault.BAD_CHOICE, value=kind.value, expected=known)
    named = kind is not AccountKind.UNIT  # a unit's box may take the unit's name
    row = AccountRow(
        line=cells.line,
        address=cells.address("address"),
        full_name=cells.text("full_name", MAX_NAME, required=named),
        unit=cells.code("unit", required=kind is not AccountKind.SERVICE),
        kind=kind or AccountKind.PERSONAL,
        password=cells.secret("password"),
        password_hash=cells.secret("password_hash"),
        role=cells.choice("role", PostRole, required=False),
        title=cells.optional("title", MAX_NAME),
        aliases=cells.addresses("aliases"),
        identifier=cells.identifier("identifier"),
        birth_date=cells.day("birth_date"),
        phone=cells.phone("phone"),
    )
    if row.password is not None and row.password_hash is not None:
        cells.fault("password_hash", Fault.TWO_PASSWORDS)
    for column in ("password", "password_hash"):
        if kind is not None and not kind.signs_in and cells.raw(column):
            cells.fault(column, Fault.BOX_IS_SHARED)
    return None if cells.faults or kind is None else row


def one_row(values: Mapping[str, str], line: int, build: Callable[[Cells], Row | None]) -> Sheet[Row]:
    """One row from the options of a command, checked as a line of a file is."""
    cells = Cells(line, values)
    row = build(cells)
    return Sheet(() if row is None else (row,), tuple(cells.faults))


def _refuse(line: int, column: str, fault: Fault, **values: str) -> Sheet[Row]:
    return Sheet((), (Remark(line, column, fault, values),))


def read_rows(
    data: bytes, required: Sequence[str], extras: Sequence[str], build: Callable[[Cells], Row | None]
) -> Sheet[Row]:
    """The rows of a CSV file with these columns, each cell checked, and remarks on the rest."""
    if len(data) > MAX_FILE:
        return _refuse(1, "", Fault.TOO_LARGE, limit=str(MAX_FILE))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _refuse(data.count(b"\n", 0, error.start) + 1, "", Fault.NOT_UTF8)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    refused: list[Remark] = []
    header: list[str] | None = None
    warnings: list[Remark] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            refused.append(Remark(line, "", Fault.NOT_CSV, {"detail": str(error)}))
            break  # what follows cannot be told from the broken cell
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
            faults = _check_header(header, required, line)
            if faults:
                return Sheet((), tuple(faults))
            warnings = _unknown_columns(header, (*required, *extras), line)
            continue
        if len(rows) + len(refused) >= MAX_LINES:
            refused.append(Remark(line, "", Fault.TOO_MANY_LINES, {"limit": str(MAX_LINES)}))
            break
        if len(cells) != len(header):
            values = {"found": str(len(cells)), "expected": str(len(header))}
            refused.append(Remark(line, "", Fault.WRONG_CELL_COUNT, values))
            continue
        checked = Cells(line, dict(zip(header, cells, strict=True)))
        row = build(checked)
        if row is None:
            refused.extend(checked.faults)
        else:
            rows.append(row)
    if header is None or not (rows or refused):
        refused.append(Remark(1, "", Fault.EMPTY_FILE))
    return Sheet(tuple(rows), tuple(refused), tuple(warnings))


def _delimiter(text: str) -> str:
    """A comma; a semicolon where a Vietnamese spreadsheet wrote one."""
    first = text[:4096].lstrip().partition("\n")[0]
    return ";" if "," not in first and ";" in first else ","


def _check_header(header: Sequence[str], required: Sequence[str], line: int) -> list[Remark]:
    expected = ", ".join(required)
    faults = [
        Remark(line, column, Fault.MISSING_COLUMN, {"column": column, "expected": expected})
        for column in required
        if column not in header
    ]
    repeated = {column for column in header if column and header.count(column) > 1}
    faults += [Remark(line, column, Fault.REPEATED_COLUMN, {"column": column}) for column in sorted(repeated)]
    return faults


def _unknown_columns(header: Sequence[str], known: Sequence[str], line: int) -> list[Remark]:
    expected = ", ".join(known)
    return [
        Remark(line, column[:40], Fault.IGNORED_COLUMN, {"column": column[:40], "expected": expected})
        for column in header
        if column not in known
    ]

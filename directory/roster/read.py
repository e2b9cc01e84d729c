"""A roster file as typed rows: octets in, people and remarks out. The directory is not looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from directory.provision.faults import Fault, Remark
from directory.roster.columns import Column
from directory.roster.grid import Grid, Remarks, RosterFileError
from directory.roster.header import Header, find_header
from directory.roster.machine import as_csv, has_machine_columns, is_machine_grid
from directory.roster.old_text import converted
from directory.roster.package import is_zip, refuse_other_formats
from directory.roster.people import PersonReader, PersonRow
from directory.roster.read_csv import decoded, read_csv
from directory.roster.read_xlsx import read_xlsx
from directory.roster.rows import PersonLine, people_lines

_STAND_IN = {
    Column.IDENTIFIER: (Column.CITIZEN, Column.STAFF),
    Column.FULL_NAME: (Column.GIVEN,),
    Column.UNIT: (Column.DEPARTMENT,),
}


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file says, and enough of how it said it to give the refused lines back."""

    rows: tuple[PersonRow, ...]
    refused: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()
    titles: tuple[str, ...] = ()  # what stands above the header
    labels: tuple[str, ...] = ()
    label_of: Mapping[str, str] = field(default_factory=dict)  # the label of each field that remarks name
    lines: tuple[PersonLine, ...] = ()  # as they stood in the file
    table: bytes | None = None  # it was the table of design §9 in a workbook: here as CSV


def is_machine_format(data: bytes) -> bool:
    """Whether the file is the `accounts.csv` of design §9 rather than a roster."""
    if is_zip(data):
        return False
    try:
        text, _ = decoded(data[: 64 * 1024])
    except RosterFileError:
        return False
    first = next((line for line in text.lstrip("\ufeff").splitlines() if line.strip()), "")
    names = {cell.strip().strip('"').lower() for cell in first.replace(";", ",").split(",")}
    return not first or has_machine_columns(names)


def read_roster(data: bytes, *, today: date, sheet: str | None = None) -> Roster:
    """The people of a CSV or XLSX roster; a file that cannot be read is one refusal."""
    try:
        grid = converted(_grid(data, sheet))
        if is_machine_grid(grid):
            return Roster((), table=as_csv(grid))
        header = _header_of(grid)
    except RosterFileError as error:
        return Roster((), (error.remark,))
    found = Remarks(list(header.faults), [*grid.warnings, *header.warnings])
    for other in grid.other_sheets:
        found.warn(1, "", Fault.SHEET_IGNORED, value=other)
    reader = PersonReader(grid, header, found, today)
    lines = tuple(people_lines(grid, header))
    rows = tuple(row for line in lines if (row := reader.read(line)) is not None)
    if not lines:
        found.refuse(grid.lines[header.first].number, "", Fault.EMPTY_FILE)
    return Roster(
        rows=rows,
        refused=tuple(found.refused),
        warnings=tuple(found.warnings),
        titles=tuple(cell.text for line in grid.lines[: header.first] for cell in line.cells if cell.text),
        labels=header.labels,
        label_of=_label_of(header),
        lines=lines,
    )


def _header_of(grid: Grid) -> Header:
    header = find_header(grid)
    if header is None:
        raise RosterFileError(Fault.NO_HEADER)
    return header


def _label_of(header: Header) -> dict[str, str]:
    """The label of each field, also of those that may come from one of several columns."""
    found = {column.value: header.labels[places[0]] for column, places in header.columns.items()}
    for column, others in _STAND_IN.items():
        label = next((found[other.value] for other in others if other.value in found), None)
        if label is not None:
            found.setdefault(column.value, label)
    return found


def _grid(data: bytes, sheet: str | None) -> Grid:
    if is_zip(data):
        return read_xlsx(data, sheet, _is_list)
    refuse_other_formats(data)
    return read_csv(data)


def _is_list(grid: Grid) -> bool:
    return is_machine_grid(grid) or find_header(converted(grid)) is not None

"""The tables of design §9 in a spreadsheet: the same columns, read by the same reader."""

import csv
import io
from datetime import date

from directory.roster.grid import Fill, Grid
from directory.roster.package import is_zip
from directory.roster.read_xlsx import read_xlsx

_ACCOUNT_MARKS = frozenset({"full_name", "kind", "password_hash"})
"""Names of columns that only the format of design §9 has; an office writes words."""


def has_machine_columns(names: set[str]) -> bool:
    """Whether the first line of a file is that of `accounts.csv`."""
    return bool({name.strip().lower() for name in names} & _ACCOUNT_MARKS)


def is_machine_grid(grid: Grid) -> bool:
    """The same, of a sheet."""
    first = next((line for line in grid.lines if not line.is_blank), None)
    return first is not None and has_machine_columns({cell.text for cell in first.cells})


def as_csv(grid: Grid) -> bytes:
    """The sheet as comma-separated text, line by line, so that remarks name its own lines."""
    width = max((len(line.cells) for line in grid.lines), default=0)
    text = io.StringIO()
    writer = csv.writer(text)
    for line in grid.lines:
        cells = [line.cell(column) for column in range(width)]
        writer.writerow(
            ["" if cell.fill is Fill.ACROSS else _written(cell.value, cell.text) for cell in cells]
        )
    return text.getvalue().encode()


def table_octets(data: bytes) -> bytes:
    """A table of design §9 as CSV, whether it came as CSV or XLSX; RosterFileError where it is a hostile workbook."""
    return as_csv(read_xlsx(data, None, lambda _grid: True)) if is_zip(data) else data


def _written(value: object, text: str) -> str:
    return value.isoformat() if isinstance(value, date) else text

"""XLSX as values: one sheet, streamed, with its merged ranges; formulas are marked and never computed."""

import re
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from typing import Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.cell.cell import ERROR_CODES, TYPE_FORMULA
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException

from directory.provision.csv_rows import MAX_FILE
from directory.provision.faults import Fault
from directory.roster.grid import (
    EMPTY,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    Grid,
    Line,
    RosterFileError,
    Span,
    Value,
    merged,
)
from directory.roster.package import check_package

MAX_SECONDS: Final = 30.0
MAX_MERGED_CELLS: Final = 500_000
MAX_BLANK_RUN: Final = 2_000  # a sheet whose format runs on is read no further
_MERGE: Final = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_EXPECTED: Final = (
    InvalidFileException,
    zipfile.BadZipFile,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
)
"""What openpyxl raises on a file that is not what it says; anything else is our mistake."""


def read_xlsx(
    data: bytes,
    wanted: str | None,
    is_list: Callable[[Grid], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Grid:
    """The sheet called `wanted`, or else the first visible one that holds a list; RosterFileError where there is none."""
    if len(data) > MAX_FILE:
        raise RosterFileError(Fault.TOO_LARGE, limit=str(MAX_FILE))
    package = check_package(data)
    ends_at = clock() + MAX_SECONDS
    try:
        return _read(data, package, wanted, is_list, lambda: clock() > ends_at)
    except RosterFileError:
        raise
    except _EXPECTED as error:
        raise RosterFileError(Fault.NOT_XLSX, detail=f"{type(error).__name__}: {error}"[:80]) from error


def _read(
    data: bytes,
    package: zipfile.ZipFile,
    wanted: str | None,
    is_list: Callable[[Grid], bool],
    is_late: Callable[[], bool],
) -> Grid:
    book = load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        names = [sheet.title for sheet in visible]
        if wanted is not None and wanted not in names:
            raise RosterFileError(Fault.UNREADABLE_SHEET, value=wanted, expected=", ".join(names)[:200])
        from_1904 = book.epoch == CALENDAR_MAC_1904
        first: Grid | None = None
        others: list[str] = []
        for sheet in visible:
            if wanted is not None and sheet.title != wanted:
                continue
            lines = _lines(sheet, is_late)
            spans = _spans(package, str(getattr(sheet, "_worksheet_path", "")))  # told nowhere else
            grid = Grid(merged(lines, spans), sheet.title, from_1904)
            if wanted is not None:
                return grid
            if is_list(grid):
                others.append(sheet.title)
                first = first or grid
        if first is None:
            raise RosterFileError(Fault.NO_HEADER)
        return Grid(first.lines, first.name, from_1904, other_sheets=tuple(others[1:]))
    finally:
        book.close()


def _lines(sheet: object, is_late: Callable[[], bool]) -> tuple[Line, ...]:
    found: list[Line] = []
    blank = 0
    rows = sheet.iter_rows(max_col=MAX_COLUMNS)  # type: ignore[attr-defined]
    for number, row in enumerate(rows, 1):
        if is_late():
            raise RosterFileError(Fault.TAKES_TOO_LONG, limit=str(int(MAX_SECONDS)))
        if number > MAX_ROWS:
            raise RosterFileError(Fault.TOO_MANY_LINES, number, limit=str(MAX_ROWS))
        cells = [_cell(cell) for cell in row]
        while cells and cells[-1] is EMPTY:
            cells.pop()
        blank = 0 if cells else blank + 1
        if blank > MAX_BLANK_RUN:
            break
        found.append(Line(number, tuple(cells)))
    return tuple(found)


def _cell(cell: object) -> Cell:
    raw = cell.value  # type: ignore[attr-defined]
    if raw is None:
        return EMPTY
    kind = cell.data_type  # type: ignore[attr-defined]
    font = cell.font  # type: ignore[attr-defined]
    name = str(font.name or "") if font is not None else ""
    if kind == TYPE_FORMULA:
        return Cell(str(raw)[:MAX_CELL], name, formula=True)
    if isinstance(raw, str) and raw in ERROR_CODES:
        return Cell(raw, name, error=True)
    return Cell(_value(raw), name)


def _value(raw: object) -> Value:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, bool):
        return str(raw)
    if isinstance(raw, int | float | date):
        return raw
    return str(raw)[:MAX_CELL] or None


def _spans(package: zipfile.ZipFile, path: str) -> tuple[Span, ...]:
    """Merged ranges, which the streaming reader passes over; the part was measured before."""
    found: list[Span] = []
    cells = 0
    for match in _MERGE.finditer(package.read(path.lstrip("/"))):
        left, top, right, bottom = range_boundaries(match.group(1).decode())
        span = Span(int(top or 1) - 1, int(left or 1) - 1, int(bottom or 1) - 1, int(right or 1) - 1)
        cells += (span.bottom - span.top + 1) * (span.right - span.left + 1)
        if cells > MAX_MERGED_CELLS:
            break
        found.append(span)
    return tuple(found)

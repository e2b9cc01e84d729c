"""Cells of spreadsheets that we write: what a program could take for a formula stays text."""

from collections.abc import Sequence
from datetime import date
from typing import Final, TypeAlias

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.worksheet import Worksheet

Value: TypeAlias = str | int | float | date | None

FACE: Final = "Times New Roman"  # NĐ 30/2020/NĐ-CP, annex I, I.4
_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
_THIN: Final = Side(style="thin")
FRAME: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


def neutral(value: Value) -> Value:
    """A text that begins as a formula does, behind an apostrophe, as the design asks (§8); anything else as it is."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    return f"'{text}" if text.startswith(_SIGNS) else text


def put(
    page: Worksheet,
    row: int,
    column: int,
    value: Value,
    *,
    size: float = 11,
    bold: bool = False,
    italic: bool = False,
    centred: bool = False,
    framed: bool = False,
) -> None:
    """Write one cell: text is stored as text."""
    safe = neutral(value)
    cell = page.cell(row, column)
    cell.value = safe
    if isinstance(safe, str):
        cell.data_type = "s"
    cell.font = Font(name=FACE, size=size, bold=bold, italic=italic)
    cell.alignment = Alignment(horizontal="center" if centred else None, vertical="center", wrap_text=True)
    if framed:
        cell.border = FRAME


def put_row(page: Worksheet, row: int, values: Sequence[Value], *, bold: bool = False) -> None:
    """Write one line of a table."""
    for column, value in enumerate(values, 1):
        put(page, row, column, value, bold=bold, centred=bold, framed=True)

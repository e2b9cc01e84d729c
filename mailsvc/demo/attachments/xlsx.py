"""A table as XLSX."""

import re
import zipfile
from datetime import datetime, time
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from mailsvc.demo.attachments.document import Sheet, long_date
from mailsvc.demo.attachments.packages import package

FACE = "Times New Roman"
THIN = Side(style="thin")
FRAME = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
HEAD_ROW = 5
MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def xlsx_bytes(sheet: Sheet) -> bytes:
    """The table as XLSX: same cells and day, same octets."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "Biểu"
    width = len(sheet.heads)
    for row, words, bold in (
        (1, sheet.issuer, True),
        (2, sheet.title, True),
        (3, long_date("Lâm Đồng", sheet.day), False),
    ):
        cell = page.cell(row, 1, words)
        cell.font = Font(name=FACE, size=13, bold=bold, italic=not bold)
        cell.alignment = Alignment(horizontal="center", wrap_text=True, vertical="center")
        page.merge_cells(start_row=row, start_column=1, end_row=row, end_column=width)
    for offset, values in enumerate((sheet.heads, *sheet.rows)):
        for column, value in enumerate(values, 1):
            cell = page.cell(HEAD_ROW + offset, column, value)
            cell.font = Font(name=FACE, size=12, bold=not offset)
            cell.border = FRAME
            cell.alignment = Alignment(
                horizontal=None if offset else "center", wrap_text=True, vertical="center"
            )
            if isinstance(value, int | float):
                cell.number_format = "#,##0.##" if isinstance(value, float) else "#,##0"
    _totals(sheet, book)
    for column, head in enumerate(sheet.heads, 1):
        longest = max(len(head), *(len(str(row[column - 1])) for row in sheet.rows))
        page.column_dimensions[get_column_letter(column)].width = min(45, max(8, longest + 3))
    page.freeze_panes = f"A{HEAD_ROW + 1}"
    return _settled(book, sheet)


def _totals(sheet: Sheet, book: Workbook) -> None:
    """A last line that adds up, by formula, the columns that can be."""
    page = book.active
    if not sheet.total_columns or page is None:
        return
    first, last = HEAD_ROW + 1, HEAD_ROW + len(sheet.rows)
    label = page.cell(last + 1, 1, "Tổng")
    label.font = Font(name=FACE, size=12, bold=True)
    for column in sheet.total_columns:
        letter = get_column_letter(column + 1)
        cell = page.cell(last + 1, column + 1, f"=SUM({letter}{first}:{letter}{last})")
        cell.font = Font(name=FACE, size=12, bold=True)
        cell.number_format = "#,##0"


def _settled(book: Workbook, sheet: Sheet) -> bytes:
    """Saves, then takes out the hours that openpyxl writes by itself."""
    moment = datetime.combine(sheet.day, time(8))
    book.properties.creator = sheet.issuer
    book.properties.created = moment
    raw = BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    core = "docProps/core.xml"
    stamp = moment.isoformat().encode() + b"Z"
    parts[core] = MODIFIED.sub(rb"\g<1>" + stamp + rb"\g<2>", parts[core])
    return package(parts, sheet.day)

"""Slips as a workbook: one sheet a unit, or one list of all."""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Final

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from directory.sheet_cells import put, put_row
from directory.slips.keep import Slip
from directory.slips.words import HEADS, TITLE, Occasion, by_unit

_WIDTHS: Final = (6, 30, 36, 24, 16)
_NOT_IN_TITLES: Final = re.compile(r"[\\/*?:\[\]']")  # ECMA-376 part 1, §18.2.19, and what Excel refuses
_TITLE_LENGTH: Final = 31


def slips_xlsx(slips: Sequence[Slip], occasion: Occasion, *, per_unit: bool) -> bytes:
    """The workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    groups = by_unit(slips) if per_unit else [("Tất cả", list(slips))]
    for number, (name, people) in enumerate(groups, 1):
        title = _NOT_IN_TITLES.sub(" ", f"{number}. {name}")[:_TITLE_LENGTH].strip()
        page = book.create_sheet(title)
        put(page, 1, 1, TITLE, size=14, bold=True)
        put(page, 2, 1, name, bold=True)
        for cell in ("A1:E1", "A2:E2"):
            page.merge_cells(cell)
        put_row(page, 4, HEADS, bold=True)
        for at, slip in enumerate(people, 1):
            put_row(page, 4 + at, (at, slip.full_name, slip.address, slip.password, ""))
        for at, rule in enumerate(occasion.rules, 6 + len(people)):
            put(page, at, 1, rule, italic=True)
            page.merge_cells(start_row=at, start_column=1, end_row=at, end_column=len(HEADS))
        for column, width in enumerate(_WIDTHS, 1):
            page.column_dimensions[get_column_letter(column)].width = width
    octets = BytesIO()
    book.save(octets)
    return octets.getvalue()

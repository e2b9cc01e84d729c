"""The refused lines of a roster as XLSX: as they stood in the file, with the reasons beside them, to mend and import again."""

from collections import defaultdict
from collections.abc import Sequence
from io import BytesIO
from typing import Final

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from directory.provision.faults import Remark
from directory.roster.grid import Fill, Line
from directory.roster.read import Roster
from directory.sheet_cells import Value, put_row

REASONS: Final = ("Dòng gốc", "Lý do bị từ chối", "Cách sửa")
"""Columns that a second import passes over."""
_WIDTHS: Final = (10, 50, 50)
_USUAL_WIDTH: Final = 22


def refused_list(roster: Roster, refused: Sequence[Remark], language: str = "vi") -> bytes:
    """The workbook; sections are repeated above the lines that stand under them, so that each still says its unit."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "Cần sửa"
    width = max(len(roster.labels), 1)
    put_row(page, 1, [*roster.labels, *REASONS], bold=True)
    reasons = _by_line(refused, language)
    row = 2
    told: tuple[str, ...] = ()
    for person in roster.lines:
        if person.line.number not in reasons:
            continue
        if person.sections != told:
            told = person.sections
            for section in person.section_lines:
                put_row(page, row, _values(section, width))
                row += 1
        why, how = reasons.pop(person.line.number)
        put_row(page, row, [*_values(person.line, width), person.line.number, why, how])
        row += 1
    for number, (why, how) in sorted(reasons.items()):  # of the file rather than of a person
        put_row(page, row, [*([None] * width), number, why, how])
        row += 1
    for column, wide in enumerate((_USUAL_WIDTH,) * width + _WIDTHS, 1):
        page.column_dimensions[get_column_letter(column)].width = wide
    page.freeze_panes = "A2"
    octets = BytesIO()
    book.save(octets)
    return octets.getvalue()


def _by_line(refused: Sequence[Remark], language: str) -> dict[int, tuple[str, str]]:
    grouped: defaultdict[int, list[Remark]] = defaultdict(list)
    for remark in refused:
        grouped[remark.line].append(remark)
    return {
        number: (
            "\n".join(remark.message(language) for remark in remarks),
            "\n".join(dict.fromkeys(remark.remedy(language) for remark in remarks)),
        )
        for number, remarks in grouped.items()
    }


def _values(line: Line, width: int) -> list[Value]:
    """The cells as they were; a formula and what a merged cell only showed from the left are left out."""
    cells = [line.cell(column) for column in range(width)]
    return [None if cell.formula or cell.fill is Fill.ACROSS else cell.value for cell in cells]

"""A report as a spreadsheet, to be printed and signed: a block of three columns for each measure."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from mailsvc.services.statistics.figures import Measure
from mailsvc.services.statistics.labels import BY, key_name, label, plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from config.settings import StatisticsSettings
    from mailsvc.services.statistics.figures import Figures
    from mailsvc.services.statistics.report import Rank, Report

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
_BOLD, _WRAP = Font(bold=True), Alignment(wrap_text=True, vertical="top")


def adoption_sheet(report: Report, settings: StatisticsSettings, language: str = "vi") -> bytes:
    """The lines of a report; each measure with its numerator, denominator and per cent."""
    vi = language == "vi"
    by = BY[report.by][0 if vi else 1]
    book, sheet = _book(f"{by} {report.month}")
    title = (
        f"Thống kê sử dụng thư công vụ, tháng {report.month}"
        if vi
        else f"Use of official mail, {report.month}"
    )
    sheet.append([title if report.is_final else f"{title} ({'tạm tính' if vi else 'so far'})"])
    if not report.has_calendar:
        sheet.append(
            [
                "Chưa nhập lịch làm việc của năm: ngày lễ tính như ngày làm việc."
                if vi
                else "The calendar of the year is not imported: holidays count as working days."
            ]
        )
    header = ["Mã" if vi else "Code", by]
    for measure in Measure:
        header += [label(measure, language), "", "%"]
        if plan_of(settings, measure):
            header.append("% kế hoạch" if vi else "% of plan")
    sheet.append(header)
    _dress_header(sheet, sheet.max_row)
    for line in report.lines:
        name = key_name(line.key, line.name, language)
        sheet.append([safe(line.key), safe(name), *_cells(line.figures, settings)])
    sheet.append(["", "Cộng" if vi else "Total", *_cells(report.total, settings)])
    for number in range(1, sheet.max_column + 1):
        sheet.cell(sheet.max_row, number).font = _BOLD
    return _saved(book)


def ranking_sheet(ranks: Sequence[Rank], measure: Measure, month: str, language: str = "vi") -> bytes:
    """Units by their place, with last year's."""
    vi = language == "vi"
    book, sheet = _book(f"{measure.value} {month}")
    sheet.append([f"{label(measure, language)}, {month}"])
    sheet.append(
        ["Hạng", "Năm trước", "Mã", "Đơn vị", "Tử số", "Mẫu số", "%"]
        if vi
        else ["Place", "Last year", "Code", "Unit", "Numerator", "Denominator", "%"]
    )
    _dress_header(sheet, 2)
    for rank in ranks:
        ratio = rank.ratio
        row = [rank.place, rank.last_year, safe(rank.code), safe(rank.name)]
        sheet.append([*row, ratio.numerator, ratio.denominator, _rounded(ratio.percent)])
    return _saved(book)


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _cells(figures: Figures, settings: StatisticsSettings) -> list[float | int | None]:
    cells: list[float | int | None] = []
    for measure in Measure:
        ratio = figures.ratio(measure)
        cells += [ratio.numerator, ratio.denominator, _rounded(ratio.percent)]
        plan = plan_of(settings, measure)
        if plan:
            cells.append(_rounded(ratio.of_plan(plan)))
    return cells


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)


def _book(title: str) -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title[:31]
    return book, sheet


def _dress_header(sheet: Worksheet, row: int) -> None:
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    for number in range(1, sheet.max_column + 1):
        cell = sheet.cell(row, number)
        cell.font, cell.alignment = _BOLD, _WRAP
        sheet.column_dimensions[get_column_letter(number)].width = 40 if number == 2 else 12
    sheet.freeze_panes = f"C{row + 1}"


def _saved(book: Workbook) -> bytes:
    file = BytesIO()
    book.save(file)
    return file.getvalue()

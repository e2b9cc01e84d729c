"""A plan as a workbook for the head to sign: what it rests on, what it counts to, every line of it, and where to sign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from directory.sheet_cells import put, put_row

LEGAL_LINES: Final = (
    "Căn cứ Nghị định số 30/2020/NĐ-CP ngày 05 tháng 3 năm 2020 của Chính phủ về công tác văn thư;",
    "Căn cứ danh sách cán bộ, công chức do đơn vị lập;",
)
_WIDTHS: Final = (6, 15, 34, 30, 22, 46)
_HEADS: Final = ("STT", "Nội dung", "Địa chỉ hoặc mã", "Họ và tên, tên gọi", "Đơn vị", "Thay đổi")
_PARTS: Final = (
    ("create", "Tạo mới"),
    ("change", "Thay đổi"),
    ("move", "Điều chuyển"),
    ("lock", "Khóa"),
)
_COUNTED: Final = (*_PARTS, ("unchanged", "Giữ nguyên"), ("refused", "Từ chối"))
_FIELDS: Final = {
    "full_name": "họ tên",
    "unit": "đơn vị",
    "role": "vai trò",
    "title": "chức vụ",
    "aliases": "bí danh",
    "identifier": "mã định danh",
    "birth_date": "ngày sinh",
    "phone": "điện thoại",
    "state": "trạng thái",
    "name": "tên",
    "short_name": "tên ngắn",
    "parent": "cấp trên",
    "tier": "cấp",
    "branch": "khối",
    "place": "địa bàn",
    "headcount": "biên chế",
    "valid_to": "hết hiệu lực",
}
_HIDDEN: Final = frozenset({"identifier"})  # a citizen's number is not for everybody who passes the paper on


@dataclass(frozen=True, slots=True)
class SignedSheet:
    """What stands on the paper."""

    number: int
    effective_on: date
    summary: Mapping[str, int]
    details: Mapping[str, Sequence[Mapping[str, Any]]]
    created_by: str
    issuer: str = ""
    place: str = ""
    legal_lines: Sequence[str] = field(default=LEGAL_LINES)


def signed_workbook(sheet: SignedSheet) -> bytes:
    """The workbook; cells that a spreadsheet could take for formulas are text."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = f"Kế hoạch {sheet.number}"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = 9  # A4: ECMA-376 part 1, §18.3.1.63
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for column, width in enumerate(_WIDTHS, 1):
        page.column_dimensions[get_column_letter(column)].width = width
    row = _table(page, sheet, _counts(page, sheet, _head(page, sheet)))
    _signatures(page, sheet, row + 1)
    octets = BytesIO()
    book.save(octets)
    return octets.getvalue()


def _across(page: Worksheet, row: int, first: int, last: int, text: str, **style: Any) -> None:
    put(page, row, first, text, **style)
    page.merge_cells(start_row=row, start_column=first, end_row=row, end_column=last)


def _head(page: Worksheet, sheet: SignedSheet) -> int:
    """Issuer, national name and motto, title, legal lines (NĐ 30/2020/NĐ-CP, annex I, II); the next free line."""
    width = len(_WIDTHS)
    _across(page, 1, 1, 3, sheet.issuer or "………………………………", bold=True, centred=True)
    _across(page, 1, 4, width, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, centred=True)
    _across(page, 2, 4, width, "Độc lập - Tự do - Hạnh phúc", bold=True, centred=True)
    _across(page, 4, 1, width, "KẾ HOẠCH THAY ĐỔI HỘP THƯ CÔNG VỤ", size=14, bold=True, centred=True)
    when = (
        f"Số {sheet.number}, có hiệu lực từ ngày {sheet.effective_on:%d/%m/%Y}, người lập: {sheet.created_by}"
    )
    _across(page, 5, 1, width, when, italic=True, centred=True)
    for at, line in enumerate(sheet.legal_lines, 7):
        _across(page, at, 1, width, line, italic=True)
    return 8 + len(sheet.legal_lines)


def _counts(page: Worksheet, sheet: SignedSheet, row: int) -> int:
    text = "; ".join(f"{label.lower()}: {sheet.summary.get(name, 0)}" for name, label in _COUNTED)
    _across(page, row, 1, len(_WIDTHS), f"Tổng hợp: {text}.", bold=True)
    return row + 2


def _table(page: Worksheet, sheet: SignedSheet, row: int) -> int:
    put_row(page, row, _HEADS, bold=True)
    page.print_title_rows = f"{row}:{row}"
    number = 0
    for part, label in _PARTS:
        for item in sheet.details.get(part, ()):
            number += 1
            what = str(item.get("address") or item.get("code") or item.get("what") or "")
            unit = str(item.get("unit") or item.get("parent") or "")
            values = (number, label, what, str(item.get("name", "")), unit, _changes(item))
            put_row(page, row + number, values)
    return row + number + 1


def _changes(item: Mapping[str, Any]) -> str:
    shown = [
        f"{_FIELDS.get(change['field'], change['field'])}: "
        + (
            "có thay đổi"
            if change["field"] in _HIDDEN
            else f"{change['before'] or '–'} → {change['after'] or '–'}"
        )
        for change in item.get("fields", ())
    ]
    return "; ".join(shown)


def _signatures(page: Worksheet, sheet: SignedSheet, row: int) -> None:
    place = sheet.place or "………………"
    _across(page, row, 4, len(_WIDTHS), f"{place}, ngày …… tháng …… năm ……", italic=True, centred=True)
    _across(page, row + 1, 1, 3, "NGƯỜI LẬP", bold=True, centred=True)
    _across(page, row + 1, 4, len(_WIDTHS), "THỦ TRƯỞNG ĐƠN VỊ", bold=True, centred=True)
    _across(page, row + 2, 1, 3, "(Ký, ghi rõ họ tên)", italic=True, centred=True)
    _across(page, row + 2, 4, len(_WIDTHS), "(Ký, ghi rõ họ tên, đóng dấu)", italic=True, centred=True)

"""The hand-over report as a workbook to be signed: cells that a spreadsheet would take for formulas are neutralised."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.styles import Font

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from mailsvc.services.hand_over import Report

_FORMULA_SIGNS = "=+-@\t\r"
_WIDTHS = (16, 14, 30, 60, 10, 14, 10)
_VIETNAM = timedelta(hours=7)


def workbook(report: Report) -> bytes:
    """Three sheets: open letters, drafts, letters that still wait to go out; with room for two signatures."""
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "Thư còn mở"
    _line(first, [f"Biên bản bàn giao hộp thư {report.box.address}"], bold=True)
    _line(first, [f"Lập lúc {_when(report.at)}"])
    counts = report.counts
    numbers = (
        f"Chưa đọc {counts['unread']} · chưa trả lời {counts['unanswered']} · đánh dấu {counts['flagged']}",
        f"Thư nháp {counts['drafts']} · chờ gửi {counts['queued']} · đã xong {counts['done']}",
    )
    for line in numbers:
        _line(first, [line])
    _line(first, [])
    _line(
        first,
        ["Ngày", "Thư mục", "Người gửi", "Trích yếu", "Chưa đọc", "Chưa trả lời", "Đánh dấu"],
        bold=True,
    )
    for item in report.letters:
        letter = item.letter
        marks = ["x" if mark else "" for mark in (letter.unread, not letter.answered, letter.flagged)]
        sender = f"{letter.from_name} <{letter.from_address}>".strip()
        _line(first, [_when(letter.internal_date), item.mailbox, sender, letter.subject, *marks])
    _line(first, [])
    _line(first, ["", "", "Người giao", "Người nhận"], bold=True)
    _widths(first)
    drafts = book.create_sheet("Thư nháp")
    _line(drafts, ["Ngày", "", "Gửi đến", "Trích yếu"], bold=True)
    for letter in report.drafts:
        _line(drafts, [_when(letter.internal_date), "", letter.to_line, letter.subject])
    _widths(drafts)
    queued = book.create_sheet("Chờ gửi")
    _line(queued, ["Từ lúc", "", "Gửi đến", "Trích yếu"], bold=True)
    for address, subject, since in report.queued:
        _line(queued, [_when(since), "", address, subject])
    _widths(queued)
    octets = io.BytesIO()
    book.save(octets)
    return octets.getvalue()


def _line(sheet: Worksheet, cells: Sequence[str], *, bold: bool = False) -> None:
    sheet.append([_plain(cell) for cell in cells])
    if bold:
        for cell in sheet[sheet.max_row]:
            cell.font = Font(bold=True)


def _plain(text: str) -> str:
    """Words that no spreadsheet runs, and no control character that XML cannot hold."""
    clean = "".join(character for character in text if character.isprintable())
    return f"'{clean}" if clean[:1] and clean[0] in _FORMULA_SIGNS else clean


def _widths(sheet: Worksheet, widths: Iterable[int] = _WIDTHS) -> None:
    for letter, width in zip("ABCDEFG", widths, strict=True):
        sheet.column_dimensions[letter].width = width


def _when(instant: int) -> str:
    return (datetime.fromtimestamp(instant, UTC) + _VIETNAM).strftime("%d/%m/%Y %H:%M")

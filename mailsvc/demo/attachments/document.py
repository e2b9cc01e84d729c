"""What stands in an official document, before anyone decides on PDF or DOCX."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Format(StrEnum):
    """The file formats that officials really send."""

    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Signature:
    """The signing block: authority (TM., KT., TL.), title and full name of who signs (NĐ 30/2020, annex I, II.7)."""

    lines: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class OfficialDocument:
    """A văn bản hành chính with the parts of NĐ 30/2020/NĐ-CP, annex I; a Party one follows HD 36-HD/VPTW instead."""

    number: str  # số, ký hiệu: 123/UBND-NN
    issuer: str  # cơ quan ban hành
    issuer_above: str  # cơ quan chủ quản trực tiếp; empty at the top
    place: str  # địa danh
    day: date
    kind: str  # tên loại in capitals; empty for a công văn, which has none
    summary: str  # trích yếu nội dung
    addressed_to: tuple[str, ...]  # Kính gửi
    body: tuple[str, ...]
    signature: Signature
    copies_to: tuple[str, ...]  # Nơi nhận
    urgency_stamp: str = ""  # HỎA TỐC, THƯỢNG KHẨN, KHẨN
    party: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with a title, column heads, rows and a line of totals."""

    title: str
    issuer: str
    day: date
    heads: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]
    total_columns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside a letter; `render` makes its octets only when somebody wants them."""

    filename: str
    format: Format
    content: OfficialDocument | Sheet

    @property
    def media_type(self) -> str:
        """The MIME type to declare."""
        return MEDIA_TYPES[self.format]


def long_date(place: str, day: date) -> str:
    """`Lâm Đồng, ngày 05 tháng 02 năm 2026`: days under 10 and months 1 and 2 take a zero (NĐ 30/2020, annex I, II.4)."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"{place}, ngày {day.day:02d} tháng {month} năm {day.year}"


_TOGETHER = ("HỘI ĐỒNG", "QUỐC HỘI", "THỂ THAO", "TỔ QUỐC", "VIỆT NAM", "CỘNG SẢN")  # words of two syllables
_JOINT = "\N{NO-BREAK SPACE}"


def head_lines(name: str, width: int = 26) -> tuple[str, ...]:
    """An agency's name in lines as officials break it: before the place or between whole words, never leaving one over."""
    if len(name) <= width:
        return (name,)
    for mark in (" TỈNH", " XÃ ", " PHƯỜNG "):
        before, found, after = name.rpartition(mark)
        if found and len(before) <= width and len(after) > 3:
            return (before, (found + after).strip())
    for pair in _TOGETHER:
        name = name.replace(pair, pair.replace(" ", _JOINT))
    words = name.split(" ")
    cuts = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words))]
    above, below = min(cuts, key=lambda lines: max(map(len, lines)))
    return above.replace(_JOINT, " "), below.replace(_JOINT, " ")

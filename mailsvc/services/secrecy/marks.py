"""Marks of state secrets in text: MẬT, TỐI MẬT, TUYỆT MẬT (độ mật; Luật Bảo vệ bí mật nhà nước 2018, điều 8).

State secrets may not travel here. A mark is a stamp, a label or a form's field, not the word in a sentence: "bảo mật",
"mật khẩu", "mật độ", "không mật" and "giải mật" are everyday words and must pass.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Degree(StrEnum):
    """Độ mật, the highest first."""

    TOP = "TUYỆT MẬT"
    HIGH = "TỐI MẬT"
    PLAIN = "MẬT"


HEAD_LINES = 60
"""Lines of a body or page in which a stamp stands."""
MAX_LINE = 400
_AROUND = r"[\s\[\](){}<>*_=\-–—.:!|\"'“”«»/\\•·]*"
_STAMP = re.compile(
    rf"{_AROUND}(?:ĐỘ\s+)?(?P<degree>TUYỆT\s+MẬT|TỐI\s+MẬT|MẬT){_AROUND}(?:(?:BẢN\s+)?SỐ\s*:?\s*[\d/.…]*)?"
)
"""A line that is the mark and nothing else; a copy's number may follow."""
_BRACKETED = re.compile(r"[\[(<{]\s*(?P<degree>TUYỆT\s+MẬT|TỐI\s+MẬT|MẬT)\s*[\])>}]")
_LEADING = re.compile(r"\s*(?P<degree>TUYỆT\s+MẬT|TỐI\s+MẬT|MẬT)\s*(?:[:\-–—|/]|\.\s)")
"""`MẬT - Kế hoạch …`: how subjects begin."""
_LABEL = re.compile(
    r"(?:mức\s+)?(?:độ|mức)\s+(?:bảo\s+)?mật\s*[:=\-–]\s*[\[(\"'“]*\s*(?P<degree>tuyệt\s+mật|tối\s+mật|mật)\b(?!\s+(?:khẩu|độ|mã))",
    re.IGNORECASE,
)
"""`Độ mật: Tối mật`."""
_CAPITALS = re.compile(r"(?<!\w)(?P<degree>TUYỆT\s+MẬT|TỐI\s+MẬT)(?!\w)")
"""Two words in capitals are a mark wherever they stand, unless what is around says that they are not."""
_TAIL = re.compile(r"\S.*[\s,;:\-–—]+(?P<degree>MẬT)[\s.!)\]]*")
"""`Công văn số 12 - MẬT`: at a subject's end, behind a dash, comma or bracket."""
_TAIL_BREAK = re.compile(r"[,;:\-–—(\[]\s*MẬT[\s.!)\]]*\Z")
_DENIED = re.compile(
    r"(?:không\s+(?:phải\s+(?:là\s+)?|thuộc\s+(?:loại\s+|diện\s+)?|có\s+)?|giải\s+|hết\s+|xóa\s+|xoá\s+|bỏ\s+|phim\s+|sách\s+|truyện\s+|vở\s+)"
    r"(?:tài\s+liệu\s+|văn\s+bản\s+|độ\s+)?[\[(\"'“«]*\s*\Z",
    re.IGNORECASE,
)
_UNMARKED = re.compile(rf"{_AROUND}(?P<degree>TUYET\s+MAT|TOI\s+MAT){_AROUND}")
"""Typed without marks; MAT alone is too many other things."""
_WITHOUT_MARKS = {"TUYET MAT": Degree.TOP, "TOI MAT": Degree.HIGH}


def in_subject(subject: str) -> Degree | None:
    """The mark that a subject bears, the highest of several."""
    line = _clean(subject)
    while (
        stripped := re.sub(r"^\s*(?:re|fw|fwd|trả lời|chuyển tiếp)\s*:\s*", "", line, flags=re.IGNORECASE)
    ) != line:
        line = stripped
    found = [_in_line(line)]
    if (match := _LEADING.match(line)) is not None:
        found.append(_degree(match["degree"]))
    if _TAIL_BREAK.search(line) and _TAIL.fullmatch(line):
        found.append(Degree.PLAIN)
    return highest(found)


def in_text(text: str) -> Degree | None:
    """The mark at the head of a body or of a page."""
    lines = [line for line in _clean(text).splitlines() if line.strip()][:HEAD_LINES]
    found = [_in_line(line) for line in lines if not line.lstrip().startswith(">")]
    return highest(found)


def highest(found: Sequence[Degree | None]) -> Degree | None:
    """The gravest of these."""
    return next((degree for degree in Degree if degree in found), None)


def _in_line(line: str) -> Degree | None:
    line = line[:MAX_LINE]
    whole = [match for pattern in (_STAMP, _UNMARKED) if (match := pattern.fullmatch(line)) is not None]
    inside = [
        match
        for pattern in (_BRACKETED, _LABEL, _CAPITALS)
        for match in pattern.finditer(line)
        if not _DENIED.search(line[: match.start("degree")])
    ]
    return highest([_degree(match["degree"]) for match in (*whole, *inside)])


def _degree(written: str) -> Degree:
    words = " ".join(written.upper().split())
    return _WITHOUT_MARKS.get(words) or Degree(unicodedata.normalize("NFC", words))


def _clean(text: str) -> str:
    """NFC, with blanks of all kinds as blanks, and letters set apart (M Ậ T) put together."""
    text = (
        unicodedata.normalize("NFC", text).replace("\u00a0", " ").replace("\u200b", "").replace("\ufeff", "")
    )
    return re.sub(r"(?<!\w)M\s{1,2}Ậ\s{1,2}T(?!\w)", "MẬT", text)

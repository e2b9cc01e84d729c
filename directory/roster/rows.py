"""What each line below the header is: a person, the title of a section, or something to pass over."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from directory.names import fold
from directory.roster.columns import Column
from directory.roster.grid import Fill, Grid, Line
from directory.roster.header import Header

_ROMAN: Final = re.compile(r"(?=[IVXL])(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ENUMERATED: Final = re.compile(
    r"(?P<mark>[IVXL]{1,6}|[A-ZĐ]|\d{1,2}(?:\.\d{1,2})*)(?:[.)/:-]|\s-)\s*(?P<words>\S.*)"
)
_FOOTER: Final = re.compile(
    r"(?:tong cong|tong so|tong|cong|danh sach (?:nay )?(?:co|gom)|an dinh danh sach|nguoi lap|lap bieu|lap bang|nguoi ghi"
    r"|thu truong|xac nhan|ky ten|ky, ghi ro|\(ky|tm\.|kt\.|tl\.|tuq\.|noi nhan|ghi chu|total|prepared by|signed)\b"
    r"|.*ngay \S{1,4} thang \S{1,4} nam \S{2,}"
)
_COUNTING: Final = re.compile(r"=(?:count|sum|subtotal)")
_STATEMENT: Final = re.compile(r"(?:tong|cong|total)\b")


class Level(IntEnum):
    """How deep a section lies: A, then I, then 1; a title without a mark lies below all."""

    LETTER = 1
    ROMAN = 2
    NUMBER = 3
    PLAIN = 4


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A line that names a person, and the sections that it stands under, the outermost first."""

    line: Line
    sections: tuple[str, ...]
    section_lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    level: Level
    title: str
    line: Line


def people_lines(grid: Grid, header: Header) -> Iterator[PersonLine]:
    """The lines of people; blank lines, repeated headers, sums and signatures are passed over."""
    sections: list[_Section] = []
    in_footer = False
    for line in grid.lines[header.after :]:
        if line.is_blank or _repeats_header(line, header):
            continue
        section = None if in_footer and not _is_marked(line) else _section(line, header)
        if _is_footer(line, header):
            in_footer = True
        elif section is not None:
            in_footer = False
            sections = [known for known in sections if known.level < section.level]
            sections.append(section)
        elif not in_footer or _is_ordered(line, header):
            in_footer = False
            yield PersonLine(
                line, tuple(known.title for known in sections), tuple(known.line for known in sections)
            )


def _texts(line: Line) -> list[str]:
    return [cell.text for cell in line.cells if cell.text and cell.fill is Fill.OWN]


def _repeats_header(line: Line, header: Header) -> bool:
    """The header again, as it stands at the top of each printed page."""
    labels = {label.casefold() for label in header.labels if label}
    texts = [text.casefold() for text in _texts(line)]
    return len(texts) >= 2 and all(text in labels for text in texts)


def _is_footer(line: Line, header: Header) -> bool:
    texts = _texts(line)
    first = fold(texts[0]) if texts else ""
    if _COUNTING.match(first):
        return True
    if _is_ordered(line, header) or not _FOOTER.match(first):
        return False
    # "Tổng hợp" may be a department and "Công Văn An" a person: a sum is a statement with figures or nothing else
    statement = _STATEMENT.match(first)
    return not statement or len(texts) == 1 or any(character.isdigit() for character in "".join(texts[1:]))


def _is_ordered(line: Line, header: Header) -> bool:
    """Whether the line has an ordinal and a name: a person, whatever else it says."""
    order = _text_in(line, header, Column.ORDER)
    return order.rstrip(".").isdigit() and bool(_name_in(line, header))


def _section(line: Line, header: Header) -> _Section | None:
    """A title of its own: `I. Văn phòng` in one cell, or `I` before `Văn phòng`, and nothing else."""
    own = [
        (at, cell.text) for at, cell in enumerate(line.cells) if cell.text and cell.fill is not Fill.ACROSS
    ]
    own = [(at, text) for at, text in own if line.cell(at).fill is Fill.OWN]
    if len(own) == 2 and (mark := _level(own[0][1].rstrip(".)"))) is not None and len(own[0][1]) <= 7:
        numbered_person = mark is Level.NUMBER and _name_in(line, header) == own[1][1]
        return None if numbered_person else _Section(mark, own[1][1], line)
    if len(own) != 1:
        return None
    at, text = own[0]
    if found := _ENUMERATED.fullmatch(text):
        return _Section(_level(found["mark"]) or Level.PLAIN, found["words"].rstrip(" :"), line)
    across = any(cell.fill is Fill.ACROSS and cell.text for cell in line.cells)
    in_name = at in header.columns.get(Column.FULL_NAME, ())
    without_order = not header.has(Column.ORDER)
    return (
        None if in_name and without_order and not across else _Section(Level.PLAIN, text.rstrip(" :"), line)
    )


def _is_marked(line: Line) -> bool:
    texts = _texts(line)
    whole = " ".join(texts) if len(texts) <= 2 else ""
    return _ENUMERATED.fullmatch(whole) is not None or (
        len(texts) == 2 and _level(texts[0].rstrip(".)")) is not None
    )


def _level(mark: str) -> Level | None:
    if _ROMAN.fullmatch(mark):
        return Level.ROMAN
    if len(mark) == 1 and mark.isalpha() and mark.isupper():
        return Level.LETTER
    return Level.NUMBER if mark.replace(".", "").isdigit() else None


def _text_in(line: Line, header: Header, column: Column) -> str:
    return next((line.cell(at).text for at in header.columns.get(column, ()) if line.cell(at).text), "")


def _name_in(line: Line, header: Header) -> str:
    return _text_in(line, header, Column.FULL_NAME) or _text_in(line, header, Column.GIVEN)

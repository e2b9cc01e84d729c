"""A spreadsheet as it was read: lines of cells, before anybody knows what they mean."""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Final, TypeAlias

from directory.names import tidy
from directory.provision.faults import Fault, Remark

Value: TypeAlias = str | int | float | date | None

MAX_COLUMNS: Final = 200
MAX_ROWS: Final = 60_000
MAX_CELL: Final = 2_000  # characters; the cells of a roster are words


class Fill(Enum):
    """Whether a cell shows the value of a merged one."""

    OWN = 0
    DOWN = 1  # from above, in the same column: it holds for this line too
    ACROSS = 2  # from the left: a title that runs over several columns


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `font` is its typeface, where the file says one."""

    value: Value = None
    font: str = ""
    formula: bool = False
    error: bool = False
    fill: Fill = Fill.OWN

    @property
    def text(self) -> str:
        """Its words: NFC, single blanks (also for U+00A0), a whole number without its decimals."""
        if isinstance(self.value, float) and self.value.is_integer():
            return str(int(self.value))
        return tidy(str(self.value)) if self.value is not None else ""


EMPTY: Final = Cell()


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its number in the file, beginning at 1."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell:
        """A cell, empty past the end."""
        return self.cells[column] if column < len(self.cells) else EMPTY

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to read."""
        return not any(cell.text for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet; `days_from_1904` as old Macintosh files count (ECMA-376 part 1, §18.17.4.1)."""

    lines: tuple[Line, ...]
    name: str = ""
    days_from_1904: bool = False
    warnings: tuple[Remark, ...] = ()
    other_sheets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A merged range, by index from 0."""

    top: int
    left: int
    bottom: int
    right: int


class RosterFileError(ValueError):
    """The file cannot be read at all; `remark` says why and what to do."""

    def __init__(self, fault: Fault, line: int = 1, **values: str) -> None:
        self.remark = Remark(line, "", fault, values)
        super().__init__(self.remark.message("en"))


def merged(lines: tuple[Line, ...], spans: tuple[Span, ...]) -> tuple[Line, ...]:
    """The lines with the value of each merged range in all of its cells."""
    index_of = {line.number - 1: at for at, line in enumerate(lines)}
    changed: dict[int, list[Cell]] = {}
    for span in spans:
        first = index_of.get(span.top)
        if first is None or not (value := lines[first].cell(span.left)).text:
            continue
        for row in range(span.top, span.bottom + 1):
            at = index_of.get(row)
            if at is None:
                continue
            cells = changed.setdefault(at, list(lines[at].cells))
            cells += [EMPTY] * (span.right + 1 - len(cells))
            for column in range(span.left, span.right + 1):
                if (row, column) != (span.top, span.left):
                    fill = Fill.DOWN if column == span.left else Fill.ACROSS
                    cells[column] = replace(value, fill=fill)
    return tuple(
        Line(line.number, tuple(changed[at])) if at in changed else line for at, line in enumerate(lines)
    )


def column_letters(column: int) -> str:
    """A, B … Z, AA: how a spreadsheet names a column."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_name(line: Line, column: int) -> str:
    """`C7`, as a spreadsheet shows it."""
    return f"{column_letters(column)}{line.number}"


@dataclass(slots=True)
class Remarks:
    """What was found wrong, or worth a look, while reading."""

    refused: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)

    def refuse(self, line: int, column: str, fault: Fault, **values: str) -> None:
        """A line that cannot be used."""
        self.refused.append(Remark(line, column, fault, values))

    def warn(self, line: int, column: str, fault: Fault, **values: str) -> None:
        """A line that deserves a second look."""
        self.warnings.append(Remark(line, column, fault, values))

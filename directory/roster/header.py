"""Where a roster says what its columns are: below titles, over one line or two, perhaps with numbers under it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from directory.provision.faults import Fault, Remark
from directory.roster.columns import Column, column_called, column_under, deserves_no_word, is_label
from directory.roster.grid import EMPTY, Fill, Grid, Line, cell_name

_LOOKED_AT: Final = 60  # lines
_LOOKED_BELOW: Final = 30
_NUMBERING: Final = re.compile(r"\(?\d{1,2}\)?(?:=.*)?|\(?[A-Z]\)?")
_REPEATABLE: Final = frozenset({Column.BIRTH, Column.PHONE})


@dataclass(frozen=True, slots=True)
class Header:
    """Which column says what; `first` and `after` are indexes of lines."""

    first: int
    after: int  # the first line of data
    columns: Mapping[Column, tuple[int, ...]]
    labels: tuple[str, ...]
    faults: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()

    def has(self, column: Column) -> bool:
        """Whether the roster says this."""
        return column in self.columns


def find_header(grid: Grid) -> Header | None:
    """The first line that names a person and something else about them."""
    for at, line in enumerate(grid.lines[:_LOOKED_AT]):
        if len(_own_texts(line)) < 2:
            continue
        sub = _sub_line(grid, at)
        header = _read(grid, at, sub)
        named = header.has(Column.FULL_NAME) or header.has(Column.GIVEN)
        if named and len(header.columns) >= 2:
            return header
    return None


def _own_texts(line: Line) -> list[str]:
    return [cell.text for cell in line.cells if cell.text and cell.fill is not Fill.ACROSS]


def _sub_line(grid: Grid, at: int) -> Line | None:
    """The second line of a header, where there is one: all of its own words are labels."""
    if at + 1 >= len(grid.lines):
        return None
    below = grid.lines[at + 1]
    own = [cell.text for cell in below.cells if cell.text and cell.fill is Fill.OWN]
    filled = any(cell.fill is Fill.DOWN and cell.text for cell in below.cells)
    spread = any(cell.fill is Fill.ACROSS and cell.text for cell in grid.lines[at].cells)
    if own and all(is_label(text) for text in own):
        return below
    if own and (filled or spread) and sum(map(is_label, own)) * 2 >= len(own):
        return below
    return below if filled and not own else None


def _read(grid: Grid, at: int, sub: Line | None) -> Header:
    top = grid.lines[at]
    after = _skip_numbering(grid, at + (2 if sub is not None else 1))
    width = max(len(top.cells), len(sub.cells) if sub is not None else 0)
    columns: dict[Column, tuple[int, ...]] = {}
    labels: list[str] = []
    faults: list[Remark] = []
    warnings: list[Remark] = []
    carried = ""
    for column in range(width):
        upper, lower = top.cell(column), sub.cell(column) if sub is not None else EMPTY
        label = "" if lower.fill is Fill.DOWN else lower.text
        carried = upper.text or (carried if label else "")
        labels.append(" – ".join(text for text in (carried, label) if text))
        found = column_under(carried, label)
        found = _split_name(grid, after, column, columns, found, labels[-1])
        if found is None:
            if not deserves_no_word(labels[-1]):
                warnings.append(
                    Remark(top.number, labels[-1][:40], Fault.COLUMN_UNUSED, {"column": labels[-1][:40]})
                )
            continue
        known = columns.get(found, ())
        if known and found not in _REPEATABLE:
            cells = f"{cell_name(top, known[0])}, {cell_name(top, column)}"
            if upper.fill is not Fill.ACROSS:
                faults.append(
                    Remark(
                        top.number, found.value, Fault.REPEATED_FIELD, {"column": upper.text, "cells": cells}
                    )
                )
            continue
        columns[found] = (*known, column)
    if Column.FULL_NAME in columns and Column.GIVEN in columns and Column.FAMILY not in columns:
        columns[Column.FAMILY] = columns.pop(Column.FULL_NAME)
    return Header(at, after, columns, tuple(labels), tuple(faults), tuple(warnings))


def _split_name(
    grid: Grid,
    after: int,
    column: int,
    columns: Mapping[Column, tuple[int, ...]],
    found: Column | None,
    label: str,
) -> Column | None:
    """`Họ và tên` over two columns, the second without a label of its own: family and middle names, given name."""
    full = columns.get(Column.FULL_NAME)
    if full is None or column != full[0] + 1 or found not in {None, Column.FULL_NAME}:
        return found
    if found is None and label and column_called(label) is not Column.FULL_NAME:
        return found
    below = [line.cell(column) for line in grid.lines[after : after + _LOOKED_BELOW]]
    words = [cell.text for cell in below if cell.text and cell.fill is Fill.OWN and not cell.text.isdigit()]
    return Column.GIVEN if words and sum(" " not in word for word in words) * 2 > len(words) else None


def _skip_numbering(grid: Grid, at: int) -> int:
    """Past a line that numbers the columns: (1) (2) (3), or A B 1 2."""
    if at < len(grid.lines):
        texts = [cell.text for cell in grid.lines[at].cells if cell.text and cell.fill is not Fill.DOWN]
        if len(texts) >= 3 and all(_NUMBERING.fullmatch(text) for text in texts):
            return at + 1
    return at

"""Bars as SVG, with their figures in words beside them: what a screen reader says is what the eye sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmail.statistics.port import Bar

HEIGHT: Final = 120
STEP: Final = 44
WIDTH: Final = 26


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a series, in the units of its drawing."""

    x: int
    y: float
    height: float
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Series:
    """A row of columns, one a month."""

    width: int
    height: int
    columns: tuple[Column, ...]
    plan_y: float | None


def series(bars: Sequence[Bar], point: str) -> Series:
    """Columns from 0 to 100 per cent (higher where there is more), with the plan as a line."""
    top = max([100.0, *(bar.share.percent or 0 for bar in bars)])
    plan = bars[0].share.plan if bars else None
    return Series(
        width=max(len(bars) * STEP, STEP),
        height=HEIGHT,
        columns=tuple(_column(number, bar, top, point) for number, bar in enumerate(bars)),
        plan_y=None if plan is None else HEIGHT - HEIGHT * plan / top,
    )


def _column(number: int, bar: Bar, top: float, point: str) -> Column:
    percent = bar.share.percent
    height = HEIGHT * (percent or 0) / top
    value = "–" if percent is None else decimal_text(percent, point)
    return Column(number * STEP + (STEP - WIDTH) // 2, HEIGHT - height, height, _month_label(bar.name), value)


def _month_label(month: str) -> str:
    """`11/26` of `2026-11`."""
    year, _, number = month.partition("-")
    return f"{number}/{year[2:]}"


def decimal_text(value: float, point: str) -> str:
    """One digit after the comma, none for whole numbers."""
    return f"{value:.1f}".removesuffix(".0").replace(".", point)

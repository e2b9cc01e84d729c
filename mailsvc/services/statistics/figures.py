"""What is counted of a unit in a month. Every share keeps its numerator and denominator, so that shares can be added."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share that can be checked."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> float | None:
        """Per cent; None where there is nothing to have a share of."""
        return 100 * self.numerator / self.denominator if self.denominator else None

    def of_plan(self, plan: int) -> float | None:
        """Per cent of the plan's per cent: 92 % of a planned 80 % is 115 %."""
        return None if self.percent is None or not plan else 100 * self.percent / plan


class Measure(StrEnum):
    """Chỉ tiêu: what a head asks of official mail."""

    PROVISIONED = "provisioned"  # đã cấp / biên chế
    ACTIVATED = "activated"  # đã kích hoạt / đã cấp
    REGULAR = "regular"  # dùng thường xuyên / phải dùng
    OPENED = "opened"  # thư đơn vị đã mở / đã đến
    PROMPT = "prompt"  # mở trong hạn / đã đến
    ANSWERED = "answered"  # thư đơn vị đã trả lời / đã đến
    INSIDE = "inside"  # thư trao đổi nội bộ / thư đã gửi
    DORMANT = "dormant"  # hộp thư ngủ / hộp thư
    QUOTA = "quota"  # dung lượng đã dùng / đã hứa


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts of one unit, or of several together."""

    headcount: int = 0
    staffed: int = 0
    """Personal boxes of units whose headcount is known."""
    provisioned: int = 0
    activated: int = 0
    expected: int = 0
    """People with at least one working day in the month that was no leave."""
    regular: int = 0
    received: int = 0
    """Letters that came to boxes of units and posts."""
    opened: int = 0
    prompt: int = 0
    answered: int = 0
    opened_seconds: int = 0
    """Working seconds until somebody opened them, together."""
    answered_seconds: int = 0
    sent: int = 0
    sent_inside: int = 0
    boxes: int = 0
    dormant: int = 0
    quota_promised: int = 0
    quota_used: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    def ratio(self, measure: Measure) -> Ratio:
        """One share of them."""
        numerator, denominator = OF_MEASURE[measure]
        return Ratio(getattr(self, numerator), getattr(self, denominator))

    @property
    def hours_to_open(self) -> float | None:
        """Working hours until a letter of a unit was opened, on average."""
        return self.opened_seconds / 3600 / self.opened if self.opened else None

    @property
    def hours_to_answer(self) -> float | None:
        """Working hours until it was answered, on average."""
        return self.answered_seconds / 3600 / self.answered if self.answered else None

    def to_json(self) -> dict[str, int]:
        """The counts by name."""
        return {name: getattr(self, name) for name in NAMES}


NAMES = tuple(field.name for field in fields(Figures))
OF_MEASURE: Mapping[Measure, tuple[str, str]] = {
    Measure.PROVISIONED: ("staffed", "headcount"),
    Measure.ACTIVATED: ("activated", "provisioned"),
    Measure.REGULAR: ("regular", "expected"),
    Measure.OPENED: ("opened", "received"),
    Measure.PROMPT: ("prompt", "received"),
    Measure.ANSWERED: ("answered", "received"),
    Measure.INSIDE: ("sent_inside", "sent"),
    Measure.DORMANT: ("dormant", "boxes"),
    Measure.QUOTA: ("quota_used", "quota_promised"),
}


def total(parts: Iterable[Figures]) -> Figures:
    """All of them together."""
    result = Figures()
    for part in parts:
        result += part
    return result


def figures_of(values: Mapping[str, int]) -> Figures:
    """The counts in what was kept; names of another version are left out, missing ones are 0."""
    return Figures(**{name: int(values.get(name, 0)) for name in NAMES})

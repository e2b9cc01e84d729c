"""What the page of statistics asks of the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from webmail.ports import Viewer


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to see; words of the address line, empty for the default."""

    month: str = ""
    by: str = ""
    measure: str = ""
    under: str = ""
    tier: str = ""
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """One share, always with what it is a share of."""

    measure: str
    label: str
    numerator: int
    denominator: int
    percent: float | None
    plan: int | None = None
    of_plan: float | None = None
    is_octets: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a unit, tier, branch or month, by the measure chosen."""

    name: str
    code: str
    share: Share
    place: int | None = None
    last_year: int | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class StatisticsPage:
    """All that the page shows."""

    month: str
    previous: str
    next: str
    """Empty in the month that goes on."""
    is_final: bool
    has_calendar: bool
    chosen: Choice
    shares: tuple[Share, ...]
    hours_to_open: float | None
    hours_to_answer: float | None
    bars: tuple[Bar, ...]
    months: tuple[Bar, ...]
    units: tuple[Option, ...]
    measures: tuple[Option, ...]


class Statistics(Protocol):
    """Figures within the scope of who asks."""

    def may_see(self, viewer: Viewer) -> bool:
        """Whether this person administers anything."""

    def page(self, viewer: Viewer, choice: Choice, language: str) -> StatisticsPage:
        """The figures. NotPermitted outside of the scope; ValueError for a month or word that is none."""

    def sheet(self, viewer: Viewer, choice: Choice, language: str) -> bytes:
        """The same lines as a spreadsheet."""

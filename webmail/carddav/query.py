"""Filters of addressbook-query (RFC 6352 §10.5): which cards a client asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from search.fold import fold
from webmail.carddav.vcard import values_of
from webmail.carddav.xml_in import CARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from webmail.carddav.port import Card
    from webmail.carddav.xml_in import Element

COLLATIONS: Final = frozenset({"default", "i;unicode-casemap", "i;ascii-casemap"})
MAX_FILTERS: Final = 50
MATCHES: Final[dict[str, Callable[[str, str], bool]]] = {
    "equals": lambda value, wanted: value == wanted,
    "contains": lambda value, wanted: wanted in value,
    "starts-with": lambda value, wanted: value.startswith(wanted),
    "ends-with": lambda value, wanted: value.endswith(wanted),
}


class UnsupportedCollation(ValueError):
    """A collation that is not among those announced (RFC 6352 §8.6, supported-collation)."""


class UnsupportedFilter(ValueError):
    """A filter that we cannot answer for (RFC 6352 §8.6, supported-filter)."""


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A text to look for, folded; without marks where it has none, so that `huong` finds Hương: wider than RFC 6352."""

    wanted: str
    kind: str
    is_negated: bool
    folded: Callable[[str], str]

    def holds(self, value: str) -> bool:
        """Whether a value matches."""
        return MATCHES[self.kind](self.folded(value), self.wanted) is not self.is_negated


@dataclass(frozen=True, slots=True)
class PropFilter:
    """One property: there or not, and what it says."""

    name: str
    is_defined: bool
    matches: tuple[TextMatch, ...]
    needs_all: bool

    def holds(self, values: dict[str, str]) -> bool:
        """Whether a card's properties pass."""
        value = values.get(self.name)
        if not self.is_defined:
            return value is None
        if value is None:
            return False
        verdicts = [match.holds(value) for match in self.matches]
        return not verdicts or (all(verdicts) if self.needs_all else any(verdicts))


@dataclass(frozen=True, slots=True)
class Filter:
    """All of a query."""

    parts: tuple[PropFilter, ...]
    needs_all: bool

    def holds(self, card: Card, domain: str) -> bool:
        """Whether a card is asked for."""
        values = values_of(card, domain)
        verdicts = [part.holds(values) for part in self.parts]
        return not verdicts or (all(verdicts) if self.needs_all else any(verdicts))


def read_filter(element: Element | None) -> Filter:
    """The filter of a query; every card where there is none."""
    if element is None:
        return Filter((), needs_all=False)
    parts = tuple(_prop_filter(child) for child in element.all((CARD, "prop-filter")))
    if len(parts) > MAX_FILTERS:
        raise UnsupportedFilter(f"more than {MAX_FILTERS}")
    return Filter(parts, needs_all=element.attributes.get("test") == "allof")


def _prop_filter(element: Element) -> PropFilter:
    if element.first((CARD, "param-filter")) is not None:
        raise UnsupportedFilter("param-filter")
    matches = tuple(_text_match(child) for child in element.all((CARD, "text-match")))
    if len(matches) > MAX_FILTERS:
        raise UnsupportedFilter(f"more than {MAX_FILTERS}")
    return PropFilter(
        name=element.attributes.get("name", "").upper(),
        is_defined=element.first((CARD, "is-not-defined")) is None,
        matches=matches,
        needs_all=element.attributes.get("test") == "allof",
    )


def _text_match(element: Element) -> TextMatch:
    if element.attributes.get("collation", "default") not in COLLATIONS:
        raise UnsupportedCollation(element.attributes["collation"])
    kind = element.attributes.get("match-type", "contains")
    if kind not in MATCHES:
        raise UnsupportedFilter(kind)
    needle = element.text
    folded = fold if fold(needle) == needle.casefold() else str.casefold
    return TextMatch(folded(needle), kind, element.attributes.get("negate-condition") == "yes", folded)

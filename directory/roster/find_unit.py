"""The unit that words mean: a code, a name, a short name, in the tree below what was said before."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from directory.model import Unit, UnitId
from directory.names import syllables
from directory.repository.units import path_of
from directory.roster.people import PlaceTexts

_SHORT: Final = (  # as units are spoken and as they are written, the longest first
    ("uy ban mat tran to quoc viet nam", "mttq"),
    ("uy ban mat tran to quoc", "mttq"),
    ("uy ban mttq viet nam", "mttq"),
    ("uy ban mttq", "mttq"),
    ("ubmttq viet nam", "mttq"),
    ("ubmttq", "mttq"),
    ("mat tran to quoc viet nam", "mttq"),
    ("mat tran to quoc", "mttq"),
    ("mttq viet nam", "mttq"),
    ("hoi dong nhan dan", "hdnd"),
    ("uy ban nhan dan", "ubnd"),
    ("giao duc va dao tao", "gddt"),
    ("giao duc dao tao", "gddt"),
    ("khoa hoc va cong nghe", "khcn"),
    ("khoa hoc cong nghe", "khcn"),
    ("trung tam", "tt"),
    ("van phong", "vp"),
)
_PARTS: Final = re.compile(r"\s*(?:,|;|/|>|→| - | – |\n)\s*")
_COUNT: Final = re.compile(
    r"\s*[:(–-]?\s*\d+\s*(?:người|nguoi|đ/c|cán bộ|công chức|biên chế)?\s*\)?\s*$", re.IGNORECASE
)


class Miss(Enum):
    """Why words mean no unit."""

    NOTHING_SAID = "nothing_said"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Found:
    """A unit, and words below it that are not in the tree (a department without a unit of its own)."""

    unit: Unit
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """No unit: the words, under what, and which would fit."""

    why: Miss
    text: str = ""
    under: Unit | None = None
    fitting: tuple[str, ...] = ()


def spoken(text: str) -> str:
    """A name as it is compared: without marks, with the usual abbreviations."""
    words = f" {' '.join(syllables(text))} "
    for long, short in _SHORT:
        words = words.replace(f" {long} ", f" {short} ")
    return words.strip()


@dataclass(slots=True)
class UnitFinder:
    """Finds units by words; those that the administrator has come first."""

    units: Sequence[Unit]
    own: frozenset[UnitId] | None  # None is every unit
    _by_words: dict[str, list[Unit]] = field(init=False)
    _by_code: dict[str, Unit] = field(init=False)
    _above: dict[UnitId, frozenset[UnitId]] = field(init=False)

    def __post_init__(self) -> None:
        by_id = {unit.id: unit for unit in self.units}
        names: defaultdict[str, list[Unit]] = defaultdict(list)
        self._above = {}
        for unit in self.units:
            path = path_of(by_id, unit)
            self._above[unit.id] = frozenset(item.id for item in path)
            named = {spoken(unit.name), spoken(unit.short_name)}
            named |= {f"{spoken(unit.name)} {spoken(above.name)}" for above in path[-3:-1]}
            for words in named - {""}:
                names[words].append(unit)
        self._by_words = dict(names)
        self._by_code = {unit.code.casefold(): unit for unit in self.units}

    def find(self, place: PlaceTexts, root: Unit | None = None) -> Found | Missed:
        """Follow the words down: each narrows what the ones before it meant.

        A department or section that is no unit ("Lãnh đạo") belongs to what is above it; an unknown unit is missed.
        """
        at, beyond, missed = root, "", Missed(Miss.NOTHING_SAID)
        said = [*((text, False) for text in place.sections), (place.unit, True), (place.department, False)]
        for text, is_unit in said:
            if not text:
                continue
            step = self._step(text, at)
            if isinstance(step, Found):
                at, beyond = step.unit, ""
            elif is_unit or step.why is Miss.AMBIGUOUS:
                return step
            else:
                beyond, missed = text, step
        return missed if at is None else Found(at, beyond)

    def in_titles(self, titles: Iterable[str]) -> Unit | None:
        """The unit that what stands above a list names: the deepest of them."""
        named = [self._one(text, None) for text in titles]
        found = [item.unit for item in named if isinstance(item, Found)]
        return max(found, key=lambda unit: len(self._above[unit.id]), default=None)

    def _step(self, text: str, at: Unit | None) -> Found | Missed:
        """The unit of one text: as a whole, else by its parts ("Phòng Nội vụ, Sở Y tế")."""
        whole = self._one(_COUNT.sub("", text) or text, at)
        if isinstance(whole, Found) or whole.why is Miss.AMBIGUOUS:
            return whole
        parts = [part for part in _PARTS.split(text) if part]
        for order in (parts, parts[::-1]) if len(parts) > 1 else ():
            inner = at
            for part in order:
                step = self._one(part, inner)
                if not isinstance(step, Found):
                    break
                inner = step.unit
            else:
                if inner is not None:
                    return Found(inner)
        return whole

    def _one(self, text: str, at: Unit | None) -> Found | Missed:
        if (coded := self._by_code.get(text.strip().casefold())) is not None:
            return Found(coded)
        fitting = self._by_words.get(spoken(text), [])
        below = [unit for unit in fitting if at is None or at.id in self._above[unit.id]]
        fitting = below or fitting
        own = [unit for unit in fitting if self.own is None or unit.id in self.own]
        fitting = own or fitting
        if at is not None and at in fitting:
            return Found(at)
        if at is not None:
            nearest = min((len(self._above[unit.id]) for unit in below), default=0)
            fitting = [unit for unit in fitting if not below or len(self._above[unit.id]) == nearest]
        if len(fitting) == 1:
            return Found(fitting[0])
        codes = tuple(sorted(unit.code for unit in fitting))
        return Missed(Miss.AMBIGUOUS if codes else Miss.UNKNOWN, text, at, codes)

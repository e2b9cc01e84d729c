"""Addresses for those who bring none: by the rule of their tier and branch, never one that was given out before."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from directory.model import AccountKind, AccountState, NameParts, Unit
from directory.names import LocalParts, fold
from directory.policies import AddressRule, Homographs, Numbering, person_local, unit_local
from directory.policies.pattern import TwoDigitLocals
from directory.provision.known import Known

_HANDS_OUT: Final[dict[Numbering, Callable[[Iterable[str]], LocalParts | TwoDigitLocals]]] = {
    Numbering.PLAIN: LocalParts,
    Numbering.TWO_DIGITS: TwoDigitLocals,
}


@dataclass(frozen=True, slots=True)
class MadeLocal:
    """A local part, and whoever has another name that is the same without marks (Hương Văn, Hương Vân)."""

    local: str  # empty where the rule wants a person to choose
    like_name: str = ""
    like_address: str = ""


class NewAddresses:
    """Hands out the local parts of one domain."""

    def __init__(self, taken: Iterable[str], people: Iterable[tuple[str, str]]) -> None:
        self._taken = set(taken)
        self._makers: dict[Numbering, LocalParts | TwoDigitLocals] = {}
        self._alike: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for name, address in people:
            self._alike[fold(name)].append((name, address))

    def for_person(
        self,
        rule: AddressRule,
        parts: NameParts,
        name: str,
        domain: str,
        unit: Unit | None,
        above: Unit | None,
    ) -> MadeLocal:
        """By the pattern for people, with a number where somebody has it already."""
        base = person_local(rule.pattern, parts, unit=_short(unit), parent=_short(above))
        alike = self._alike[fold(name)]
        other = next(((known, at) for known, at in alike if known.casefold() != name.casefold()), None)
        if other is not None and rule.homographs is Homographs.REFUSE:
            return MadeLocal("", *other)
        local = self._take(rule.numbering, base)
        alike.append((name, f"{local}@{domain}"))
        return MadeLocal(local, *(other or ()))

    def for_unit(self, rule: AddressRule, unit: Unit, above: Unit | None) -> str:
        """By the pattern for unit boxes."""
        base = unit_local(rule.unit_pattern, unit.short_name, unit.name, parent=_short(above))
        return self._take(rule.numbering, base)

    def _take(self, numbering: Numbering, base: str) -> str:
        if numbering not in self._makers:
            self._makers[numbering] = _HANDS_OUT[numbering](self._taken)
        local = self._makers[numbering].take(base)
        while local in self._taken:  # given out by the other numbering
            local = self._makers[numbering].take(base)
        self._taken.add(local)
        return local


def open_addresses(known: Known, in_file: Iterable[str]) -> NewAddresses:
    """What may still be given out in the default domain: nothing that the directory or a line of the file has."""
    ending = f"@{known.domain}"
    keys = (*known.taken, *in_file)
    people = (
        (box.display_name, str(box.address))
        for box in known.boxes.values()
        if box.kind is AccountKind.PERSONAL and box.state is not AccountState.ARCHIVED
    )
    return NewAddresses((key.removesuffix(ending) for key in keys if key.endswith(ending)), people)


def _short(unit: Unit | None) -> str:
    return "" if unit is None else unit.short_name or unit.name

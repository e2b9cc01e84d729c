"""What a rule for addresses would give the people who are there: shown before it is set, changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Connection

from directory.model import Account, AccountKind, Unit, UnitId
from directory.names import LocalParts, split_name
from directory.policies.pattern import TwoDigitLocals, person_local, skeleton, unit_local
from directory.policies.rules import AddressRule, Homographs, Numbering
from directory.repository.boxes import list_accounts
from directory.repository.units import units_on
from directory.scope import Deed, Scope


class Note(StrEnum):
    """What deserves a look."""

    NAMESAKE = "namesake"  # the same name again: told apart by a number
    HOMOGRAPH = "homograph"  # another name, the same letters without marks (Hương Văn, Hương Vân)
    LOOKS_ALIKE = "looks_alike"  # the eye takes it for another address (l and 1, rn and m)
    REFUSED = "refused"  # the rule wants a person to choose


@dataclass(frozen=True, slots=True)
class Proposal:
    """The address that one name would get."""

    name: str
    unit: str
    current: str  # "" is nobody yet
    proposed: str  # "" where it is refused
    notes: tuple[tuple[Note, str], ...] = ()  # with the address or name that it resembles


class AddressMaker:
    """Hands out local parts by one rule, and says what each resembles. One object a domain."""

    def __init__(self, rule: AddressRule, taken: Iterable[str] = ()) -> None:
        known = set(taken)
        self.rule = rule
        two = rule.numbering is Numbering.TWO_DIGITS
        self._locals: LocalParts | TwoDigitLocals = TwoDigitLocals(known) if two else LocalParts(known)
        self._names: defaultdict[str, list[str]] = defaultdict(list)
        self._like: dict[str, str] = {skeleton(local): local for local in known}

    def take(self, base: str, name: str) -> tuple[str, tuple[tuple[Note, str], ...]]:
        """The local part for a name whose pattern gave `base`, and what deserves a look."""
        notes: list[tuple[Note, str]] = []
        for other in self._names[base]:
            note = Note.NAMESAKE if other.casefold() == name.casefold() else Note.HOMOGRAPH
            notes.append((note, other))
        self._names[base].append(name)
        if self.rule.homographs is Homographs.REFUSE and any(note is Note.HOMOGRAPH for note, _ in notes):
            return "", (*notes, (Note.REFUSED, base))
        local = self._locals.take(base)
        like = self._like.setdefault(skeleton(local), local)
        if like != local:
            notes.append((Note.LOOKS_ALIKE, like))
        return local, tuple(notes)


def preview_addresses(
    conn: Connection,
    scope: Scope,
    rule: AddressRule,
    *,
    on: date,
    unit_ids: Sequence[UnitId] | None = None,
    limit: int = 20_000,
) -> list[Proposal]:
    """The address of everybody in the scope as though all were new, in the order of a list."""
    seen = scope.units(Deed.SEE)
    wanted = sorted(seen) if seen is not None else None
    if unit_ids is not None:
        wanted = sorted(set(unit_ids) & set(wanted) if wanted is not None else unit_ids)
    units = {unit.id: unit for unit in units_on(conn, on)}
    maker = AddressMaker(rule)
    return [
        _proposal(maker, account, units)
        for account in list_accounts(conn, unit_ids=wanted, limit=limit)
        if account.kind in {AccountKind.PERSONAL, AccountKind.UNIT}
    ]


def propose(rule: AddressRule, names: Iterable[str], taken: Iterable[str] = ()) -> list[Proposal]:
    """The address of each of these names, in their order."""
    maker = AddressMaker(rule, taken)
    found = []
    for name in names:
        local, notes = maker.take(person_local(rule.pattern, split_name(name)), name)
        found.append(Proposal(name, "", "", local, notes))
    return found


def _proposal(maker: AddressMaker, account: Account, units: dict[UnitId, Unit]) -> Proposal:
    unit = units.get(account.unit_id) if account.unit_id is not None else None
    above = units.get(unit.parent_id) if unit is not None and unit.parent_id is not None else None
    short = unit.short_name or unit.name if unit is not None else ""
    parent = above.short_name or above.name if above is not None else ""
    if account.kind is AccountKind.UNIT:
        base = unit_local(maker.rule.unit_pattern, short, account.display_name, parent=parent)
    else:
        base = person_local(maker.rule.pattern, split_name(account.display_name), unit=short, parent=parent)
    local, notes = maker.take(base, account.display_name)
    return Proposal(
        account.display_name, unit.code if unit is not None else "", str(account.address), local, notes
    )

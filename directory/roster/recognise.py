"""Who a line of a roster is: by identifier, else by address, else by name and birth date."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from directory.address import Address
from directory.model import AccountId, AccountKind, AccountState
from directory.names import fold
from directory.provision.faults import Fault, Remark
from directory.provision.known import Box, Known
from directory.roster.grid import Remarks
from directory.roster.people import PersonRow

_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")  # huyền sắc ngã hỏi nặng
_NameAndBirth: TypeAlias = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Recognised:
    """The box of a person (None is new), and what of the line is still to be noted."""

    box: Box | None
    full_name: str
    address: Address | None
    identifier: tuple[str, str] | None


class Recogniser:
    """Knows the people of the directory; sees each line of one roster once."""

    def __init__(self, known: Known, found: Remarks) -> None:
        self._known = known
        self._found = found
        self._by_value: defaultdict[str, set[AccountId]] = defaultdict(set)
        for (_, value), owner in known.box_of_identifier.items():
            self._by_value[value].add(owner)
        self._by_birth: defaultdict[_NameAndBirth, list[Box]] = defaultdict(list)
        for box in known.boxes.values():
            if box.kind is AccountKind.PERSONAL and box.birth_date is not None:
                self._by_birth[fold(box.display_name), box.birth_date].append(box)
        self._line_of: dict[tuple[object, ...], int] = {}
        self._outside: set[str] = set()

    def recognise(self, row: PersonRow) -> Recognised | Remark:
        """The person, or why the line is refused."""
        by_identifier = self._of_identifier(row)
        given = self._own_address(row)
        by_address = self._of_address(given)
        if by_identifier and by_address and by_identifier.id != by_address.id:
            return _refuse_other(row, "address", str(given), by_address)
        box = by_identifier or by_address
        if box is not None:
            if not _is_same(row, box):
                column, value = (
                    ("address", str(given)) if by_identifier is None else ("identifier", _value(row))
                )
                return _refuse_other(row, column, value, box)
        else:
            fitting = list(self._of_birth(row))
            if len(fitting) > 1:
                listed = ", ".join(sorted(str(box.address) for box in fitting))
                return Remark(
                    row.line,
                    "full_name",
                    Fault.AMBIGUOUS_PERSON,
                    {"value": row.full_name, "expected": listed},
                )
            box = fitting[0] if fitting else None
        if box is not None and box.state is AccountState.ARCHIVED and not box.was_taken_back:
            return Remark(row.line, "identifier", Fault.PERSON_ARCHIVED, {"owner": str(box.address)})
        if box is None:
            return self._new(row, given)
        if given is not None and given.key != box.address.key:
            values = {"name": box.display_name, "owner": str(box.address), "value": str(given)}
            self._found.warn(row.line, "address", Fault.ADDRESS_KEPT, **values)
        known_value = by_identifier is not None
        name = box.display_name if _spelt(row.full_name) == _spelt(box.display_name) else row.full_name
        return Recognised(box, name, box.address, None if known_value else row.identifier)

    def _new(self, row: PersonRow, given: Address | None) -> Recognised | Remark:
        """A person whom nobody knows yet, and who stands in no earlier line."""
        what = (row.birth_date,) if row.birth_date else (row.place, row.title)
        if given is None and row.identifier is None:
            earlier = self._line_of.setdefault((row.full_name.casefold(), *what), row.line)
            if earlier != row.line:
                return Remark(
                    row.line, "full_name", Fault.DUPLICATE, {"value": row.full_name, "line": str(earlier)}
                )
        return Recognised(None, row.full_name, given, row.identifier)

    def _of_identifier(self, row: PersonRow) -> Box | None:
        if row.identifier is None:
            return None
        same_scheme = self._known.box_of_identifier.get(row.identifier)
        owners = {same_scheme} if same_scheme is not None else self._by_value.get(row.identifier[1], set())
        return self._known.boxes[next(iter(owners))] if len(owners) == 1 else None

    def _of_address(self, given: Address | None) -> Box | None:
        taken = self._known.taken.get(given.key) if given is not None else None
        if taken is None or taken.box_id is None:
            return None
        box = self._known.boxes.get(taken.box_id)
        return box if box is not None and box.kind is AccountKind.PERSONAL else None

    def _of_birth(self, row: PersonRow) -> Iterator[Box]:
        if row.birth_date is None:
            return
        scheme = row.identifier[0] if row.identifier is not None else None
        for box in self._by_birth.get((fold(row.full_name), row.birth_date), []):
            another = any(known == scheme for known, _ in box.identifiers)  # a namesake of the same day
            if not another and (box.state is not AccountState.ARCHIVED or box.was_taken_back):
                yield box

    def _own_address(self, row: PersonRow) -> Address | None:
        """The given address where it is of a domain of ours; one warning for each domain that is not."""
        given = row.address
        if given is None:
            return None
        whole = given if given.domain else Address(given.local, self._known.domain)
        if whole.domain in self._known.domains:
            return whole
        if whole.domain not in self._outside:
            self._outside.add(whole.domain)
            self._found.warn(row.line, "address", Fault.OUTSIDE_ADDRESS, value=f"…@{whole.domain}")
        return None


def _refuse_other(row: PersonRow, column: str, value: str, box: Box) -> Remark:
    values = {"value": value, "name": box.display_name, "owner": str(box.address)}
    return Remark(row.line, column, Fault.OTHER_PERSON, values)


def _is_same(row: PersonRow, box: Box) -> bool:
    """The same name but for marks, or the same birth date: whoever changed one kept the other."""
    same_birth = row.birth_date is not None and row.birth_date == box.birth_date
    return same_birth or fold(row.full_name) == fold(box.display_name)


def _spelt(name: str) -> list[tuple[str, str]]:
    """The letters and the tone of each syllable, wherever the tone is written: Thuỷ is Thủy, Hoà is Hòa."""
    words = unicodedata.normalize("NFD", name.casefold()).split()
    return [
        ("".join(letter for letter in word if letter not in _TONES), "".join(sorted(_TONES & set(word))))
        for word in words
    ]


def _value(row: PersonRow) -> str:
    return row.identifier[1] if row.identifier is not None else ""

"""Quy tắc đặt địa chỉ: `{given}{initials}` makes `annv`, `{unit}.{parent}` makes `tamgiang.yenphong`."""

import re
from collections.abc import Iterable
from string import Formatter
from typing import Final

from directory.model import NameParts
from directory.names import MAX_BASE, NAMELESS, RESERVED_LOCALS, local_part, syllables, unit_local_part

PEOPLE_FIELDS: Final = frozenset({"given", "family", "middle", "initials", "full", "unit", "parent"})
UNIT_FIELDS: Final = frozenset({"unit", "parent"})
_TELLS_PEOPLE_APART: Final = frozenset({"given", "full"})
_LITERAL: Final = re.compile(r"[a-z0-9._-]*")
_USUAL: Final = "{given}{initials}"
_LOOK_ALIKE: Final = str.maketrans({"0": "o", "1": "l", "i": "l"})


def check_pattern(text: str, *, of_people: bool) -> str:
    """The pattern itself; ValueError, with the remedy, where it could give two people one address or no address at all."""
    known = PEOPLE_FIELDS if of_people else UNIT_FIELDS
    expected = ", ".join(sorted(known))
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"ngoặc nhọn không khớp / unbalanced braces; dùng / use: {expected}") from error
    fields = {name for _, name, _, _ in parts if name is not None}
    if any(specification or conversion for _, _, specification, conversion in parts):
        raise ValueError("chỉ viết {tên} / write {name} only, without : and !")
    if fields - known:
        raise ValueError(f"không có / there is no {min(fields - known)!r}; dùng / use: {expected}")
    if not all(_LITERAL.fullmatch(literal) for literal, _, _, _ in parts):
        raise ValueError("ngoài ngoặc chỉ có a-z 0-9 . _ - / outside of braces only a-z 0-9 . _ -")
    if of_people and not fields & _TELLS_PEOPLE_APART:
        raise ValueError("phải có {given} hoặc {full} / {given} or {full} must be in it")
    if not of_people and "unit" not in fields:
        raise ValueError("phải có {unit} / {unit} must be in it")
    return text


def person_local(pattern: str, parts: NameParts, *, unit: str = "", parent: str = "") -> str:
    """The local part that a name gives, before any number that tells two people apart; units by their short names."""
    usual = local_part(parts)
    if pattern == _USUAL:
        return usual
    family, middle, given = (syllables(part) for part in (parts.family, parts.middle, parts.given))
    return _tidy(
        pattern.format(
            given="".join(given),
            family="".join(family),
            middle="".join(middle),
            initials="".join(word[0] for word in (*family, *middle)),
            full="".join((*family, *middle, *given)),
            unit=unit_local_part(unit, "") if unit else "",
            parent=unit_local_part(parent, "") if parent else "",
        )
    )


def unit_local(pattern: str, short_name: str, name: str, *, parent: str = "") -> str:
    """The local part of a unit's own box."""
    own = unit_local_part(short_name, name)
    return _tidy(pattern.format(unit=own, parent=unit_local_part(parent, "") if parent else ""))


def _tidy(local: str) -> str:
    """No dots at the ends and none together, which RFC 5321 §4.1.2 forbids; an empty field leaves such."""
    return re.sub(r"[._-]{2,}", ".", local)[:MAX_BASE].strip("._-") or NAMELESS


def skeleton(local: str) -> str:
    """What two local parts share that the eye takes for one another: `l`, `1` and `i`; `o` and `0`; `rn` and `m`."""
    return local.translate(_LOOK_ALIKE).replace("rn", "m").replace("vv", "w")


class TwoDigitLocals:
    """Hands out `huongvan`, `huongvan02`, `huongvan03` … and none of them twice (Thừa Thiên Huế QĐ 65/2018)."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken) | RESERVED_LOCALS

    def take(self, base: str) -> str:
        """The first of the row that nobody has or ever had."""
        number, candidate = 1, base
        while candidate in self._taken:
            number += 1
            candidate = f"{base}{number:02}"
        self._taken.add(candidate)
        return candidate

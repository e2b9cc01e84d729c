"""Comparators and match types (RFC 5228 §2.7, RFC 4790 §9, RFC 5231)."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mailsvc.sieve.check import Value

MAX_COMPARED: Final = 1 << 20
MAX_CAPTURES: Final = 9
_RELATIONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
}
_UPPER = {ord(lower): lower.upper() for lower in "abcdefghijklmnopqrstuvwxyz"}
BEYOND_NUMBERS: Final = float("inf")
"""What does not begin with a digit is more than any number (RFC 4790 §9.1.1)."""


class Matcher:
    """How one test compares, from its tags."""

    def __init__(self, tags: Mapping[str, Value]) -> None:
        """`tags` are checked."""
        self._relation = tags.get(":value") or tags.get(":count")
        self.counts = ":count" in tags
        self._kind = next(
            (kind for kind in (":contains", ":matches", ":value", ":count") if kind in tags), ":is"
        )
        default = "i;ascii-numeric" if self.counts else "i;ascii-casemap"
        self._comparator = str(tags.get(":comparator", default))
        self.captures: tuple[str, ...] | None = None
        """What `*` and `?` stood for, behind the whole; of the last value that matched (RFC 5229 §3.2)."""

    def any(self, values: Iterable[str], keys: Sequence[str]) -> bool:
        """Whether any value matches any key; with :count whether their number does (RFC 5231 §4.2)."""
        if self.counts:
            number = sum(1 for _ in values)
            return any(self._compare(str(number), key) for key in keys)
        return any(self.one(value, key) for value in values for key in keys)

    def one(self, value: str, key: str) -> bool:
        """Whether a value matches a key."""
        value = value[:MAX_COMPARED]
        if self._kind == ":value":
            return self._compare(value, key)
        if self._comparator == "i;ascii-numeric":
            return _number(value) == _number(key)
        folded, wanted = self._fold(value), self._fold(key)
        if self._kind == ":is":
            return folded == wanted
        if self._kind == ":contains":
            return wanted in folded
        spans = glob(folded, wanted)
        if spans is None:
            return False
        self.captures = (value, *[value[start:end] for start, end in spans[:MAX_CAPTURES]])
        return True

    def _compare(self, value: str, key: str) -> bool:
        relation = _RELATIONS[str(self._relation)]
        if self._comparator == "i;ascii-numeric":
            return relation(_number(value), _number(key))
        return relation(self._fold(value), self._fold(key))

    def _fold(self, text: str) -> str:
        # i;ascii-casemap: letters of ASCII only, so that lengths stay and captures can be cut from the value
        return text.translate(_UPPER) if self._comparator == "i;ascii-casemap" else text


def glob(value: str, pattern: str) -> list[tuple[int, int]] | None:
    r"""Spans of what `*` and `?` stand for, each `*` as short as it can be; None where the value does not match.

    `\*`, `\?` and `\\` stand for themselves (RFC 5228 §2.7.1). Linear in the value for each `*`.
    """
    pieces = _pieces(pattern)
    spans: list[tuple[int, int]] = []
    at = _fits(value, 0, pieces[0], spans)
    if at is None:
        return None
    if len(pieces) == 1:
        return spans if at == len(value) else None
    for number, piece in enumerate(pieces[1:], 1):
        is_last = number == len(pieces) - 1
        starts = [len(value) - len(piece)] if is_last else range(at, len(value) - len(piece) + 1)
        for start in starts:
            inner: list[tuple[int, int]] = []
            if start < at:
                return None
            end = _fits(value, start, piece, inner)
            if end is not None:
                spans.append((at, start))
                spans += inner
                at = end
                break
        else:
            return None
    return spans


def _pieces(pattern: str) -> list[list[str | None]]:
    """What stands between the stars: characters, None for `?`."""
    pieces: list[list[str | None]] = [[]]
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            pieces.append([])
        elif character == "?":
            pieces[-1].append(None)
        elif character == "\\":
            pieces[-1].append(next(characters, "\\"))
        else:
            pieces[-1].append(character)
    return pieces


def _fits(value: str, at: int, piece: list[str | None], spans: list[tuple[int, int]]) -> int | None:
    """Where the piece ends if it stands here."""
    if at + len(piece) > len(value):
        return None
    for offset, wanted in enumerate(piece, at):
        if wanted is None:
            spans.append((offset, offset + 1))
        elif value[offset] != wanted:
            return None
    return at + len(piece)


def _number(text: str) -> float:
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return float(int(digits[:300])) if digits else BEYOND_NUMBERS

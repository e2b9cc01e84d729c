"""Sequence sets (RFC 3501 §9, sequence-set): message numbers or UIDs, as the client writes them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterable

STAR = 1 << 32
"""Stands for `*`: more than any number that a client may write."""

SAVED: tuple[tuple[int, int], ...] = ((-1, -1),)
"""Stands for `$`: what a SEARCH has saved (RFC 5182 §2.1)."""

SequenceSet = tuple[tuple[int, int], ...]
"""Ranges in the order written, the ends of each not yet ordered; a single number is a range of one."""


def parse_sequence_set(octets: bytes) -> SequenceSet:
    """`1,3:5,7:*` as ranges (RFC 3501 §9), or `$`."""
    if octets == b"$":
        return SAVED
    try:
        return tuple([_range(part) for part in octets.split(b",")])
    except ValueError:
        raise MalformedError("Invalid sequence set") from None


def resolve(ranges: SequenceSet, largest: int) -> tuple[tuple[int, int], ...]:
    """Ascending ranges that do not touch, with `*` replaced by `largest` (RFC 3501 §9, seq-range)."""
    ordered = sorted(
        [
            (low, high) if low <= high else (high, low)
            for low, high in (
                (largest if first == STAR else first, largest if last == STAR else last)
                for first, last in ranges
            )
        ]
    )
    merged: list[tuple[int, int]] = []
    for low, high in ordered:
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def write_sequence_set(numbers: Iterable[int]) -> bytes:
    """Ascending numbers as the shortest set, for COPYUID and MODIFIED (RFC 4315 §3, RFC 7162 §3.1.3)."""
    parts: list[str] = []
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        items = [number for _, number in run]
        parts.append(str(items[0]) if len(items) == 1 else f"{items[0]}:{items[-1]}")
    return ",".join(parts).encode("ascii")


def _range(part: bytes) -> tuple[int, int]:
    first, colon, last = part.partition(b":")
    low = _number(first)
    return (low, _number(last)) if colon else (low, low)


def _number(digits: bytes) -> int:
    if digits == b"*":
        return STAR
    # isdigit() keeps out the signs, blanks and underscores that int() would take.
    if not digits.isdigit() or len(digits) > 10 or digits[0] == 0x30:
        raise ValueError(digits)
    number = int(digits)
    if number >= STAR:
        raise ValueError(digits)
    return number

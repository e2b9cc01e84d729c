"""RETURN options of SEARCH, and the reply they ask for (RFC 4731; RFC 5182 for SAVE)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.sequence import write_sequence_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailsvc.imap.wire.grammar import Cursor

MAX_OPTIONS = 20


class Result(Enum):
    """What is wanted of the letters found (RFC 4731 §3.1)."""

    MIN = b"MIN"
    MAX = b"MAX"
    ALL = b"ALL"
    COUNT = b"COUNT"
    SAVE = b"SAVE"


def parse_results(cursor: Cursor) -> frozenset[Result]:
    """`(option option …)`; none at all means ALL (RFC 4731 §3.1)."""
    cursor.expect(b"(")
    if cursor.skip(b")"):
        return frozenset({Result.ALL})
    options = cursor.rest_of_list(lambda: _option(cursor))
    if len(options) > MAX_OPTIONS:
        raise MalformedError("Too many RETURN options", code="LIMIT")
    return frozenset(options)


def _option(cursor: Cursor) -> Result:
    word = cursor.keyword()
    try:
        return Result(word)
    except ValueError:
        raise MalformedError(f"Unknown RETURN option {word.decode('ascii')}") from None


def bounds(results: Iterable[Result], found: Sequence[int]) -> Sequence[int]:
    """The letters that the reply names by itself: with MIN and MAX alone only those, else all.

    SAVE remembers these (RFC 5182 §2.4), MODSEQ is the highest of these (RFC 7162 §3.1.10).
    """
    asked = frozenset(results) - {Result.SAVE}
    if not found or not asked or not asked <= {Result.MIN, Result.MAX}:
        return found
    ends = [found[0]] if Result.MIN in asked else []
    return [*ends, found[-1]] if Result.MAX in asked and (not ends or found[-1] != ends[0]) else ends


def esearch(
    tag: bytes, results: frozenset[Result], numbers: Sequence[int], *, uid: bool, mod_seq: int | None = None
) -> bytes:
    """`* ESEARCH (TAG "x") …`, of ascending numbers (RFC 4731 §3.1)."""
    said = [b'* ESEARCH (TAG "%b")' % tag]
    if uid:
        said.append(b"UID")
    if numbers:
        if Result.MIN in results:
            said.append(b"MIN %d" % numbers[0])
        if Result.MAX in results:
            said.append(b"MAX %d" % numbers[-1])
        if Result.ALL in results:
            said.append(b"ALL " + write_sequence_set(numbers))
    if Result.COUNT in results:
        said.append(b"COUNT %d" % len(numbers))
    if mod_seq is not None and numbers:
        said.append(b"MODSEQ %d" % mod_seq)
    return b" ".join(said) + b"\r\n"

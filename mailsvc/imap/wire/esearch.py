"""RETURN options of SEARCH, and the reply they ask for (RFC 4731; RFC 5182 for SAVE, RFC 9394 for PARTIAL)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.page import parse_page
from mailsvc.imap.wire.sequence import write_sequence_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.imap.wire.grammar import Cursor
    from mailsvc.imap.wire.page import Page

MAX_OPTIONS = 20


class Result(Enum):
    """What is wanted of the letters found (RFC 4731 §3.1)."""

    MIN = b"MIN"
    MAX = b"MAX"
    ALL = b"ALL"
    COUNT = b"COUNT"
    SAVE = b"SAVE"


@dataclass(frozen=True, slots=True)
class Returning:
    """What is to be returned of the letters found."""

    results: frozenset[Result]
    page: Page | None = None
    """PARTIAL: only what stands there in the result (RFC 9394 §3.1)."""

    @property
    def saves(self) -> bool:
        """Whether `$` is to stand for the result (RFC 5182 §2.1)."""
        return Result.SAVE in self.results

    @property
    def says_nothing(self) -> bool:
        """SAVE alone is answered by the tagged reply (RFC 5182 §2.1)."""
        return self.results == {Result.SAVE} and self.page is None

    def named(self, found: Sequence[int]) -> Sequence[int]:
        """The letters that the reply names by itself: of MIN, MAX and PARTIAL alone only those, else all.

        SAVE remembers these (RFC 5182 §2.4, RFC 9394 §3.2), MODSEQ is the highest of these (RFC 7162 §3.1.10).
        """
        asked = self.results - {Result.SAVE}
        if not found or not asked <= {Result.MIN, Result.MAX} or (not asked and self.page is None):
            return found
        named = set(self.page.of(found)) if self.page is not None else set()
        if Result.MIN in asked:
            named.add(found[0])
        if Result.MAX in asked:
            named.add(found[-1])
        return [number for number in found if number in named]


EVERYTHING = Returning(frozenset({Result.ALL}))
"""What is returned where nothing is said of it (RFC 4731 §3.1, RFC 9051 §6.4.4)."""


def parse_returning(cursor: Cursor) -> Returning:
    """`(option option …)`; none at all means ALL (RFC 4731 §3.1)."""
    cursor.expect(b"(")
    if cursor.skip(b")"):
        return EVERYTHING
    options = cursor.rest_of_list(lambda: _option(cursor))
    if len(options) > MAX_OPTIONS:
        raise MalformedError("Too many RETURN options", code="LIMIT")
    results = frozenset([option for option in options if isinstance(option, Result)])
    pages = [option for option in options if not isinstance(option, Result)]
    if len(pages) > 1 or (pages and Result.ALL in results):
        raise MalformedError("PARTIAL may be said once, and not with ALL")  # RFC 9394 §3.1
    return Returning(results, pages[0] if pages else None)


def _option(cursor: Cursor) -> Result | Page:
    word = cursor.keyword()
    if word == b"PARTIAL":
        cursor.space()
        return parse_page(cursor)
    try:
        return Result(word)
    except ValueError:
        raise MalformedError(f"Unknown RETURN option {word.decode('ascii')}") from None


def esearch(
    correlator: bytes,
    returning: Returning,
    numbers: Sequence[int],
    *,
    uid: bool,
    mod_seq: int | None = None,
) -> bytes:
    """`* ESEARCH (TAG "x") …`, of numbers in the order of the result (RFC 4731 §3.1); `correlator` in parentheses."""
    results = returning.results
    said = [b"* ESEARCH " + correlator]
    if uid:
        said.append(b"UID")
    if numbers:
        if Result.MIN in results:
            said.append(b"MIN %d" % numbers[0])
        if Result.MAX in results:
            said.append(b"MAX %d" % numbers[-1])
        if Result.ALL in results:
            said.append(b"ALL " + write_sequence_set(numbers))
    if returning.page is not None:
        # NIL only where nothing stands there (RFC 9394 §3.1)
        part = write_sequence_set(returning.page.of(numbers)) or b"NIL"
        said.append(b"PARTIAL (%b %b)" % (returning.page.written(), part))
    if Result.COUNT in results:
        said.append(b"COUNT %d" % len(numbers))
    if mod_seq is not None and numbers:
        said.append(b"MODSEQ %d" % mod_seq)
    return b" ".join(said) + b"\r\n"


def tag_correlator(tag: bytes) -> bytes:
    """Which command an ESEARCH answers (RFC 4466 §2.6.2)."""
    return b'(TAG "%b")' % tag

"""RETURN options of SEARCH, and the reply they ask for (RFC 4731; RFC 5182, RFC 5267, RFC 6203, RFC 9394)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.fetch import parse_fetch_items
from mailsvc.imap.wire.page import Page, parse_page
from mailsvc.imap.wire.sequence import write_sequence_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.imap.wire.fetch import FetchItem
    from mailsvc.imap.wire.grammar import Cursor

MAX_OPTIONS = 20


class Result(Enum):
    """What is wanted of the letters found (RFC 4731 §3.1)."""

    MIN = b"MIN"
    MAX = b"MAX"
    ALL = b"ALL"
    COUNT = b"COUNT"
    SAVE = b"SAVE"
    RELEVANCY = b"RELEVANCY"  # RFC 6203 §4


@dataclass(frozen=True, slots=True)
class Returning:
    """What is to be returned of the letters found."""

    results: frozenset[Result]
    page: Page | None = None
    """PARTIAL: only what stands there in the result (RFC 9394 §3.1)."""
    update: tuple[FetchItem, ...] | None = None
    """UPDATE: tell what comes and goes, with these items of what comes (RFC 5267 §4.3, RFC 5465 §7)."""

    @property
    def saves(self) -> bool:
        """Whether `$` is to stand for the result (RFC 5182 §2.1)."""
        return Result.SAVE in self.results

    @property
    def says_nothing(self) -> bool:
        """SAVE alone is answered by the tagged reply (RFC 5182 §2.1)."""
        return self.results == {Result.SAVE} and self.page is None and self.update is None

    def named(self, found: Sequence[int]) -> Sequence[int]:
        """The letters that the reply names by itself: of MIN, MAX and PARTIAL alone only those, else all.

        SAVE remembers these (RFC 5182 §2.4, RFC 9394 §3.2), MODSEQ is the highest of these (RFC 7162 §3.1.10).
        """
        asked = self.results - {Result.SAVE, Result.RELEVANCY}
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
    pages = [option for option in options if isinstance(option, Page)]
    updates = [option for option in options if isinstance(option, tuple)]
    if len(pages) > 1 or (pages and Result.ALL in results):
        raise MalformedError("PARTIAL may be said once, and not with ALL")  # RFC 9394 §3.1
    if len(updates) > 1:
        raise MalformedError("UPDATE may be said once")
    return Returning(results, pages[0] if pages else None, updates[0] if updates else None)


def _option(cursor: Cursor) -> Result | Page | tuple[FetchItem, ...] | None:
    """None for CONTEXT, a hint that changes nothing (RFC 5267 §4.2)."""
    word = cursor.keyword()
    if word == b"PARTIAL":
        cursor.space()
        return parse_page(cursor)
    if word == b"CONTEXT":
        return None
    if word == b"UPDATE":
        return parse_fetch_items(cursor) if cursor.skip_text(b" (") else ()
    try:
        return Result(word)
    except ValueError:
        raise MalformedError(f"Unknown RETURN option {word.decode('ascii')}") from None


def check_relevancy(returning: Returning | None, *, is_fuzzy: bool) -> None:
    """RELEVANCY is for searches with FUZZY only (RFC 6203 §4)."""
    if returning is not None and Result.RELEVANCY in returning.results and not is_fuzzy:
        raise MalformedError("RELEVANCY needs FUZZY")


def esearch(
    correlator: bytes,
    returning: Returning,
    numbers: Sequence[int],
    *,
    uid: bool,
    mod_seq: int | None = None,
    scores: Sequence[int] = (),
) -> bytes:
    """`* ESEARCH (TAG "x") …`, of numbers in the order of the result (RFC 4731 §3.1); `correlator` in parentheses.

    `scores` of 1 to 100 go with the numbers (RFC 6203 §4).
    """
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
    if Result.RELEVANCY in results:
        told = scores if returning.page is None else returning.page.of(scores)
        said.append(b"RELEVANCY (%b)" % b" ".join([b"%d" % score for score in told]))
    return b" ".join(said) + b"\r\n"


def updated(correlator: bytes, word: bytes, numbers: Sequence[int], *, uid: bool) -> bytes:
    """ADDTO or REMOVEFROM a result, wherever its order puts them (RFC 5267 §4.3.3, §4.3.4)."""
    kind = b" UID" if uid else b""
    return b"* ESEARCH %b%b %b (0 %b)\r\n" % (correlator, kind, word, write_sequence_set(numbers))


def mailbox_correlator(tag: bytes, mailbox: bytes, uid_validity: int) -> bytes:
    """Which command an ESEARCH answers, and of which mailbox (RFC 7377 §2.1)."""
    return b'(TAG "%b" MAILBOX %b UIDVALIDITY %d)' % (tag, mailbox, uid_validity)


def tag_correlator(tag: bytes) -> bytes:
    """Which command an ESEARCH answers (RFC 4466 §2.6.2)."""
    return b'(TAG "%b")' % tag

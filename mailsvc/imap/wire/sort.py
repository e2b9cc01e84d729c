"""SORT and THREAD, by message number and by UID (RFC 5256 §3; RFC 5267 §3 for RETURN)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.esearch import check_relevancy, parse_returning
from mailsvc.imap.wire.search import parse_program

if TYPE_CHECKING:
    from mailsvc.imap.wire.esearch import Returning
    from mailsvc.imap.wire.grammar import Cursor
    from mailsvc.imap.wire.search import SearchKey

MAX_CRITERIA = 20


class By(Enum):
    """What letters are sorted by (RFC 5256 §3, SORT; RFC 5957 §4 for DISPLAY, RFC 6203 §6)."""

    ARRIVAL = b"ARRIVAL"
    CC = b"CC"
    DATE = b"DATE"
    DISPLAYFROM = b"DISPLAYFROM"
    DISPLAYTO = b"DISPLAYTO"
    FROM = b"FROM"
    RELEVANCY = b"RELEVANCY"
    SIZE = b"SIZE"
    SUBJECT = b"SUBJECT"
    TO = b"TO"


class Algorithm(Enum):
    """How letters are put into threads (RFC 5256 §3, THREAD)."""

    ORDEREDSUBJECT = b"ORDEREDSUBJECT"
    REFERENCES = b"REFERENCES"


@dataclass(frozen=True, slots=True)
class Sort(Command):
    """Which letters are meant, in an order."""

    uid: bool
    criteria: tuple[tuple[By, bool], ...]
    """Each with whether it is reversed."""
    key: SearchKey
    asks_mod_seq: bool
    returning: Returning | None


@dataclass(frozen=True, slots=True)
class Thread(Command):
    """Which letters are meant, as conversations."""

    uid: bool
    algorithm: Algorithm
    key: SearchKey


def parse_sort(tag: bytes, cursor: Cursor, *, uid: bool = False) -> Sort:
    """SORT [RETURN SP ( options )] SP ( criteria ) SP charset 1*(SP search-key)."""
    cursor.space()
    returning = None
    if cursor.skip_word(b"RETURN"):
        cursor.space()
        returning = parse_returning(cursor)
        if returning.saves:
            raise MalformedError("SAVE is for SEARCH")  # RFC 5182 §2.1
        cursor.space()
    criteria = cursor.list_of(lambda: _criterion(cursor))
    if len(criteria) > MAX_CRITERIA:
        raise MalformedError("Too many sort criteria", code="LIMIT")
    program = parse_program(cursor)
    check_relevancy(returning, is_fuzzy=program.is_fuzzy)
    if not program.is_fuzzy and any(by is By.RELEVANCY for by, _ in criteria):
        raise MalformedError("RELEVANCY needs FUZZY")
    return Sort(tag, uid, criteria, program.key, program.asks_mod_seq, returning)


def parse_thread(tag: bytes, cursor: Cursor, *, uid: bool = False) -> Thread:
    """THREAD SP algorithm SP charset 1*(SP search-key)."""
    cursor.space()
    word = cursor.keyword()
    try:
        algorithm = Algorithm(word)
    except ValueError:
        raise MalformedError(f"Unknown threading algorithm {word.decode('ascii')}") from None
    return Thread(tag, uid, algorithm, parse_program(cursor).key)


def _criterion(cursor: Cursor) -> tuple[By, bool]:
    word = cursor.keyword()
    reverse = word == b"REVERSE"
    if reverse:
        cursor.space()
        word = cursor.keyword()
    try:
        return By(word), reverse
    except ValueError:
        raise MalformedError(f"Unknown sort criterion {word.decode('ascii')}") from None

"""APPEND of one letter or several, and REPLACE (RFC 3501 §6.3.11, RFC 3502, RFC 8508).

A letter is written as a literal, as a literal8 (RFC 3516 §4.4, RFC 6855 §4), or put together of parts (RFC 4469 §3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.message_url import MessageUrl, parse_message_url
from mailsvc.imap.wire.sequence import SAVED

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor
    from mailsvc.imap.wire.sequence import SequenceSet

MAX_LETTERS = 1_000
MAX_PARTS = 200


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter to be put into a mailbox, and what is said of it."""

    flags: tuple[str, ...]
    internal_date: int | None
    """Seconds since 1970 UTC; None is now."""
    parts: tuple[bytes | MessageUrl, ...] = field(repr=False)
    """Octets, and other letters or parts of them, to be put one behind the other."""


@dataclass(frozen=True, slots=True)
class Append(Command):
    """Put letters into a mailbox: all of them or none (RFC 3502 §6.3.11)."""

    mailbox: str
    letters: tuple[NewLetter, ...]


@dataclass(frozen=True, slots=True)
class Replace(Command):
    """Put a letter into a mailbox in place of one of the open mailbox (RFC 8508 §3)."""

    uid: bool
    message: SequenceSet
    """One number."""
    mailbox: str
    letter: NewLetter


def parse_append(tag: bytes, cursor: Cursor) -> Append:
    """APPEND SP mailbox 1*([SP flags] [SP date-time] SP data)."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    letters = [_letter(cursor)]
    while cursor.skip(b" "):
        letters.append(_letter(cursor))
        if len(letters) > MAX_LETTERS:
            raise MalformedError("Too many letters at once", condition="NO", code="LIMIT")
    return Append(tag, mailbox, tuple(letters))


def parse_replace(tag: bytes, cursor: Cursor, *, uid: bool = False) -> Replace:
    """REPLACE SP number SP mailbox [SP flags] [SP date-time] SP data (RFC 8508 §5)."""
    cursor.space()
    message = cursor.sequence_set()
    if message == SAVED or len(message) != 1 or message[0][0] != message[0][1]:
        raise MalformedError("One letter is replaced at a time")
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    return Replace(tag, uid, message, mailbox, _letter(cursor))


def _letter(cursor: Cursor) -> NewLetter:
    flags: tuple[str, ...] = ()
    internal_date: int | None = None
    if cursor.peek() == b"(":
        flags = cursor.flags()
        cursor.space()
    if cursor.peek() == b'"':
        internal_date = cursor.date_time()
        cursor.space()
    if not cursor.skip_word(b"CATENATE"):
        return NewLetter(flags, internal_date, (_octets(cursor),))
    cursor.space()
    parts = cursor.list_of(lambda: _part(cursor))
    if len(parts) > MAX_PARTS:
        raise MalformedError("Too many parts in a letter", condition="NO", code="LIMIT")
    return NewLetter(flags, internal_date, parts)


def _part(cursor: Cursor) -> bytes | MessageUrl:
    """`URL string`, `TEXT literal` or `UTF8 (~literal)` (RFC 4469 §5, RFC 6855 §4)."""
    if cursor.skip_word(b"URL"):
        cursor.space()
        return parse_message_url(cursor.astring())
    if cursor.skip_word(b"TEXT"):
        cursor.space()
        return _without_nul(cursor.literal())
    return _octets(cursor)


def _octets(cursor: Cursor) -> bytes:
    if cursor.skip_word(b"UTF8"):
        if not cursor.utf8:
            raise MalformedError("ENABLE UTF8=ACCEPT comes first")  # RFC 6855 §4
        cursor.expect(b" ")
        cursor.expect(b"(")
        octets = _literal8(cursor)
        cursor.expect(b")")
    else:
        octets = _literal8(cursor) if cursor.peek() == b"~" else _without_nul(cursor.literal())
    if not octets:
        # RFC 3502 §6.3.11: an error, answered with NO; clients take back an APPEND by it.
        raise MalformedError("There is no letter", condition="NO")
    return octets


def _literal8(cursor: Cursor) -> bytes:
    cursor.expect(b"~")
    octets = cursor.literal()
    if b"\x00" in octets:
        # RFC 3516 §4.4: what a mailbox that keeps no binary content answers.
        raise MalformedError("A letter with NUL cannot be kept", condition="NO", code="UNKNOWN-CTE")
    return octets


def _without_nul(octets: bytes) -> bytes:
    if b"\x00" in octets:
        raise MalformedError("A letter may not hold NUL")  # RFC 3501 §9, CHAR8
    return octets

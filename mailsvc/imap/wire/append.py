"""APPEND of one letter or several (RFC 3501 §6.3.11, RFC 3502)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


MAX_LETTERS = 1_000


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter to be put into a mailbox, and what is said of it."""

    flags: tuple[str, ...]
    internal_date: int | None
    """Seconds since 1970 UTC; None is now."""
    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Append(Command):
    """Put letters into a mailbox: all of them or none (RFC 3502 §6.3.11)."""

    mailbox: str
    letters: tuple[NewLetter, ...]


def parse_append(tag: bytes, cursor: Cursor) -> Append:
    """APPEND SP mailbox 1*([SP flags] [SP date-time] SP literal)."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    letters = [_letter(cursor)]
    while cursor.skip(b" "):
        letters.append(_letter(cursor))
        if len(letters) > MAX_LETTERS:
            raise MalformedError("Too many letters at once", condition="NO", code="LIMIT")
    return Append(tag, mailbox, tuple(letters))


def _letter(cursor: Cursor) -> NewLetter:
    flags: tuple[str, ...] = ()
    internal_date: int | None = None
    if cursor.peek() == b"(":
        flags = cursor.flags()
        cursor.space()
    if cursor.peek() == b'"':
        internal_date = cursor.date_time()
        cursor.space()
    octets = cursor.literal()
    if not octets:
        # RFC 3502 §6.3.11: an error, answered with NO; clients take back an APPEND by it.
        raise MalformedError("There is no letter", condition="NO")
    if b"\x00" in octets:
        raise MalformedError("A letter may not hold NUL")  # RFC 3501 §9, CHAR8
    return NewLetter(flags, internal_date, octets)

"""APPEND (RFC 3501 §6.3.11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Append(Command):
    """Put a letter into a mailbox."""

    mailbox: str
    flags: tuple[str, ...]
    internal_date: int | None
    """Seconds since 1970 UTC; None is now."""
    letter: bytes = field(repr=False)


def parse_append(tag: bytes, cursor: Cursor) -> Append:
    """APPEND SP mailbox [SP flags] [SP date-time] SP literal."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    flags: tuple[str, ...] = ()
    internal_date: int | None = None
    if cursor.peek() == b"(":
        flags = cursor.flags()
        cursor.space()
    if cursor.peek() == b'"':
        internal_date = cursor.date_time()
        cursor.space()
    letter = cursor.literal()
    if not letter:
        # RFC 3502 §6.3.11: an error, answered with NO; clients take back an APPEND by it.
        raise MalformedError("There is no letter", condition="NO")
    if b"\x00" in letter:
        raise MalformedError("A letter may not hold NUL")  # RFC 3501 §9, CHAR8
    return Append(tag, mailbox, flags, internal_date, letter)

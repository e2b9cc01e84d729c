"""SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2; CONDSTORE as RFC 7162 §3.1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Select(Command):
    """Open a mailbox, to change it or only to read."""

    mailbox: str
    read_only: bool
    """EXAMINE."""
    condstore: bool


def parse_select(*, read_only: bool) -> Callable[[bytes, Cursor], Select]:
    """The parser of SELECT or of EXAMINE."""

    def parse(tag: bytes, cursor: Cursor) -> Select:
        cursor.space()
        mailbox = cursor.mailbox()
        parameters: tuple[bytes, ...] = ()
        if cursor.skip(b" "):
            parameters = cursor.list_of(cursor.keyword)
        if any(parameter != b"CONDSTORE" for parameter in parameters):
            raise MalformedError("Unknown parameter")
        return Select(tag, mailbox, read_only, bool(parameters))

    return parse

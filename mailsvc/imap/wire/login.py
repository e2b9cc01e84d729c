"""LOGIN (RFC 3501 §6.2.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Login(Command):
    """A name and a password in clear text."""

    user: str
    password: str = field(repr=False)


def parse_login(tag: bytes, cursor: Cursor) -> Login:
    """LOGIN SP userid SP password; both in UTF-8 (RFC 6855 §5 shows why: Vietnamese passwords)."""
    cursor.space()
    user = cursor.astring()
    cursor.space()
    password = cursor.astring()
    try:
        return Login(tag, user.decode(), password.decode())
    except UnicodeDecodeError:
        raise MalformedError("Name and password must be UTF-8") from None

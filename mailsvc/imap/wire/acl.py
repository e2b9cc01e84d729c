"""GETACL, SETACL, DELETEACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor

KNOWN_RIGHTS = frozenset("lrswipkxteacd")
"""`c` and `d` are those of RFC 2086, which clients of old still write (RFC 4314 §2.1.1)."""
MAX_IDENTIFIER_OCTETS = 400


@dataclass(frozen=True, slots=True)
class GetAcl(Command):
    """Who has which rights in a mailbox."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class MyRights(Command):
    """The rights of whoever asks."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class ListRights(Command):
    """Which rights somebody may be given."""

    mailbox: str
    identifier: str


@dataclass(frozen=True, slots=True)
class ChangeAcl(Command):
    """SETACL and DELETEACL."""

    mailbox: str


def parse_get_acl(tag: bytes, cursor: Cursor) -> GetAcl:
    """GETACL SP mailbox."""
    cursor.space()
    return GetAcl(tag, cursor.mailbox())


def parse_my_rights(tag: bytes, cursor: Cursor) -> MyRights:
    """MYRIGHTS SP mailbox."""
    cursor.space()
    return MyRights(tag, cursor.mailbox())


def parse_list_rights(tag: bytes, cursor: Cursor) -> ListRights:
    """LISTRIGHTS SP mailbox SP identifier."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    return ListRights(tag, mailbox, _identifier(cursor))


def parse_set_acl(tag: bytes, cursor: Cursor) -> ChangeAcl:
    """SETACL SP mailbox SP identifier SP rights; a right that nobody knows is BAD (RFC 4314 §3.1)."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    _identifier(cursor)
    cursor.space()
    rights = cursor.astring().decode("ascii", "replace").lstrip("+-")
    if not KNOWN_RIGHTS.issuperset(rights):
        raise MalformedError("Unknown right")
    return ChangeAcl(tag, mailbox)


def parse_delete_acl(tag: bytes, cursor: Cursor) -> ChangeAcl:
    """DELETEACL SP mailbox SP identifier."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    _identifier(cursor)
    return ChangeAcl(tag, mailbox)


def _identifier(cursor: Cursor) -> str:
    octets = cursor.astring()
    try:
        identifier = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError("Identifier is not UTF-8") from None
    if not identifier or len(octets) > MAX_IDENTIFIER_OCTETS or not identifier.isprintable():
        raise MalformedError("Not an identifier")  # RFC 4314 §3
    return identifier

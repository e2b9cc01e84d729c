"""CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.3 to §6.3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Create(Command):
    """Make a mailbox."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Delete(Command):
    """Remove a mailbox with what is in it."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Rename(Command):
    """Give a mailbox and those below it another name."""

    mailbox: str
    new_name: str


@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    """Add a name to the subscribed ones."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Unsubscribe(Command):
    """Take a name from the subscribed ones."""

    mailbox: str


def parse_create(tag: bytes, cursor: Cursor) -> Create:
    """CREATE; a separator at the end says that children will follow, and is dropped (RFC 3501 §6.3.3)."""
    cursor.space()
    name = cursor.mailbox()
    return Create(tag, name[:-1] if len(name) > 1 and name.endswith("/") else name)


def parse_delete(tag: bytes, cursor: Cursor) -> Delete:
    """DELETE SP mailbox."""
    cursor.space()
    return Delete(tag, cursor.mailbox())


def parse_rename(tag: bytes, cursor: Cursor) -> Rename:
    """RENAME SP mailbox SP mailbox."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    return Rename(tag, mailbox, cursor.mailbox())


def parse_subscribe(tag: bytes, cursor: Cursor) -> Subscribe:
    """SUBSCRIBE SP mailbox."""
    cursor.space()
    return Subscribe(tag, cursor.mailbox())


def parse_unsubscribe(tag: bytes, cursor: Cursor) -> Unsubscribe:
    """UNSUBSCRIBE SP mailbox."""
    cursor.space()
    return Unsubscribe(tag, cursor.mailbox())

"""CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.3 to §6.3.7; RFC 6154 §3 for USE)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Create(Command):
    """Make a mailbox."""

    mailbox: str
    special_uses: tuple[str, ...] = ()
    """What it is to be for (RFC 6154 §3)."""
    written: str = field(default="", compare=False)
    """The name as the client wrote it, which need not be normal (RFC 9051 §6.3.4)."""


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
    name, written = cursor.written_mailbox()
    if len(name) > 1 and name.endswith("/"):
        name, written = name[:-1], written[:-1]
    return Create(tag, name, _special_uses(cursor) if cursor.skip(b" ") else (), written)


def _special_uses(cursor: Cursor) -> tuple[str, ...]:
    r"""`(USE (\Sent …))` (RFC 6154 §6, create-param)."""
    cursor.expect(b"(")
    if cursor.keyword() != b"USE":
        raise MalformedError("Unknown parameter of CREATE")
    cursor.space()
    uses = cursor.list_of(lambda: _special_use(cursor))
    cursor.expect(b")")
    return uses


def _special_use(cursor: Cursor) -> str:
    cursor.expect(b"\\")
    return "\\" + cursor.keyword().decode("ascii")


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

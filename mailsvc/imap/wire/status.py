"""STATUS (RFC 3501 §6.3.10; RFC 8438 SIZE, RFC 7162 HIGHESTMODSEQ, RFC 9208 DELETED, RFC 8474 MAILBOXID, RFC 7889 APPENDLIMIT)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


class StatusItem(Enum):
    """What may be asked of a mailbox that is not open."""

    MESSAGES = b"MESSAGES"
    RECENT = b"RECENT"
    UIDNEXT = b"UIDNEXT"
    UIDVALIDITY = b"UIDVALIDITY"
    UNSEEN = b"UNSEEN"
    SIZE = b"SIZE"
    DELETED = b"DELETED"
    DELETED_STORAGE = b"DELETED-STORAGE"
    HIGHESTMODSEQ = b"HIGHESTMODSEQ"
    MAILBOXID = b"MAILBOXID"
    APPENDLIMIT = b"APPENDLIMIT"


@dataclass(frozen=True, slots=True)
class Status(Command):
    """Counters of a mailbox."""

    mailbox: str
    items: tuple[StatusItem, ...]


def status_item(cursor: Cursor) -> StatusItem:
    """One item by its name."""
    word = cursor.keyword()
    try:
        return StatusItem(word)
    except ValueError:
        raise MalformedError(f"Unknown STATUS item {word.decode('ascii')}") from None


def parse_status(tag: bytes, cursor: Cursor) -> Status:
    """STATUS SP mailbox SP ( items )."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    return Status(tag, mailbox, cursor.list_of(lambda: status_item(cursor)))

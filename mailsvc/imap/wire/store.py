"""STORE and UID STORE (RFC 3501 §6.4.6, RFC 7162 §3.1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor
    from mailsvc.imap.wire.sequence import SequenceSet


class StoreMode(Enum):
    """What happens to the flags that are there."""

    REPLACE = b"FLAGS"
    ADD = b"+FLAGS"
    REMOVE = b"-FLAGS"


@dataclass(frozen=True, slots=True)
class Store(Command):
    """Change flags of letters."""

    uid: bool
    messages: SequenceSet
    mode: StoreMode
    silent: bool
    flags: tuple[str, ...]
    unchanged_since: int | None


def parse_store(tag: bytes, cursor: Cursor, *, uid: bool = False) -> Store:
    """STORE SP sequence-set [SP ( UNCHANGEDSINCE n )] SP item SP flags."""
    cursor.space()
    messages = cursor.sequence_set()
    cursor.space()
    unchanged_since = None
    if cursor.skip(b"("):
        if cursor.keyword() != b"UNCHANGEDSINCE":
            raise MalformedError("Unknown STORE modifier")
        cursor.space()
        unchanged_since = cursor.number64()
        cursor.expect(b")")
        cursor.space()
    item = cursor.keyword()
    silent = item.endswith(b".SILENT")
    try:
        mode = StoreMode(item.removesuffix(b".SILENT"))
    except ValueError:
        raise MalformedError("Expected FLAGS, +FLAGS or -FLAGS") from None
    cursor.space()
    if cursor.peek() == b"(":
        flags = cursor.flags()
    else:
        written = [cursor.flag()]
        while cursor.skip(b" "):
            written.append(cursor.flag())
        flags = tuple(written)
    return Store(tag, uid, messages, mode, silent, flags, unchanged_since)

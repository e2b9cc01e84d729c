"""COPY and MOVE, by message number and by UID (RFC 3501 §6.4.7, RFC 6851)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor
    from mailsvc.imap.wire.sequence import SequenceSet


@dataclass(frozen=True, slots=True)
class Copy(Command):
    """Put letters into another mailbox too."""

    uid: bool
    messages: SequenceSet
    mailbox: str


@dataclass(frozen=True, slots=True)
class Move(Command):
    """Put letters into another mailbox instead."""

    uid: bool
    messages: SequenceSet
    mailbox: str


def parse_copy(tag: bytes, cursor: Cursor, *, uid: bool = False) -> Copy:
    """COPY SP sequence-set SP mailbox."""
    messages, mailbox = _arguments(cursor)
    return Copy(tag, uid, messages, mailbox)


def parse_move(tag: bytes, cursor: Cursor, *, uid: bool = False) -> Move:
    """MOVE SP sequence-set SP mailbox (RFC 6851 §3.1)."""
    messages, mailbox = _arguments(cursor)
    return Move(tag, uid, messages, mailbox)


def _arguments(cursor: Cursor) -> tuple[SequenceSet, str]:
    cursor.space()
    messages = cursor.sequence_set()
    cursor.space()
    return messages, cursor.mailbox()

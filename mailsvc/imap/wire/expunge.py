"""EXPUNGE and UID EXPUNGE (RFC 3501 §6.4.3, RFC 4315 §2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor
    from mailsvc.imap.wire.sequence import SequenceSet


@dataclass(frozen=True, slots=True)
class Expunge(Command):
    r"""Remove the letters that are marked \Deleted."""

    uids: SequenceSet | None
    """None for all of them."""


def parse_expunge(tag: bytes, _cursor: Cursor) -> Expunge:
    """EXPUNGE."""
    return Expunge(tag, None)


def parse_uid_expunge(tag: bytes, cursor: Cursor) -> Expunge:
    """UID EXPUNGE SP sequence-set."""
    cursor.space()
    return Expunge(tag, cursor.sequence_set())

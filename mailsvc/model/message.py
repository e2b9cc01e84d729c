"""Letters: what is kept of a content, and of its place in a mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsvc.model.ids import MessageId, ModSeq, Uid


@dataclass(frozen=True, slots=True)
class Entry:
    """A letter in a mailbox, with what a client sees of it without opening it."""

    uid: Uid
    message_id: MessageId
    flags: int
    mod_seq: ModSeq
    internal_date: int
    """Seconds since 1970, UTC."""
    trace: bytes
    """Trace prefix of this delivery; BODY[] is trace + content."""
    size: int
    """RFC822.SIZE: octets of trace and content together."""


@dataclass(frozen=True, slots=True)
class ListedLetter:
    """One line of a list of letters: all that webmail's list needs, in one row."""

    mailbox_id: int
    entry: Entry
    from_name: str
    from_address: str
    to_line: str
    subject: str
    preview: str
    sent_at: int | None
    has_attachments: bool
    thread_id: int
    keywords: tuple[str, ...]

"""A mailbox and what is known of it without opening a letter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array

    from mailsvc.model.ids import AccountId, MailboxId, ModSeq, Uid, UidValidity


class SpecialUse(StrEnum):
    """What a mailbox is for (RFC 6154 §2). The Vietnamese names are in webmail's translations."""

    DRAFTS = "\\Drafts"
    SENT = "\\Sent"
    JUNK = "\\Junk"
    TRASH = "\\Trash"
    ARCHIVE = "\\Archive"


INBOX = "INBOX"
STANDARD_MAILBOXES: tuple[tuple[str, SpecialUse | None], ...] = (
    (INBOX, None),
    ("Drafts", SpecialUse.DRAFTS),
    ("Sent", SpecialUse.SENT),
    ("Junk", SpecialUse.JUNK),
    ("Trash", SpecialUse.TRASH),
    ("Archive", SpecialUse.ARCHIVE),
)
"""Made with every account."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox with its counters, kept in the same transaction as the letters they count."""

    id: MailboxId
    account_id: AccountId
    name: str
    """NFC, `/` between levels."""
    special_use: SpecialUse | None
    uid_validity: UidValidity
    uid_next: Uid
    highest_mod_seq: ModSeq
    exists: int
    unseen: int
    """Of the entries' own \\Seen; in a unit mailbox each viewer has a count of their own."""
    octets: int
    per_person_seen: bool
    """True in unit and post boxes: \\Seen belongs to the viewer."""
    subscribed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The entries of one mailbox at one moment, packed; shared by all sessions, never changed.

    The three arrays have one item an entry, in UID order: item `i` is message number `i + 1`.
    """

    mailbox_id: MailboxId
    uid_validity: UidValidity
    uid_next: Uid
    highest_mod_seq: ModSeq
    uids: array[int]
    flags: array[int]
    mod_seqs: array[int]
    keywords: tuple[str | None, ...]
    """Name of the keyword at bit 5 + index."""
    since: int = -1
    """An older mod-sequence from which this snapshot was made; -1: from none."""
    changed: tuple[range, ...] = ()
    """Indexes where flags may differ from those of `since`; what came later stands behind. Without letters that went."""


@dataclass(frozen=True, slots=True)
class FlagsSet:
    """A change of flags: those of the entries in these ranges of UIDs became `flags & keep | add`."""

    mod_seq: ModSeq
    """Of every entry that was different before."""
    ranges: tuple[tuple[int, int], ...]
    keep: int
    add: int


@dataclass(frozen=True, slots=True)
class Expunged:
    """An entry that is gone, told to clients that sync later (RFC 7162 §3.2.10)."""

    uid: Uid
    mod_seq: ModSeq

"""Names for the numbers that mail turns on (RFC 9051 §2.3.1)."""

from __future__ import annotations

from typing import NewType

from directory.model import AccountId, PersonId

__all__ = ["AccountId", "MailboxId", "MessageId", "ModSeq", "PersonId", "Uid", "UidValidity"]

MailboxId = NewType("MailboxId", int)
"""A mailbox as IMAP has it: one folder of an account."""
MessageId = NewType("MessageId", int)
"""A stored content, whoever has it. Not the Message-ID field, which is text."""
Uid = NewType("Uid", int)
UidValidity = NewType("UidValidity", int)
ModSeq = NewType("ModSeq", int)

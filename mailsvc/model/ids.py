"""Names for the numbers that mail turns on (RFC 9051 §2.3.1)."""

from __future__ import annotations

from typing import NewType

AccountId = NewType("AccountId", int)
"""A box (hộp thư) of the directory: personal, unit, post or service."""
PersonId = NewType("PersonId", int)
MailboxId = NewType("MailboxId", int)
"""A mailbox as IMAP has it: one folder of an account."""
MessageId = NewType("MessageId", int)
"""A stored content, whoever has it. Not the Message-ID field, which is text."""
Uid = NewType("Uid", int)
UidValidity = NewType("UidValidity", int)
ModSeq = NewType("ModSeq", int)

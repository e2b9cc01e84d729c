"""What changed, told to others after the commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsvc.model.ids import AccountId, MailboxId


@dataclass(frozen=True, slots=True)
class MailboxChanged:
    """Entries came, went or got other flags: look again from the mod-sequence you know."""

    account_id: AccountId
    mailbox_id: MailboxId


@dataclass(frozen=True, slots=True)
class MailboxListChanged:
    """A mailbox of this account was made, renamed, deleted or subscribed."""

    account_id: AccountId


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """Letters for the outside were queued."""


@dataclass(frozen=True, slots=True)
class DirectoryChanged:
    """Accounts, addresses or rights changed: drop what is cached of them."""


Change = MailboxChanged | MailboxListChanged | QueueChanged | DirectoryChanged

"""Which mailboxes are meant: `selected`, `personal`, `subtree name` … (RFC 5465 §6, RFC 7377 §2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor

MAX_FILTERS = 100


class Reach(Enum):
    """How a filter chooses."""

    SELECTED = b"SELECTED"
    SELECTED_DELAYED = b"SELECTED-DELAYED"
    INBOXES = b"INBOXES"
    PERSONAL = b"PERSONAL"
    SUBSCRIBED = b"SUBSCRIBED"
    SUBTREE = b"SUBTREE"
    SUBTREE_ONE = b"SUBTREE-ONE"
    MAILBOXES = b"MAILBOXES"


OPEN_ONE = frozenset({Reach.SELECTED, Reach.SELECTED_DELAYED})
_NAMED = frozenset({Reach.SUBTREE, Reach.SUBTREE_ONE, Reach.MAILBOXES})


@dataclass(frozen=True, slots=True)
class MailboxFilter:
    """Some mailboxes."""

    reach: Reach
    names: tuple[str, ...] = ()
    """Of those that are chosen by name."""


def parse_mailbox_filter(cursor: Cursor) -> MailboxFilter:
    """One filter; names alone or in parentheses (RFC 5465 §8, filter-mailboxes)."""
    word = cursor.keyword()
    try:
        reach = Reach(word)
    except ValueError:
        raise MalformedError(f"Unknown choice of mailboxes {word.decode('ascii')}") from None
    if reach not in _NAMED:
        return MailboxFilter(reach)
    cursor.space()
    if cursor.peek() == b"(":
        return MailboxFilter(reach, cursor.list_of(cursor.mailbox))
    return MailboxFilter(reach, (cursor.mailbox(),))

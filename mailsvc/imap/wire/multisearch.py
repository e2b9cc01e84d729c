"""ESEARCH: SEARCH in several mailboxes (RFC 7377), and CANCELUPDATE (RFC 5267 §4.3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.mailbox_filter import MAX_FILTERS, MailboxFilter, Reach, parse_mailbox_filter
from mailsvc.imap.wire.search import parse_rest_of_search

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor
    from mailsvc.imap.wire.search import Search

MAX_TAGS = 100
THE_OPEN_ONE = (MailboxFilter(Reach.SELECTED),)


@dataclass(frozen=True, slots=True)
class MultiSearch(Command):
    """Which letters of which mailboxes are meant."""

    sources: tuple[MailboxFilter, ...]
    search: Search

    @property
    def in_open_one_only(self) -> bool:
        """Whether it is the open mailbox, said or not, and no other."""
        return all(source.reach is Reach.SELECTED for source in self.sources)


@dataclass(frozen=True, slots=True)
class CancelUpdate(Command):
    """Results that need not be kept up to date any more."""

    tags: tuple[bytes, ...]


def parse_multisearch(tag: bytes, cursor: Cursor) -> MultiSearch:
    """ESEARCH [SP "IN" SP ( sources )] [SP RETURN …] SP program (RFC 7377 §4)."""
    cursor.space()
    sources: tuple[MailboxFilter, ...] = THE_OPEN_ONE
    if cursor.skip_word(b"IN"):
        cursor.space()
        sources = cursor.list_of(lambda: parse_mailbox_filter(cursor))
        cursor.space()
    if len(sources) > MAX_FILTERS:
        raise MalformedError("Too many mailboxes", condition="NO", code="LIMIT")
    if any(source.reach is Reach.SELECTED_DELAYED for source in sources):
        raise MalformedError("SELECTED-DELAYED cannot be searched")  # RFC 7377 §2.2
    search = MultiSearch(tag, sources, parse_rest_of_search(tag, cursor, uid=True))
    returning = search.search.returning
    if (
        not search.in_open_one_only
        and returning is not None
        and (returning.saves or returning.update is not None)
    ):
        raise MalformedError("SAVE and UPDATE are for the open mailbox alone")  # RFC 7377 §2.2
    return search


def parse_cancel_update(tag: bytes, cursor: Cursor) -> CancelUpdate:
    """CANCELUPDATE 1*(SP quoted) (RFC 5267 §5)."""
    tags: list[bytes] = []
    while cursor.skip(b" "):
        tags.append(cursor.quoted())
        if len(tags) > MAX_TAGS:
            raise MalformedError("Too many tags", code="LIMIT")
    if not tags:
        raise MalformedError("Which?")
    return CancelUpdate(tag, tuple(tags))

"""NOTIFY (RFC 5465 §3.1, §8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.fetch import parse_fetch_items
from mailsvc.imap.wire.mailbox_filter import MAX_FILTERS, OPEN_ONE, MailboxFilter, parse_mailbox_filter

if TYPE_CHECKING:
    from mailsvc.imap.wire.fetch import FetchItem
    from mailsvc.imap.wire.grammar import Cursor


class Event(Enum):
    """What may be told; the value is how clients spell it (RFC 5465 §5)."""

    NEW = "MessageNew"
    EXPUNGE = "MessageExpunge"
    FLAGS = "FlagChange"
    NAME = "MailboxName"
    SUBSCRIPTION = "SubscriptionChange"
    METADATA = "MailboxMetadataChange"
    SERVER_METADATA = "ServerMetadataChange"


OF_LETTERS = frozenset({Event.NEW, Event.EXPUNGE, Event.FLAGS})
_EVENTS = {event.value.upper().encode("ascii"): event for event in Event}
_ALL = " ".join(event.value for event in Event)


@dataclass(frozen=True, slots=True)
class EventGroup:
    """What is to be told of some mailboxes."""

    mailboxes: MailboxFilter
    events: frozenset[Event]
    items: tuple[FetchItem, ...] = ()
    """To be told of new letters in the open mailbox."""


@dataclass(frozen=True, slots=True)
class Notify(Command):
    """NOTIFY SET, or NOTIFY NONE without groups."""

    groups: tuple[EventGroup, ...]
    status: bool
    """Tell the counters of these mailboxes at once."""


def parse_notify(tag: bytes, cursor: Cursor) -> Notify:
    """NOTIFY SP "NONE", or NOTIFY SP "SET" [SP "STATUS"] 1*(SP group)."""
    cursor.space()
    word = cursor.keyword()
    if word == b"NONE":
        return Notify(tag, (), status=False)
    if word != b"SET":
        raise MalformedError("Expected SET or NONE")
    cursor.space()
    status = cursor.skip_word(b"STATUS")
    if status:
        cursor.space()
    groups = [_group(cursor)]
    while cursor.skip(b" "):
        groups.append(_group(cursor))
        if len(groups) > MAX_FILTERS:
            raise MalformedError("Too many groups", condition="NO", code="NOTIFICATIONOVERFLOW")
    if sum(group.mailboxes.reach in OPEN_ONE for group in groups) > 1:
        raise MalformedError("The open mailbox may be chosen once")  # RFC 5465 §6.1
    return Notify(tag, tuple(groups), status)


def _group(cursor: Cursor) -> EventGroup:
    cursor.expect(b"(")
    mailboxes = parse_mailbox_filter(cursor)
    cursor.space()
    told: tuple[tuple[Event, tuple[FetchItem, ...]], ...] = ()
    if cursor.skip(b"("):
        told = cursor.rest_of_list(lambda: _event(cursor))
    elif not cursor.skip_word(b"NONE"):
        # The RFC's own examples write one event without parentheses (§3.1).
        told = (_event(cursor),)
    cursor.expect(b")")
    events = frozenset([event for event, _ in told])
    items = tuple([item for _, wanted in told for item in wanted])
    of_open_one = mailboxes.reach in OPEN_ONE
    if items and not of_open_one:
        raise MalformedError("Items are told of the open mailbox only")  # RFC 5465 §8, message-event
    if of_open_one and not events <= OF_LETTERS:
        raise MalformedError("Of the open mailbox its letters are told")  # RFC 5465 §6.1
    if (Event.NEW in events) is not (Event.EXPUNGE in events) or (
        Event.FLAGS in events and Event.NEW not in events
    ):
        raise MalformedError("MessageNew and MessageExpunge go together")  # RFC 5465 §5
    return EventGroup(mailboxes, events, items)


def _event(cursor: Cursor) -> tuple[Event, tuple[FetchItem, ...]]:
    event = _EVENTS.get(cursor.keyword())
    if event is None:
        raise MalformedError("No such event here", condition="NO", code=f"BADEVENT ({_ALL})")  # RFC 5465 §3.1
    if event is Event.NEW and cursor.skip_text(b" ("):
        return event, parse_fetch_items(cursor)
    return event, ()

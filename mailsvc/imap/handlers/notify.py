"""NOTIFY: what happens in other mailboxes, and in the open one without a command (RFC 5465)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsvc.imap.handlers.chosen_mailboxes import chosen
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.list import list_of_one
from mailsvc.imap.handlers.status import status_line
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.mailbox_filter import OPEN_ONE, Reach
from mailsvc.imap.wire.notify import OF_LETTERS, Event, EventGroup
from mailsvc.imap.wire.status import StatusItem
from mailsvc.services import mailbox_metadata, mailbox_tree, permissions
from mailsvc.services.permissions import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.notify import Notify
    from mailsvc.model.ids import AccountId
    from mailsvc.services.mailbox_tree import Listed

MAX_MAILBOXES = 500
"""Of one client; more of them would cost more than they tell (RFC 5465 §5.8)."""
EVERY_MAILBOX = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A mailbox as the client was last told of it."""

    listed: Listed
    events: frozenset[Event]
    unseen: int
    metadata: dict[str, bytes]


@dataclass(slots=True)
class Notified:
    """What one client has asked to be told."""

    groups: tuple[EventGroup, ...]
    seen: dict[int, _Seen] = field(default_factory=dict)
    """By mailbox id."""
    server_metadata: dict[str, bytes] = field(default_factory=dict)
    is_stale: bool = False
    watches: dict[AccountId, Callable[[], None]] = field(default_factory=dict)

    @property
    def of_open_one(self) -> EventGroup | None:
        """What is to be told of the open mailbox; None for nothing."""
        groups = [group for group in self.groups if group.mailboxes.reach in OPEN_ONE and group.events]
        return groups[0] if groups else None

    @property
    def expunges_at_once(self) -> bool:
        """Whether EXPUNGE may come without a command (RFC 5465 §6.1.2)."""
        group = self.of_open_one
        return group is not None and group.mailboxes.reach is Reach.SELECTED

    def end(self) -> None:
        """Look at nothing any more."""
        for stop in self.watches.values():
            stop()
        self.watches.clear()


async def notify(cmd: Notify, ctx: Context) -> Done:
    """NOTIFY; what the open mailbox has to tell comes with the tagged reply (RFC 5465 §3.1)."""
    asked = Notified(cmd.groups)
    asked.seen = {int(seen.listed.mailbox.id): seen for seen in _look(ctx, asked)}
    if len(asked.seen) > MAX_MAILBOXES:
        raise RefusedError("Too many mailboxes", "NOTIFICATIONOVERFLOW")
    asked.server_metadata = _server_metadata(ctx, asked)
    if ctx.notified is not None:
        ctx.notified.end()
    ctx.notified = asked
    _watch(ctx, asked)
    if not cmd.status:
        return Done("You will be told")
    told = [
        _counters(ctx, seen)
        for seen in asked.seen.values()
        if seen.events & OF_LETTERS and not _is_open(ctx, seen)
    ]
    return Done("You will be told", untagged=b"".join(told))


def other_news(ctx: Context) -> bytes:
    """What happened outside of the open mailbox since the client was last told."""
    asked = ctx.notified
    if asked is None or not asked.is_stale:
        return b""
    asked.is_stale = False
    _watch(ctx, asked)
    before, asked.seen = asked.seen, {int(seen.listed.mailbox.id): seen for seen in _look(ctx, asked)}
    out = [
        line for number, seen in asked.seen.items() for line in _differences(ctx, before.get(number), seen)
    ]
    out += [
        replies.list_line(b"LIST", ("\\NonExistent",), ctx.name(seen.listed.name))
        for number, seen in before.items()
        if number not in asked.seen and Event.NAME in seen.events
    ]
    server = _server_metadata(ctx, asked)
    out += _metadata_line(ctx, EVERY_MAILBOX, asked.server_metadata, server)
    asked.server_metadata = server
    return b"".join(out)


def _look(ctx: Context, asked: Notified) -> Iterator[_Seen]:
    """Every mailbox that some group chooses, with all that is to be told of it."""
    events: dict[str, frozenset[Event]] = {}
    listed: dict[str, Listed] = {}
    for group in asked.groups:
        for name, one in chosen(ctx, (group.mailboxes,)).items():
            listed[name] = one
            events[name] = events.get(name, frozenset()) | group.events
    reader = ctx.parts.bridge.reader
    for name, one in listed.items():
        metadata = {}
        if Event.METADATA in events[name]:
            place = Place(one.mailbox, ctx.principal.account_id, one.rights)
            metadata = mailbox_metadata.read(reader, ctx.principal, place)
        unseen = mailbox_tree.unseen(reader, one.mailbox, ctx.principal.account_id)
        yield _Seen(one, events[name], unseen, metadata)


def _differences(ctx: Context, before: _Seen | None, now: _Seen) -> Iterator[bytes]:
    name = now.listed.name
    if before is None:
        if Event.NAME in now.events:
            yield list_of_one(ctx, name, written=name)
        return
    was, is_now = before.listed, now.listed
    if was.name != name and Event.NAME in now.events:
        yield list_of_one(ctx, name, written=was.name)
    elif was.mailbox.subscribed is not is_now.mailbox.subscribed and Event.SUBSCRIPTION in now.events:
        yield list_of_one(ctx, name, written=name)
    yield from _metadata_line(ctx, name, before.metadata, now.metadata)
    if now.events & OF_LETTERS and not _is_open(ctx, now) and _has_other_letters(before, now):
        yield _counters(ctx, now)


def _has_other_letters(before: _Seen, now: _Seen) -> bool:
    was, is_now = before.listed.mailbox, now.listed.mailbox
    if (was.exists, was.uid_next, was.uid_validity) != (is_now.exists, is_now.uid_next, is_now.uid_validity):
        return True
    return Event.FLAGS in now.events and (
        was.highest_mod_seq != is_now.highest_mod_seq or before.unseen != now.unseen
    )


def _counters(ctx: Context, seen: _Seen) -> bytes:
    items = [StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY]  # RFC 5465 §3.1, §5.2
    if Event.FLAGS in seen.events:
        items.append(StatusItem.UNSEEN)
    if ctx.condstore:
        items.append(StatusItem.HIGHESTMODSEQ)
    place = Place(seen.listed.mailbox, ctx.principal.account_id, seen.listed.rights)
    return status_line(ctx, seen.listed.name, place, items)


def _metadata_line(
    ctx: Context, name: str, before: dict[str, bytes], now: dict[str, bytes]
) -> Iterator[bytes]:
    """Names of the entries that changed (RFC 5464 §4.4.2)."""
    changed = sorted(entry for entry in before.keys() | now.keys() if before.get(entry) != now.get(entry))
    if changed:
        yield replies.metadata_changed(ctx.name(name), changed)


def _server_metadata(ctx: Context, asked: Notified) -> dict[str, bytes]:
    if not any(Event.SERVER_METADATA in group.events for group in asked.groups):
        return {}
    return mailbox_metadata.read(ctx.parts.bridge.reader, ctx.principal, None)


def _is_open(ctx: Context, seen: _Seen) -> bool:
    """Of the open mailbox only SELECTED tells (RFC 5465 §6)."""
    return ctx.view is not None and ctx.view.known.mailbox_id == seen.listed.mailbox.id


def _watch(ctx: Context, asked: Notified) -> None:
    """Learn of changes in every box that the person reaches now."""
    if all(group.mailboxes.reach in OPEN_ONE for group in asked.groups):
        return
    reached = {ctx.principal.account_id}
    reached.update(box.account.id for box in permissions.shared_boxes(ctx.parts.bridge.reader, ctx.principal))

    def changed() -> None:
        asked.is_stale = True
        ctx.wake()

    for account in reached - asked.watches.keys():
        asked.watches[account] = ctx.parts.watch.account(account, changed)
    for account in asked.watches.keys() - reached:
        asked.watches.pop(account)()

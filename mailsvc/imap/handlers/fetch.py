"""FETCH and UID FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4).

Lines are joined from columns of ready-made octets: nothing is formatted per letter that could be made before.
"""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from mailsvc.imap.handlers import object_ids
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.numbers import wanted
from mailsvc.imap.handlers.resync import need_qresync, vanished_since
from mailsvc.imap.handlers.sections import Octets, marks_seen, needs_content, section_reply
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.fetch import Attribute
from mailsvc.imap.wire.sequence import SAVED, resolve
from mailsvc.model.errors import StoreUnavailable
from mailsvc.model.flags import SEEN
from mailsvc.services import letters
from mailsvc.services.usage import UsageBit
from mailsvc.services.view import ranges_of
from mailsvc.storage.pieces import PieceDamaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.wire.fetch import Fetch, FetchItem
    from mailsvc.imap.wire.sequence import SequenceSet

BATCH = 2_000
"""Letters in one query, and between two looks at a slow reader."""
SECTION_BATCH = 50
LARGE = 1 << 20
"""Octets of a letter that is read in a thread: putting it together takes longer than others should wait."""
NEAR = 8
"""Letters between two wanted ones that are read with them: cheaper than another query."""
MAX_PREFIXES = 50_000

MAX_PREVIEW = 200
"""Characters (RFC 8970 §3.3)."""

COLUMNS: dict[Attribute, tuple[str, ...]] = {
    Attribute.ENVELOPE: ("envelope",),
    Attribute.BODY: ("body",),
    Attribute.BODYSTRUCTURE: ("body_structure",),
    Attribute.INTERNALDATE: ("internal_date",),
    Attribute.RFC822_SIZE: ("size",),
    Attribute.EMAILID: ("content_key", "trace", "internal_date"),
    Attribute.THREADID: ("thread_id",),
    Attribute.SAVEDATE: ("saved_at",),
    Attribute.PREVIEW: ("preview",),
}
_prefixes: list[bytes] = []


async def fetch(cmd: Fetch, ctx: Context) -> Done:
    """FETCH; letters that are gone are passed over and told with NO [EXPUNGEISSUED] (RFC 2180 §4.1.2)."""
    view = ctx.selected
    if cmd.vanished:
        need_qresync(ctx)
    items = _items(cmd, ctx)
    ctx.send(ctx.news(expunges=False))
    runs = wanted(view, cmd.messages, uid=cmd.uid)
    if cmd.vanished and cmd.changed_since is not None:
        ctx.send(_vanished(cmd.messages, cmd.changed_since, ctx, view))
    if cmd.changed_since is not None:
        runs = _changed(view, runs, cmd.changed_since)
    if cmd.partial is not None:  # RFC 9394 §3.3
        runs = [range(index, index + 1) for index in cmd.partial.of(list(chain.from_iterable(runs)))]
    sections = [item for item in items if isinstance(item, Octets)]
    names = tuple(
        dict.fromkeys(name for item in items if isinstance(item, Attribute) for name in COLUMNS.get(item, ()))
    )
    if sections:
        names = tuple(dict.fromkeys((*names, "message_id", "trace", "size")))
    complete = whole = True
    for indexes in _batches(runs, SECTION_BATCH if sections else BATCH):
        rows: Sequence[tuple[Any, ...]] = ()
        there: Sequence[int] = indexes
        if names:
            there, rows = _read(ctx, view, indexes, names)
            complete &= len(there) == len(indexes)
        if sections:
            whole &= await _send_with_sections(ctx, view, items, names, there, rows)
        else:
            ctx.send(_lines(ctx, view, items, names, there, rows))
            await ctx.drain()
    if any(marks_seen(section) and needs_content(section) for section in sections):
        ctx.parts.usage.note(view.place.mailbox.account_id, view.place.viewer, UsageBit.READ)
    if not view.read_only and any(map(marks_seen, sections)):
        await _mark_seen(ctx, view, runs)
    if not whole:
        raise RefusedError("A letter is damaged; the others were sent", "CONTACTADMIN")
    if not complete:
        raise RefusedError("Some of these letters are gone", "EXPUNGEISSUED")
    return Done("Fetched", expunges=cmd.uid)


def _vanished(messages: SequenceSet, since: int, ctx: Context, view: MailboxView) -> bytes:
    """Before any FETCH (RFC 7162 §3.2.6)."""
    if messages == SAVED:
        return b""  # letters that are gone are no part of it: RFC 5182 §2.1
    return vanished_since(ctx, view, resolve(messages, int(view.known.uid_next) - 1), since)


def _items(cmd: Fetch, ctx: Context) -> tuple[FetchItem, ...]:
    items = cmd.items
    if cmd.uid and Attribute.UID not in items:
        items = (Attribute.UID, *items)  # RFC 3501 §6.4.8
    if cmd.changed_since is not None and Attribute.MODSEQ not in items:
        items = (*items, Attribute.MODSEQ)  # RFC 7162 §3.1.4.1
    if Attribute.MODSEQ in items:
        ctx.condstore = True  # RFC 7162 §3.1: these commands enable CONDSTORE
    return items


def _changed(view: MailboxView, runs: list[range], since: int) -> list[range]:
    mod_seqs = view.known.mod_seqs
    return [range(index, index + 1) for run in runs for index in run if mod_seqs[index] > since]


def _batches(runs: list[range], size: int) -> Iterator[Sequence[int]]:
    """Indexes in portions; neighbours that are near each other come together."""
    gathered: list[int] = []
    for run in runs:
        if gathered and (run.start - gathered[-1] > NEAR or len(gathered) >= size):
            yield gathered
            gathered = []
        if len(run) > NEAR:
            if gathered:
                yield gathered
                gathered = []
            for start in range(run.start, run.stop, size):
                yield range(start, min(start + size, run.stop))
        else:
            gathered.extend(run)
    if gathered:
        yield gathered


def _read(
    ctx: Context, view: MailboxView, indexes: Sequence[int], names: tuple[str, ...]
) -> tuple[Sequence[int], Sequence[tuple[Any, ...]]]:
    """Rows of these letters, and the indexes of those that are still there."""
    uids = view.known.uids
    rows = letters.columns(ctx.parts.bridge.reader, view.place, uids[indexes[0]], uids[indexes[-1]], names)
    if len(rows) == len(indexes):
        return indexes, rows
    by_uid = {row[0]: row for row in rows}
    there = [index for index in indexes if uids[index] in by_uid]
    return there, [by_uid[uids[index]] for index in there]


def _lines(
    ctx: Context,
    view: MailboxView,
    items: Sequence[FetchItem],
    names: Sequence[str],
    indexes: Sequence[int],
    rows: Sequence[tuple[Any, ...]],
) -> bytes:
    """One line a letter, joined from columns."""
    if not indexes:
        return b""
    columns: list[Iterable[bytes]] = [_line_starts(indexes)]
    for number, item in enumerate(items):
        assert isinstance(item, Attribute)
        if number:
            columns.append(repeat(b" "))
        columns.extend(_column(ctx, view, item, names, indexes, rows))
    columns.append(repeat(b")\r\n"))
    return b"".join(chain.from_iterable(zip(*columns, strict=False)))


def _column(
    ctx: Context,
    view: MailboxView,
    item: Attribute,
    names: Sequence[str],
    indexes: Sequence[int],
    rows: Sequence[tuple[Any, ...]],
) -> tuple[Iterable[bytes], ...]:
    known = view.known
    if item is Attribute.FLAGS:
        return (map(view.flag_lists.__getitem__, _picked(known.flags, indexes)),)
    if item is Attribute.UID:
        return (map(b"UID %d".__mod__, _picked(known.uids, indexes)),)
    if item is Attribute.MODSEQ:
        return (map(b"MODSEQ (%d)".__mod__, _picked(known.mod_seqs, indexes)),)
    at = 1 + names.index(COLUMNS[item][0])
    values = [row[at] for row in rows]
    match item:
        case Attribute.INTERNALDATE | Attribute.SAVEDATE:
            return repeat(item.value + b" "), map(ctx.parts.dates.of, values)
        case Attribute.RFC822_SIZE:
            return (map(b"RFC822.SIZE %d".__mod__, values),)
        case Attribute.EMAILID:
            others = [1 + names.index(name) for name in COLUMNS[item][1:]]
            ids = [
                object_ids.of_email(key, *[row[at] for at in others])
                for key, row in zip(values, rows, strict=True)
            ]
            return (map(b"EMAILID (%b)".__mod__, ids),)
        case Attribute.THREADID:
            return (map(b"THREADID (%b)".__mod__, map(object_ids.of_thread, values)),)
        case Attribute.PREVIEW:
            return repeat(b"PREVIEW "), [replies.string(text[:MAX_PREVIEW].encode()) for text in values]
        case _:
            return repeat(item.value + b" "), values


def _picked(column: Sequence[int], indexes: Sequence[int]) -> Iterable[int]:
    if isinstance(indexes, range):
        return column[indexes.start : indexes.stop]
    return map(column.__getitem__, indexes)


def _line_starts(indexes: Sequence[int]) -> Iterable[bytes]:
    """`* 7 FETCH (` of each; made once for the numbers that mailboxes commonly have."""
    last = indexes[-1] + 1
    if last > MAX_PREFIXES:
        return [b"* %d FETCH (" % (index + 1) for index in indexes]
    if last > len(_prefixes):
        _prefixes.extend([b"* %d FETCH (" % (index + 1) for index in range(len(_prefixes), last)])
    if isinstance(indexes, range):
        return _prefixes[indexes.start : indexes.stop]
    return map(_prefixes.__getitem__, indexes)


async def _send_with_sections(
    ctx: Context,
    view: MailboxView,
    items: Sequence[FetchItem],
    names: Sequence[str],
    indexes: Sequence[int],
    rows: Sequence[tuple[Any, ...]],
) -> bool:
    """Letter by letter, so that one slow reader holds one letter and not all; False if one cannot be read."""
    message_at, trace_at, size_at = (1 + names.index(name) for name in ("message_id", "trace", "size"))
    reads_content = any(isinstance(item, Octets) and needs_content(item) for item in items)
    whole = True
    for index, row in zip(indexes, rows, strict=True):
        message = row[message_at]
        try:
            if reads_content and row[size_at] > LARGE:
                await ctx.parts.contents.load(ctx.parts.bridge, message)
            parts = [
                section_reply(ctx, item, message, row[trace_at])
                if isinstance(item, Octets)
                else _one(_column(ctx, view, item, names, (index,), (row,)))
                for item in items
            ]
        except PieceDamaged as damage:
            # One letter that cannot be read must not keep a client from all that come after it.
            ctx.log_damage(int(message), str(damage))
            whole = False
        else:
            ctx.send(b"* %d FETCH (%b)\r\n" % (index + 1, b" ".join(parts)))
        await ctx.drain()
    return whole


def _one(column: Iterable[Iterable[bytes]]) -> bytes:
    """The only line of a column."""
    return b"".join(chain.from_iterable(zip(*column, strict=False)))


async def _mark_seen(ctx: Context, view: MailboxView, runs: list[range]) -> None:
    r"""Set \Seen of what was read (RFC 3501 §6.4.5); the news before the tagged reply tell it."""
    uids, flags = view.known.uids, view.known.flags
    unseen = [
        uids[index]
        for run in runs
        for index in run
        if not flags[index] & SEEN and uids[index] not in view.ghosts
    ]
    if not unseen:
        return
    try:
        await ctx.parts.bridge.write_soon(letters.mark_seen, view.place, ranges_of(view.known, unseen))
    except StoreUnavailable:
        # A full disk must not keep anybody from reading: the letter was sent, only the mark is missing.
        ctx.log_unavailable("mark_seen")

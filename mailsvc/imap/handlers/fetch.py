"""FETCH and UID FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4).

What was asked for, in portions that leave others their turn; `fetch_lines` writes them.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.fetch_lines import columns_for, line_with_sections, lines, read
from mailsvc.imap.handlers.news import news
from mailsvc.imap.handlers.numbers import wanted
from mailsvc.imap.handlers.resync import need_qresync, vanished_since
from mailsvc.imap.handlers.sections import Octets, marks_seen, needs_content
from mailsvc.imap.wire.fetch import Attribute
from mailsvc.imap.wire.sequence import SAVED, resolve
from mailsvc.model.errors import StoreUnavailable
from mailsvc.model.flags import SEEN
from mailsvc.services import letters, watched
from mailsvc.services.usage import UsageBit
from mailsvc.services.view import ranges_of
from mailsvc.storage.pieces import PieceDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


async def fetch(cmd: Fetch, ctx: Context) -> Done:
    """FETCH; letters that are gone are passed over and told with NO [EXPUNGEISSUED] (RFC 2180 §4.1.2)."""
    view = ctx.selected
    if cmd.vanished:
        need_qresync(ctx)
    items = _items(cmd, ctx)
    ctx.send(news(ctx, expunges=False))
    runs = wanted(view, cmd.messages, uid=cmd.uid)
    if cmd.vanished and cmd.changed_since is not None:
        ctx.send(_vanished(cmd.messages, cmd.changed_since, ctx, view))
    if cmd.changed_since is not None:
        runs = _changed(view, runs, cmd.changed_since)
    if cmd.partial is not None:  # RFC 9394 §3.3
        runs = [range(index, index + 1) for index in cmd.partial.of(list(chain.from_iterable(runs)))]
    sections = [item for item in items if isinstance(item, Octets)]
    names = columns_for(items)
    rendered = ctx.parts.rendered
    complete = whole = True
    for indexes in _batches(runs, SECTION_BATCH if sections else BATCH):
        key = rendered.key(view, items, indexes)
        ready = None if key is None else rendered.get(key)
        if ready is not None:
            ctx.send(ready)
            await ctx.drain()
            continue
        rows: Sequence[tuple[Any, ...]] = ()
        there: Sequence[int] = indexes
        if names:
            there, rows = read(ctx, view, indexes, names)
            complete &= len(there) == len(indexes)
        if view.place.is_watched and any(map(needs_content, sections)):
            uids = [view.known.uids[index] for index in there]
            await ctx.parts.bridge.write(watched.opened, view.place, uids)
        if sections:
            whole &= await _send_with_sections(ctx, view, items, names, there, rows)
        else:
            made = lines(ctx, view, items, names, there, rows)
            if key is not None and len(there) == len(indexes):
                rendered.keep(key, made)
            ctx.send(made)
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


async def _send_with_sections(
    ctx: Context,
    view: MailboxView,
    items: Sequence[FetchItem],
    names: Sequence[str],
    indexes: Sequence[int],
    rows: Sequence[tuple[Any, ...]],
) -> bool:
    """Letter by letter, so that one slow reader holds one letter and not all; False if one cannot be read."""
    message_at, size_at = (1 + names.index(name) for name in ("message_id", "size"))
    reads_content = any(isinstance(item, Octets) and needs_content(item) for item in items)
    whole = True
    for index, row in zip(indexes, rows, strict=True):
        message = row[message_at]
        try:
            if reads_content and row[size_at] > LARGE:
                await ctx.parts.contents.load(ctx.parts.bridge, message)
            line = line_with_sections(ctx, view, items, names, index, row)
        except PieceDamaged as damage:
            # One letter that cannot be read must not keep a client from all that come after it.
            ctx.log_damage(int(message), str(damage))
            whole = False
        else:
            ctx.send(line)
        await ctx.drain()
    return whole


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

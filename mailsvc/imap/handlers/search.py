"""SEARCH and UID SEARCH (RFC 3501 §6.4.4, RFC 4731, RFC 5032, RFC 5182, RFC 7162 §3.1.5).

Each key narrows what the ones before it left, the cheap ones first, so that text is read of few letters.
"""

from __future__ import annotations

import re
from array import array
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from mailsvc.imap.handlers import object_ids
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.flags import bit_of
from mailsvc.imap.handlers.numbers import wanted
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.esearch import EVERYTHING, esearch, tag_correlator
from mailsvc.imap.wire.grammar import MONTHS
from mailsvc.imap.wire.search import (
    And,
    Arrived,
    Body,
    EmailId,
    HasFlag,
    Header,
    Larger,
    ModSeqFrom,
    Not,
    Numbers,
    Older,
    Or,
    Recent,
    Saved,
    SearchKey,
    Sent,
    Smaller,
    Text,
    ThreadId,
    Uids,
    When,
    Younger,
)
from mailsvc.model.errors import ServiceError
from mailsvc.model.ids import Uid
from mailsvc.services import find, letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.wire.search import Search

    ByColumn = Arrived | Sent | Larger | Smaller | Older | Younger | Saved | EmailId | ThreadId

BATCH = 5_000
TEXT_BATCH = 20
"""Letters whose text is looked through between two looks at other connections."""
FIELD_BATCH = 200
"""The same for a field of the header."""

_EPOCH = date(1970, 1, 1).toordinal()
_DATE = re.compile(rb'\(\("?[^"]*?([0-9]{1,2})[ -]+([A-Za-z]{3})[a-z]*[ -]+([0-9]{4})')
_MONTHS = {month.lower(): number for number, month in enumerate(MONTHS, 1)}
_KEPT_IN: dict[type[Any], tuple[str, ...]] = {
    Arrived: ("internal_date",),
    Older: ("internal_date",),
    Younger: ("internal_date",),
    Sent: ("envelope", "sent_at"),
    Saved: ("saved_at",),
    EmailId: ("content_key", "trace", "internal_date"),
    ThreadId: ("thread_id",),
    Larger: ("size",),
    Smaller: ("size",),
}
_COST: dict[type[Any], int] = {Header: 2, Text: 4, Body: 4, **dict.fromkeys(_KEPT_IN, 1)}


async def search(cmd: Search, ctx: Context) -> Done:
    """SEARCH; an empty answer is an answer too. A SAVE that fails leaves nothing saved (RFC 5182 §2.1)."""
    if cmd.returning is None or not cmd.returning.saves:
        return await _search(cmd, ctx)
    view = ctx.selected
    if cmd.refusal is not None:
        view.saved = ()
        raise RefusedError(cmd.refusal.text, cmd.refusal.code)
    try:
        return await _search(cmd, ctx)
    except (RefusedError, ServiceError):
        view.saved = ()
        raise


async def _search(cmd: Search, ctx: Context) -> Done:
    if cmd.asks_mod_seq:
        ctx.condstore = True  # RFC 7162 §3.1: this command enables CONDSTORE
    early = ctx.news(expunges=False)
    view = ctx.selected
    known = view.known
    found = await found_by(cmd.key, ctx)
    numbers = [known.uids[index] for index in found] if cmd.uid else [index + 1 for index in found]
    # RFC 9051 §6.4.4: a rev2 client is always answered with ESEARCH.
    returning = EVERYTHING if cmd.returning is None and ctx.rev2 else cmd.returning
    named = found if returning is None else returning.named(found)
    highest = max((known.mod_seqs[index] for index in named), default=0) if cmd.asks_mod_seq else None
    if returning is None:
        reply = replies.search(numbers, highest)
    else:
        reply = b""
        if returning.saves:
            view.saved = array("Q", [known.uids[index] for index in named])
        if not returning.says_nothing:
            reply = esearch(tag_correlator(cmd.tag), returning, numbers, uid=cmd.uid, mod_seq=highest)
    return Done("Searched", untagged=early + reply, expunges=cmd.uid and not cmd.names_numbers)


async def found_by(key: SearchKey, ctx: Context) -> list[int]:
    """Indexes of the letters that match, in the order of the mailbox; none of those that are gone."""
    view = ctx.selected
    everything = [index for index, uid in enumerate(view.known.uids) if uid not in view.ghosts]
    return await _narrow(ctx, view, key, everything)


async def _narrow(ctx: Context, view: MailboxView, key: SearchKey, among: list[int]) -> list[int]:
    """Which of these letters match, in order."""
    if not among:
        return among
    match key:
        case And(keys):
            for inner in sorted(keys, key=_cost):
                among = await _narrow(ctx, view, inner, among)
            return among
        case Or(left, right):
            first = await _narrow(ctx, view, left, among)
            taken = frozenset(first)
            second = await _narrow(ctx, view, right, [index for index in among if index not in taken])
            return sorted([*first, *second])
        case Not(inner):
            matching = frozenset(await _narrow(ctx, view, inner, among))
            return [index for index in among if index not in matching]
        case Header(field, text):
            return await _with_text(ctx, view, among, _field_name(field), text)
        case Body(text):
            return await _with_text(ctx, view, among, "body", text) if text else among
        case Text(text):
            return await _with_text(ctx, view, among, "text", text) if text else among
        case (
            Arrived() | Sent() | Larger() | Smaller() | Older() | Younger() | Saved() | EmailId() | ThreadId()
        ):
            return await _by_column(ctx, view, key, among)
        case _:
            return _by_snapshot(view, key, among)


def _cost(key: SearchKey) -> int:
    match key:
        case And(keys):
            return max(map(_cost, keys), default=0)
        case Or(left, right):
            return max(_cost(left), _cost(right))
        case Not(inner):
            return _cost(inner)
        case _:
            return _COST.get(type(key), 0)


def _by_snapshot(view: MailboxView, key: SearchKey, among: list[int]) -> list[int]:
    known = view.known
    match key:
        case HasFlag(flag):
            bit, flags = bit_of(flag, known.keywords), known.flags
            return [index for index in among if flags[index] & bit] if bit else []
        case ModSeqFrom(mod_seq):
            return [index for index in among if known.mod_seqs[index] >= mod_seq]
        case Uids(uids):
            return _within(among, wanted(view, uids, uid=True))
        case Numbers(numbers):
            return _within(among, wanted(view, numbers, uid=False))
        case Recent():
            return []  # no letter is recent to us: RFC 9051 Appendix E, item 5
        case _:
            raise AssertionError(key)


def _within(among: list[int], runs: list[range]) -> list[int]:
    inside = frozenset([index for run in runs for index in run])
    return [index for index in among if index in inside]


async def _by_column(ctx: Context, view: MailboxView, key: ByColumn, among: list[int]) -> list[int]:
    uids = view.known.uids
    matching: set[int] = set()
    names = _KEPT_IN[type(key)]
    now = ctx.parts.bridge.reader.clock()
    for part in _portions(among, BATCH):
        rows = letters.columns(ctx.parts.bridge.reader, view.place, uids[part[0]], uids[part[-1]], names)
        matching.update([row[0] for row in rows if _row_matches(ctx, key, row, now)])
        await ctx.drain()
    return [index for index in among if uids[index] in matching]


def _row_matches(ctx: Context, key: ByColumn, row: tuple[Any, ...], now: int) -> bool:
    match key:
        case Older(seconds):
            return bool(row[1] <= now - seconds)
        case Younger(seconds):
            return bool(row[1] >= now - seconds)
        case Larger(octets):
            return bool(row[1] > octets)
        case Smaller(octets):
            return bool(row[1] < octets)
        case EmailId(asked):
            return object_ids.of_email(*row[1:]) == asked
        case ThreadId(asked):
            return object_ids.of_thread(row[1]) == asked
        case Arrived(when, day) | Saved(when, day):
            return _compare(when, ctx.parts.dates.day_of(row[1]), day)
        case Sent(when, day):
            sent = _sent_day(row[1])
            if sent is None:
                if row[2] is None:
                    return False
                sent = ctx.parts.dates.day_of(row[2])
            return _compare(when, sent, day)


def _compare(when: When, held: int, day: date) -> bool:
    """Days only, whatever the hour and the zone (RFC 3501 §6.4.4)."""
    asked = day.toordinal() - _EPOCH
    match when:
        case When.BEFORE:
            return held < asked
        case When.ON:
            return held == asked
        case When.SINCE:
            return held >= asked


def _sent_day(envelope: bytes) -> int | None:
    """The day that the Date field writes, as days since 1970; the first string of ENVELOPE is that field."""
    match = _DATE.match(b"(" + envelope[:80])
    if match is None:
        return None
    try:
        month = _MONTHS[match.group(2).lower()]
        return date(int(match.group(3)), month, int(match.group(1))).toordinal() - _EPOCH
    except (KeyError, ValueError):
        return None


async def _with_text(ctx: Context, view: MailboxView, among: list[int], field: str, text: str) -> list[int]:
    uids = view.known.uids
    parts = ctx.parts
    if parts.index is not None and field in {"body", "text"}:
        held = [Uid(uids[index]) for index in among]
        worth_reading = frozenset(
            find.narrowed(parts.bridge.reader, parts.index, view.place, held, field, text, parts.indexed_text)
        )
        among = [index for index in among if uids[index] in worth_reading]
    matching: set[Uid] = set()
    for part in _portions(among, TEXT_BATCH if field in {"body", "text"} else FIELD_BATCH):
        some = [Uid(uids[index]) for index in part]
        matching |= find.matching(ctx.parts.bridge.reader, view.place, some, field, text, ctx.parts.texts)
        await ctx.drain()
    return [index for index in among if uids[index] in matching]


def _field_name(field: str) -> str:
    return field if field in {"from", "to", "cc", "bcc", "subject"} else f"header:{field}"


def _portions(among: Sequence[int], size: int) -> Iterator[list[int]]:
    walk = iter(among)
    while part := list(islice(walk, size)):
        yield part

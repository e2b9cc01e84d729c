"""Which letters a search key means (RFC 3501 §6.4.4, RFC 5032, RFC 5466, RFC 6203, RFC 7162 §3.1.5).

Each key narrows what the ones before it left, the cheap ones first, so that text is read of few letters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from mailsvc.imap.handlers import object_ids
from mailsvc.imap.handlers.context import RefusedError
from mailsvc.imap.handlers.flags import bit_of
from mailsvc.imap.handlers.numbers import wanted
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.grammar import MONTHS
from mailsvc.imap.wire.search import (
    And,
    Arrived,
    Body,
    EmailId,
    Filter,
    Fuzzy,
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
    parse_filter,
    rebuilt,
)
from mailsvc.model.ids import Uid
from mailsvc.services import find, letters, mailbox_metadata
from search.fold import fold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence

    from mailsvc.imap.handlers.context import Context, Parts
    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.wire.replies import InternalDates
    from mailsvc.services.permissions import Principal

    ByColumn = Arrived | Sent | Larger | Smaller | Older | Younger | Saved | EmailId | ThreadId

MAX_FUZZY_WORDS = 12
EXACT, PHRASE, WORDS = 100, 70, 40
MAX_FILTERS = 5
"""Filters inside of filters (RFC 5466 §3.1: three at least)."""
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


@dataclass(frozen=True, slots=True)
class Scope:
    """Where is searched: one mailbox, as one client sees it."""

    parts: Parts
    principal: Principal
    view: MailboxView
    drain: Callable[[], Awaitable[None]]


def scope_of(ctx: Context, view: MailboxView) -> Scope:
    """A mailbox, searched in turns with what other connections do."""
    return Scope(ctx.parts, ctx.principal, view, ctx.drain)


def scope_at_once(ctx: Context, view: MailboxView) -> Scope:
    """A mailbox of which few letters are looked at, without a turn for others: see `at_once`."""
    return Scope(ctx.parts, ctx.principal, view, _no_turn)


async def _no_turn() -> None:
    """Go on."""


def at_once(looking: Coroutine[Any, Any, list[int]]) -> list[int]:
    """The result of a search in a scope that never waits."""
    try:
        looking.send(None)
    except StopIteration as done:
        found: list[int] = done.value
        return found
    raise AssertionError("a search in such a scope does not wait")


async def found_by(key: SearchKey, scope: Scope) -> list[int]:
    """Indexes of the letters that match, in the order of the mailbox; none of those that are gone."""
    view = scope.view
    everything = [index for index, uid in enumerate(view.known.uids) if uid not in view.ghosts]
    return await narrow(scope, key, everything)


async def narrow(scope: Scope, key: SearchKey, among: list[int]) -> list[int]:
    """Which of these letters match, in order."""
    if not among:
        return among
    match key:
        case And(keys):
            for inner in sorted(keys, key=_cost):
                among = await narrow(scope, inner, among)
            return among
        case Or(left, right):
            first = await narrow(scope, left, among)
            taken = frozenset(first)
            second = await narrow(scope, right, [index for index in among if index not in taken])
            return sorted([*first, *second])
        case Not(inner):
            matching = frozenset(await narrow(scope, inner, among))
            return [index for index in among if index not in matching]
        case Fuzzy(inner):
            return await narrow(scope, loosened(inner), among)
        case Filter():
            return await narrow(scope, _filter_named(scope, key), among)
        case Header(field, text):
            return await _with_text(scope, among, _field_name(field), text)
        case Body(text):
            return await _with_text(scope, among, "body", text) if text else among
        case Text(text):
            return await _with_text(scope, among, "text", text) if text else among
        case (
            Arrived() | Sent() | Larger() | Smaller() | Older() | Younger() | Saved() | EmailId() | ThreadId()
        ):
            return await _by_column(scope, key, among)
        case _:
            return _by_snapshot(scope.view, key, among)


def loosened(key: SearchKey) -> SearchKey:
    """FUZZY: the words of a text in any order and without marks; other keys as they are (RFC 6203 §5)."""
    return rebuilt(key, _words_of)


def _words_of(key: SearchKey) -> SearchKey:
    match key:
        case Header(field, text) if text:
            return And(tuple([Header(field, word) for word in _words(text)]))
        case Body(text):
            return And(tuple([Body(word) for word in _words(text)]))
        case Text(text):
            return And(tuple([Text(word) for word in _words(text)]))
        case _:
            return key


def _words(text: str) -> list[str]:
    return fold(text).split()[:MAX_FUZZY_WORDS]


def _filter_named(scope: Scope, named: Filter) -> SearchKey:
    """A search that the person has kept under a name; NO where there is none or it is none (RFC 5466 §3.1)."""
    kept = mailbox_metadata.read(scope.parts.bridge.reader, scope.principal, None)
    name = named.name.lower()
    try:
        value = kept.get(f"/private/filters/values/{name}") or kept[f"/shared/filters/values/{name}"]
        if named.depth < MAX_FILTERS:
            return parse_filter(value, named.depth + 1)
    except (KeyError, MalformedError):
        pass
    raise RefusedError("There is no such filter", f"UNDEFINED-FILTER {named.name}")


def _cost(key: SearchKey) -> int:
    match key:
        case And(keys):
            return max(map(_cost, keys), default=0)
        case Or(left, right):
            return max(_cost(left), _cost(right))
        case Not(inner) | Fuzzy(inner):
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


async def _by_column(scope: Scope, key: ByColumn, among: list[int]) -> list[int]:
    view, reader = scope.view, scope.parts.bridge.reader
    uids = view.known.uids
    matching: set[int] = set()
    names = _KEPT_IN[type(key)]
    now = reader.clock()
    for part in _portions(among, BATCH):
        rows = letters.columns(reader, view.place, uids[part[0]], uids[part[-1]], names)
        matching.update([row[0] for row in rows if _row_matches(scope.parts.dates, key, row, now)])
        await scope.drain()
    return [index for index in among if uids[index] in matching]


def _row_matches(dates: InternalDates, key: ByColumn, row: tuple[Any, ...], now: int) -> bool:
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
            return _compare(when, dates.day_of(row[1]), day)
        case Sent(when, day):
            sent = _sent_day(row[1])
            if sent is None:
                if row[2] is None:
                    return False
                sent = dates.day_of(row[2])
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


async def _with_text(scope: Scope, among: list[int], field: str, text: str) -> list[int]:
    view, parts = scope.view, scope.parts
    uids = view.known.uids
    if parts.index is not None and field in {"body", "text"}:
        held = [Uid(uids[index]) for index in among]
        worth_reading = frozenset(
            find.narrowed(parts.bridge.reader, parts.index, view.place, held, field, text, parts.indexed_text)
        )
        among = [index for index in among if uids[index] in worth_reading]
    matching: set[Uid] = set()
    for part in _portions(among, TEXT_BATCH if field in {"body", "text"} else FIELD_BATCH):
        some = [Uid(uids[index]) for index in part]
        matching |= find.matching(parts.bridge.reader, view.place, some, field, text, parts.texts)
        await scope.drain()
    return [index for index in among if uids[index] in matching]


def _field_name(field: str) -> str:
    return field if field in {"from", "to", "cc", "bcc", "subject"} else f"header:{field}"


def _portions(among: Sequence[int], size: int) -> Iterator[list[int]]:
    walk = iter(among)
    while part := list(islice(walk, size)):
        yield part


async def relevancies(scope: Scope, key: SearchKey, found: Sequence[int]) -> dict[int, int]:
    """Scores of 1 to 100 by index: the text as written, as one phrase without marks, or only its words (RFC 6203 §4)."""
    texts: list[Header | Body | Text] = []

    def gather(leaf: SearchKey) -> SearchKey:
        if isinstance(leaf, Header | Body | Text) and leaf.text:
            texts.append(leaf)
        return leaf

    rebuilt(key, gather)
    totals = dict.fromkeys(found, 0)
    for text in texts:
        phrase = await narrow(scope, replace(text, text=fold(text.text)), list(found))
        exact = frozenset(await narrow(scope, text, phrase))
        unmarked = frozenset(phrase)
        for index in found:
            totals[index] += EXACT if index in exact else PHRASE if index in unmarked else WORDS
    return {index: total // len(texts) if texts else EXACT for index, total in totals.items()}

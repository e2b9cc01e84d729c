"""SORT and THREAD (RFC 5256, RFC 5267 §3, RFC 5957)."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from mailsvc.imap.handlers.context import Done
from mailsvc.imap.handlers.contexts import no_update
from mailsvc.imap.handlers.first_address import CC, FROM, TO, display_of, mailbox_of
from mailsvc.imap.handlers.matching import found_by, relevancies, scope_of
from mailsvc.imap.handlers.news import news
from mailsvc.imap.handlers.search import scores_of
from mailsvc.imap.handlers.threads import Letter, by_references, by_subject, write
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.esearch import esearch, tag_correlator
from mailsvc.imap.wire.sort import Algorithm, By
from mailsvc.mime.base_subject import base_subject
from mailsvc.mime.section import header_fields
from mailsvc.services import letters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.sort import Sort, Thread

    Row = tuple[Any, ...]

BATCH = 2_000
HEADER_BATCH = 20
"""Letters whose References are read between two looks at other connections."""
MAX_REFERENCES = 200
MANY = 5_000

_MESSAGE_ID = re.compile(rb"<([^<>]+)>")
_QUOTED_LOCAL = re.compile(rb'"((?:[^"\\]|\\.)*+)"@')
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)


async def sort(cmd: Sort, ctx: Context) -> Done:
    """SORT; letters that agree in all criteria stay in the order of the mailbox."""
    if cmd.asks_mod_seq:
        ctx.condstore = True  # RFC 7162 §3.1: this command enables CONDSTORE
    early = news(ctx, expunges=False)
    known = ctx.selected.known
    scope = scope_of(ctx, ctx.selected)
    found = await found_by(cmd.key, scope)
    for by, reverse in reversed(cmd.criteria):
        if by is By.RELEVANCY:  # the best first (RFC 6203 §6)
            scores = await relevancies(scope, cmd.key, found)
            found = sorted(found, key=lambda index: -scores[index], reverse=reverse)
            continue
        names, value = _VALUES[by]
        values = {index: value(row) for index, row in await _rows(ctx, found, names)}
        # A letter that is gone by now sorts as one without the field.
        empty: Any = 0 if by in {By.ARRIVAL, By.DATE, By.SIZE} else ""
        found = sorted(found, key=lambda index: values.get(index, empty), reverse=reverse)
    numbers = [known.uids[index] for index in found] if cmd.uid else [index + 1 for index in found]
    named = found if cmd.returning is None else cmd.returning.named(found)
    highest = max((known.mod_seqs[index] for index in named), default=0) if cmd.asks_mod_seq else None
    if cmd.returning is None:
        reply = replies.sort(numbers, highest)
    else:
        scores_told = await scores_of(scope, cmd.key, cmd.returning, found)
        reply = esearch(
            tag_correlator(cmd.tag),
            cmd.returning,
            numbers,
            uid=cmd.uid,
            mod_seq=highest,
            scores=scores_told,
        )
        if cmd.returning.update is not None:
            reply += no_update(cmd.tag)  # where a letter comes to stand would be sorted anew each time
    return Done("Sorted", untagged=early + reply, expunges=False)


async def thread(cmd: Thread, ctx: Context) -> Done:
    """THREAD."""
    early = news(ctx, expunges=False)
    uids = ctx.selected.known.uids
    found = await found_by(cmd.key, scope_of(ctx, ctx.selected))
    wants_references = cmd.algorithm is Algorithm.REFERENCES
    names = ("message_id", "sent_at", "internal_date", "base_subject", "subject")
    told: list[Letter] = []
    for count, (index, row) in enumerate(await _rows(ctx, found, names), 1):
        own = b""
        references: tuple[bytes, ...] = ()
        if wants_references:
            own, references = _references(letters.content_header(ctx.parts.bridge.reader, row[1]))
            if count % HEADER_BATCH == 0:
                await ctx.drain()
        told.append(
            Letter(
                uids[index] if cmd.uid else index + 1,
                _sent(row[2], row[3]),
                row[4],
                own,
                references,
                is_reply=wants_references and base_subject(row[5])[1],
            )
        )
    grouped = by_references if wants_references else by_subject
    # Of very many letters it takes as long as others should not wait.
    threads = grouped(told) if len(told) < MANY else await ctx.parts.bridge.slow(grouped, told)
    reply = replies.line(b"THREAD " + b"".join(map(write, threads)) if threads else b"THREAD")
    return Done("Threaded", untagged=early + reply, expunges=False)


async def _rows(ctx: Context, found: Sequence[int], names: tuple[str, ...]) -> list[tuple[int, Row]]:
    """Index and columns of each letter that is still there, in the order of the mailbox."""
    view = ctx.selected
    uids = view.known.uids
    told: list[tuple[int, Row]] = []
    for part in _portions(sorted(found)):
        rows = letters.columns(ctx.parts.bridge.reader, view.place, uids[part[0]], uids[part[-1]], names)
        by_uid = {row[0]: row for row in rows}
        told += [(index, by_uid[uids[index]]) for index in part if uids[index] in by_uid]
        await ctx.drain()
    return told


def _portions(indexes: Sequence[int]) -> Iterator[list[int]]:
    walk = iter(indexes)
    while part := list(islice(walk, BATCH)):
        yield part


def _sent(sent_at: int | None, internal_date: int) -> int:
    """The sent date, or the internal one where the letter has none that can be read (RFC 5256 §2.2)."""
    return internal_date if sent_at is None else int(sent_at)


def _from(row: Row) -> str:
    local: str = row[1].rpartition("@")[0] or row[1]
    return local.casefold()


_VALUES: dict[By, tuple[tuple[str, ...], Callable[[Row], Any]]] = {
    By.ARRIVAL: (("internal_date",), lambda row: row[1]),
    By.CC: (("envelope",), lambda row: mailbox_of(row[1], CC)),
    By.DATE: (("sent_at", "internal_date"), lambda row: _sent(row[1], row[2])),
    By.DISPLAYFROM: (("envelope",), lambda row: display_of(row[1], FROM)),
    By.DISPLAYTO: (("envelope",), lambda row: display_of(row[1], TO)),
    By.FROM: (("from_address",), _from),
    By.SIZE: (("size",), lambda row: row[1]),
    By.SUBJECT: (("base_subject",), lambda row: row[1]),
    By.TO: (("envelope",), lambda row: mailbox_of(row[1], TO)),
}


def _references(header: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """The Message-ID of a letter, and those of its ancestors, oldest first (RFC 5256 §3, THREAD)."""
    own = _ids(header_fields(header, (b"MESSAGE-ID",)))
    references = _ids(header_fields(header, (b"REFERENCES",)))
    if not references:
        references = _ids(header_fields(header, (b"IN-REPLY-TO",)))[:1]
    return own[0] if own else b"", tuple(references[-MAX_REFERENCES:])


def _ids(field: bytes) -> list[bytes]:
    return [_normal(one) for one in _MESSAGE_ID.findall(field)]


def _normal(message_id: bytes) -> bytes:
    """Without needless quotes: `"a"@b` and `a@b` are the same (RFC 5256 §3, THREAD)."""
    match = _QUOTED_LOCAL.match(message_id)
    if match is None:
        return b"".join(message_id.split())
    return _QUOTED_PAIR.sub(rb"\1", match.group(1)) + b"@" + message_id[match.end() :]

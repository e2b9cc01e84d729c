"""SEARCH, UID SEARCH, ESEARCH and CANCELUPDATE (RFC 3501 §6.4.4, RFC 4731, RFC 5182, RFC 5267, RFC 7377)."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from mailsvc.imap.handlers.chosen_mailboxes import chosen
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.contexts import keep_updated
from mailsvc.imap.handlers.mailbox_view import MailboxView
from mailsvc.imap.handlers.matching import found_by, relevancies, scope_of
from mailsvc.imap.handlers.news import news
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.esearch import (
    EVERYTHING,
    Result,
    Returning,
    esearch,
    mailbox_correlator,
    tag_correlator,
)
from mailsvc.imap.wire.mailbox_filter import Reach
from mailsvc.model.errors import MailboxMissing, ServiceError
from mailsvc.services.permissions import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.handlers.matching import Scope
    from mailsvc.imap.wire.multisearch import CancelUpdate, MultiSearch
    from mailsvc.imap.wire.search import Search, SearchKey
    from mailsvc.services.mailbox_tree import Listed

MAX_MAILBOXES = 500
"""Of one ESEARCH (RFC 7377 §2.4)."""


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
    early = news(ctx, expunges=False)
    view = ctx.selected
    known = view.known
    # RFC 9051 §6.4.4: a rev2 client is always answered with ESEARCH.
    returning = EVERYTHING if cmd.returning is None and ctx.rev2 else cmd.returning
    if returning is not None and returning.update is not None and cmd.tag in view.updated:
        raise RefusedError("This tag keeps a result up to date", condition="BAD")  # RFC 5267 §4.3
    scope = scope_of(ctx, view)
    found = await found_by(cmd.key, scope)
    numbers = [known.uids[index] for index in found] if cmd.uid else [index + 1 for index in found]
    named = found if returning is None else returning.named(found)
    highest = max((known.mod_seqs[index] for index in named), default=0) if cmd.asks_mod_seq else None
    if returning is None:
        reply = replies.search(numbers, highest)
    else:
        reply = b""
        if returning.saves:
            view.saved = array("Q", [known.uids[index] for index in named])
        if not returning.says_nothing:
            scores = await scores_of(scope, cmd.key, returning, found)
            correlator = tag_correlator(cmd.tag)
            reply = esearch(correlator, returning, numbers, uid=cmd.uid, mod_seq=highest, scores=scores)
        if returning.update is not None:
            reply += keep_updated(view, cmd.tag, cmd.key, found, returning.update, uid=cmd.uid)
    return Done("Searched", untagged=early + reply, expunges=cmd.uid and not cmd.names_numbers)


async def scores_of(
    scope: Scope, key: SearchKey, returning: Returning, found: Sequence[int]
) -> Sequence[int]:
    """How relevant each letter is, if that was asked for (RFC 6203 §4)."""
    if Result.RELEVANCY not in returning.results:
        return ()
    scores = await relevancies(scope, key, found)
    return [scores[index] for index in found]


async def multi_search(cmd: MultiSearch, ctx: Context) -> Done:
    """ESEARCH: a reply for each mailbox where something was found (RFC 7377 §2.1)."""
    asks_open_one = any(source.reach is Reach.SELECTED for source in cmd.sources)
    if asks_open_one and ctx.view is None:
        raise RefusedError("No mailbox is open", condition="BAD")  # RFC 7377 §2.2
    mailboxes = list(chosen(ctx, cmd.sources).values())
    if len(mailboxes) > MAX_MAILBOXES:
        raise RefusedError("Too many mailboxes at once", "LIMIT")
    early = news(ctx, expunges=False)
    if asks_open_one:
        view = ctx.selected
        if all(listed.mailbox.id != view.known.mailbox_id for listed in mailboxes):
            early += await _search_in(cmd, ctx, view, ctx.name(view.name))
    for listed in mailboxes:
        opened = _look_at(ctx, listed)
        if opened is not None:
            ctx.send(early + await _search_in(cmd, ctx, opened, ctx.name(listed.name)))
            early = b""
            await ctx.drain()
    return Done("Searched", untagged=early)


def _look_at(ctx: Context, listed: Listed) -> MailboxView | None:
    """A mailbox that is searched without being opened; None if it is gone by now."""
    if ctx.view is not None and ctx.view.known.mailbox_id == listed.mailbox.id:
        return ctx.view
    place = Place(listed.mailbox, ctx.principal.account_id, listed.rights)
    try:
        known = ctx.parts.snapshots.of(ctx.parts.bridge.reader, place)
    except MailboxMissing:
        return None
    return MailboxView(place, known, name=listed.name, read_only=True, wake=_nobody_listens)


async def _search_in(cmd: MultiSearch, ctx: Context, view: MailboxView, name: bytes) -> bytes:
    scope = scope_of(ctx, view)
    found = await found_by(cmd.search.key, scope)
    known = view.known
    returning = cmd.search.returning or EVERYTHING
    if returning.saves:
        view.saved = array("Q", [known.uids[index] for index in returning.named(found)])
    if not found:
        return b""
    highest = None
    if cmd.search.asks_mod_seq:
        highest = max((known.mod_seqs[index] for index in returning.named(found)), default=0)
    reply = esearch(
        mailbox_correlator(cmd.tag, name, known.uid_validity),
        returning,
        [known.uids[index] for index in found],
        uid=True,
        mod_seq=highest,
        scores=await scores_of(scope, cmd.search.key, returning, found),
    )
    if returning.update is not None:
        reply += keep_updated(view, cmd.tag, cmd.search.key, found, returning.update, uid=True)
    return reply


async def cancel_update(cmd: CancelUpdate, ctx: Context) -> Done:
    """CANCELUPDATE; a tag that keeps nothing up to date changes nothing."""
    for tag in cmd.tags:
        ctx.selected.updated.pop(tag, None)
    return Done("No more of these")


def _nobody_listens() -> None:
    """Nobody waits for news of a mailbox that is only searched."""

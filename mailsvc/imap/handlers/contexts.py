"""Results of searches that are kept up to date (RFC 5267 §4.3)."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import RefusedError
from mailsvc.imap.handlers.fetch_lines import lines_at_once
from mailsvc.imap.handlers.matching import at_once, narrow, scope_at_once
from mailsvc.imap.handlers.numbers import wanted
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.esearch import tag_correlator, updated
from mailsvc.imap.wire.search import Numbers, Uids, rebuilt
from mailsvc.storage.pieces import PieceDamaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.wire.fetch import FetchItem
    from mailsvc.imap.wire.search import SearchKey
    from mailsvc.model.mailbox import Snapshot

MAX_CONTEXTS = 8
"""Of one open mailbox."""
MAX_AT_ONCE = 1_000
"""Letters that are looked at before a client is told of them; with more the result is no longer kept up to date."""


@dataclass(slots=True)
class UpdatedResult:
    """One search, and what it finds as far as the client knows."""

    tag: bytes
    uid: bool
    key: SearchKey
    items: tuple[FetchItem, ...]
    members: set[int]
    """UIDs."""
    told: Snapshot
    """The mailbox when the client was last told."""


def keep_updated(
    view: MailboxView,
    tag: bytes,
    key: SearchKey,
    found: Sequence[int],
    items: tuple[FetchItem, ...],
    *,
    uid: bool,
) -> bytes:
    """Begin to tell what comes and goes; or NOUPDATE, where that is too much (RFC 5267 §4.3.1)."""
    if len(view.updated) >= MAX_CONTEXTS:
        return no_update(tag)
    members = {view.known.uids[index] for index in found}
    view.updated[tag] = UpdatedResult(tag, uid, _without_numbers(view, key), items, members, view.known)
    return b""


def changes(ctx: Context, view: MailboxView) -> tuple[bytes, bytes]:
    """What left results, to be told before EXPUNGE, and what came, to be told after EXISTS (RFC 5267 §4.3.3, §4.3.4)."""
    left: list[bytes] = []
    came: list[bytes] = []
    for result in list(view.updated.values()):
        if result.told is view.known:
            continue
        try:
            _compare(ctx, view, result, left, came)
        except (RefusedError, PieceDamaged, _TooMuch):
            del view.updated[result.tag]
            came.append(no_update(result.tag))
    return b"".join(left), b"".join(came)


class _TooMuch(Exception):
    pass


def _compare(
    ctx: Context, view: MailboxView, result: UpdatedResult, left: list[bytes], came: list[bytes]
) -> None:
    before, now = result.told, view.known
    changed = [index for index, mod_seq in enumerate(now.mod_seqs) if mod_seq > before.highest_mod_seq]
    if len(changed) > MAX_AT_ONCE:
        raise _TooMuch
    fitting = at_once(narrow(scope_at_once(ctx, view), result.key, changed))
    fits = {now.uids[index] for index in fitting}
    gone = result.members.difference(now.uids)
    unfit = {now.uids[index] for index in changed} & result.members - fits
    added = fits - result.members
    correlator = tag_correlator(result.tag)
    if gone:
        left.append(_said(correlator, b"REMOVEFROM", gone, before, uid=result.uid))
    if unfit:
        came.append(_said(correlator, b"REMOVEFROM", unfit, now, uid=result.uid))
    if added:
        new = [index for index in fitting if now.uids[index] in added and now.uids[index] >= before.uid_next]
        if result.items and new:
            came.append(lines_at_once(ctx, view, result.items, new))
        came.append(_said(correlator, b"ADDTO", added, now, uid=result.uid))
    result.members = (result.members - gone - unfit) | added
    result.told = now


def _said(correlator: bytes, word: bytes, uids: set[int], numbering: Snapshot, *, uid: bool) -> bytes:
    numbers = sorted(uids) if uid else [bisect_left(numbering.uids, one) + 1 for one in sorted(uids)]
    return updated(correlator, word, numbers, uid=uid)


def _without_numbers(view: MailboxView, key: SearchKey) -> SearchKey:
    """Message numbers mean the letters that had them when they were written (RFC 5267 §4.3)."""

    def fixed(leaf: SearchKey) -> SearchKey:
        if not isinstance(leaf, Numbers):
            return leaf
        return Uids(tuple(view.uid_ranges(wanted(view, leaf.numbers, uid=False))) or ((0, 0),))

    return rebuilt(key, fixed)


def no_update(tag: bytes) -> bytes:
    """A result that stays as it was told (RFC 5267 §4.3.1)."""
    return replies.untagged("NO", "This result is not kept up to date", f'NOUPDATE "{tag.decode("ascii")}"')

"""STORE and UID STORE (RFC 3501 §6.4.6, RFC 7162 §3.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.flags import bit_of, split_flags
from mailsvc.imap.handlers.news import news
from mailsvc.imap.handlers.numbers import wanted
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.sequence import write_sequence_set
from mailsvc.imap.wire.store import StoreMode
from mailsvc.model.flags import SEEN, SYSTEM_FLAGS
from mailsvc.model.ids import ModSeq
from mailsvc.services import letters
from mailsvc.services.letters import FlagChange
from mailsvc.services.usage import UsageBit

if TYPE_CHECKING:
    from array import array

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.wire.store import Store

_CHANGES = {
    StoreMode.REPLACE: FlagChange.REPLACE,
    StoreMode.ADD: FlagChange.ADD,
    StoreMode.REMOVE: FlagChange.REMOVE,
}


async def store(cmd: Store, ctx: Context) -> Done:
    """STORE: one unit of work for all letters, answered once everybody can see it (ADR 0009)."""
    view = ctx.selected
    if view.read_only:
        raise RefusedError("The mailbox is open for reading only", "NOPERM")
    if cmd.unchanged_since is not None:
        ctx.condstore = True  # RFC 7162 §3.1: this command enables CONDSTORE
    early = news(ctx, expunges=False)
    runs = wanted(view, cmd.messages, uid=cmd.uid)
    if not runs:
        return Done("Nothing to change", untagged=early, expunges=cmd.uid)
    system, keywords = split_flags(cmd.flags)
    before = view.known
    stored = await ctx.parts.bridge.write_soon(
        letters.store_flags,
        view.place,
        view.uid_ranges(runs),
        _CHANGES[cmd.mode],
        system,
        tuple(keywords),
        None if cmd.unchanged_since is None else ModSeq(cmd.unchanged_since),
    )
    modified = frozenset(stored.modified)
    asked = frozenset(
        [uid for run in runs for uid in before.uids[run.start : run.stop] if uid not in modified]
    )
    if system & SEEN and cmd.mode is not StoreMode.REMOVE:
        ctx.parts.usage.note(view.place.mailbox.account_id, view.place.viewer, UsageBit.READ)
    latest = view.advance(
        view.latest(ctx.parts, stored.change), expunges=False, condstore=ctx.condstore, untold=asked
    )
    told = _tell(cmd, ctx, view, runs, modified, before.flags)
    code = None
    if modified:
        code = "MODIFIED " + _modified(cmd, view, runs, modified).decode("ascii")
    if view.ghosts and not cmd.uid and not cmd.silent and not asked.isdisjoint(view.ghosts):
        ctx.send(early + latest + told)
        raise RefusedError("Some of these letters are gone", "EXPUNGEISSUED")  # RFC 2180 §4.2.2
    return Done("Flags kept", code, early + latest + told, expunges=cmd.uid)


def _tell(
    cmd: Store,
    ctx: Context,
    view: MailboxView,
    runs: list[range],
    modified: frozenset[int],
    before: array[int],
) -> bytes:
    """FETCH for each letter that was meant; with .SILENT only what the client cannot know by itself."""
    known, lists = view.known, view.flag_lists
    uids, flags, mod_seqs = known.uids, known.flags, known.mod_seqs
    named = 0
    for name in cmd.flags:
        named |= SYSTEM_FLAGS.get(name) or bit_of(name, known.keywords)
    out: list[bytes] = []
    for run in runs:
        for index in run:
            uid = uids[index]
            if uid in modified or uid in view.ghosts:
                continue
            items: list[bytes] = [b"UID %d" % uid] if cmd.uid or ctx.condstore else []
            if ctx.condstore:
                items.append(b"MODSEQ (%d)" % mod_seqs[index])
            if not cmd.silent or flags[index] != _expected(cmd.mode, before[index], named):
                items.append(lists[flags[index]])
            elif not ctx.condstore:
                continue
            out.append(replies.fetch(index + 1, b" ".join(items)))
    return b"".join(out)


def _expected(mode: StoreMode, before: int, named: int) -> int:
    match mode:
        case StoreMode.REPLACE:
            return named
        case StoreMode.ADD:
            return before | named
        case StoreMode.REMOVE:
            return before & ~named


def _modified(cmd: Store, view: MailboxView, runs: list[range], modified: frozenset[int]) -> bytes:
    """The set that was left alone, in the numbers the client used (RFC 7162 §3.1.3)."""
    if cmd.uid:
        return write_sequence_set(sorted(modified))
    uids = view.known.uids
    return write_sequence_set([index + 1 for run in runs for index in run if uids[index] in modified])

"""APPEND and REPLACE (RFC 3501 §6.3.11, RFC 3502, RFC 4315 §3, RFC 4469, RFC 8508)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.flags import split_flags
from mailsvc.imap.handlers.numbers import wanted
from mailsvc.imap.handlers.places import place_named, target_named
from mailsvc.imap.handlers.sections import part_of_letter
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.message_url import MessageUrl, bad_url
from mailsvc.model.errors import MailboxMissing, TooLarge
from mailsvc.model.ids import Uid
from mailsvc.services import letters
from mailsvc.services.letters import NewLetter

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire import append as wire
    from mailsvc.services.letters import PreparedContent

SMALL = 32 << 10
"""Octets of a letter that is prepared at once: a hop to a thread would cost more."""


async def append(cmd: wire.Append, ctx: Context) -> Done:
    """APPEND; answered once all letters are on disk, and with NO none of them is (RFC 3502 §6.3.11)."""
    place = target_named(ctx, cmd.mailbox)
    new = [await _new_letter(ctx, letter, cmd.mailbox) for letter in cmd.letters]
    uid_validity, uids = await ctx.parts.bridge.write(letters.append_all, place, new)
    return Done("Letter kept", replies.append_uid(uid_validity, uids))


async def replace(cmd: wire.Replace, ctx: Context) -> Done:
    """REPLACE: the new letter is there and the old one gone in one step, or nothing happened (RFC 8508 §3.1)."""
    view = ctx.selected
    if view.read_only:
        raise RefusedError("The mailbox is open for reading only", "NOPERM")
    runs = wanted(view, cmd.message, uid=cmd.uid)
    target = target_named(ctx, cmd.mailbox)
    new = await _new_letter(ctx, cmd.letter, cmd.mailbox)
    ranges = view.uid_ranges(runs)
    if not ranges:
        raise RefusedError("There is no such letter", "NONEXISTENT")
    uid_validity, uid = await ctx.parts.bridge.write(
        letters.replace, view.place, Uid(ranges[0][0]), target, new
    )
    # RFC 8508 §3.5: APPENDUID comes untagged, before the EXPUNGE that is told with the news.
    code = replies.append_uid(uid_validity, [uid])
    return Done("Replaced", untagged=replies.untagged("OK", "The new letter is kept", code))


async def _new_letter(ctx: Context, letter: wire.NewLetter, mailbox: str) -> NewLetter:
    octets = _put_together(ctx, letter, mailbox)
    system, keywords = split_flags(letter.flags)
    if len(octets) <= SMALL:
        prepared: PreparedContent = letters.prepare(octets, ctx.parts.pieces)
    else:
        prepared = await ctx.parts.bridge.slow(letters.prepare, octets, ctx.parts.pieces)
    return NewLetter(prepared, system, tuple(keywords), letter.internal_date)


def _put_together(ctx: Context, letter: wire.NewLetter, mailbox: str) -> bytes:
    limit = ctx.parts.max_message_bytes
    parts: list[bytes] = []
    size = 0
    for part in letter.parts:
        octets = _octets_of(ctx, part) if isinstance(part, MessageUrl) else part
        size += len(octets)
        if size > limit:
            raise TooLarge(mailbox)  # RFC 7889 §4, RFC 4469 §4.2
        parts.append(octets)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _octets_of(ctx: Context, url: MessageUrl) -> bytes:
    r"""What FETCH of that section would give; \Seen is not set (RFC 4469 §3)."""
    refusal = bad_url(url.written)
    if url.mailbox is None and ctx.view is None:
        raise RefusedError(refusal.text, refusal.code)
    try:
        place = ctx.selected.place if url.mailbox is None else place_named(ctx, url.mailbox)
        if url.uid_validity not in {None, int(place.mailbox.uid_validity)}:
            raise RefusedError(refusal.text, refusal.code)
        octets = part_of_letter(ctx, place, Uid(url.uid), url.section)
    except MailboxMissing:
        raise RefusedError(refusal.text, refusal.code) from None
    if octets is None:
        raise RefusedError(refusal.text, refusal.code)
    return octets

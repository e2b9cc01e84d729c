"""APPEND (RFC 3501 §6.3.11, RFC 3502, RFC 4315 §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done
from mailsvc.imap.handlers.flags import split_flags
from mailsvc.imap.handlers.places import target_named
from mailsvc.imap.wire import replies
from mailsvc.model.errors import TooLarge
from mailsvc.services import letters
from mailsvc.services.letters import NewLetter

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.append import Append
    from mailsvc.services.letters import PreparedContent

SMALL = 32 << 10
"""Octets of a letter that is prepared at once: a hop to a thread would cost more."""


async def append(cmd: Append, ctx: Context) -> Done:
    """APPEND; answered once all letters are on disk, and with NO none of them is (RFC 3502 §6.3.11)."""
    place = target_named(ctx, cmd.mailbox)
    if any(len(letter.octets) > ctx.parts.max_message_bytes for letter in cmd.letters):
        raise TooLarge(cmd.mailbox)  # RFC 7889 §4
    new = []
    for letter in cmd.letters:
        system, keywords = split_flags(letter.flags)
        prepared = await _prepared(ctx, letter.octets)
        new.append(NewLetter(prepared, system, tuple(keywords), letter.internal_date))
    uid_validity, uids = await ctx.parts.bridge.write(letters.append_all, place, new)
    return Done("Letter kept", replies.append_uid(uid_validity, uids))


async def _prepared(ctx: Context, octets: bytes) -> PreparedContent:
    if len(octets) <= SMALL:
        return letters.prepare(octets, ctx.parts.pieces)
    return await ctx.parts.bridge.slow(letters.prepare, octets, ctx.parts.pieces)

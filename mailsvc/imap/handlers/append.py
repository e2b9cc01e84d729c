"""APPEND (RFC 3501 §6.3.11, RFC 4315 §3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done
from mailsvc.imap.handlers.flags import split_flags
from mailsvc.imap.handlers.places import target_named
from mailsvc.imap.wire import replies
from mailsvc.model.errors import TooLarge
from mailsvc.services import letters

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.append import Append

SMALL = 32 << 10
"""Octets of a letter that is prepared at once: a hop to a thread would cost more."""


async def append(cmd: Append, ctx: Context) -> Done:
    """APPEND; answered once the letter is on disk."""
    place = target_named(ctx, cmd.mailbox)
    if len(cmd.letter) > ctx.parts.max_message_bytes:
        raise TooLarge(cmd.mailbox)
    bridge = ctx.parts.bridge
    files = ctx.parts.pieces
    if len(cmd.letter) <= SMALL:
        prepared = letters.prepare(cmd.letter, files)
    else:
        prepared = await bridge.slow(letters.prepare, cmd.letter, files)
    system, keywords = split_flags(cmd.flags)
    put = partial(letters.append, system=system, keywords=keywords, internal_date=cmd.internal_date)
    uid_validity, uid = await bridge.write(put, place, prepared)
    return Done("Letter kept", replies.append_uid(uid_validity, uid))

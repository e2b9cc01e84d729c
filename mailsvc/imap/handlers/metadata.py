"""Annotations of mailboxes and of the server (RFC 5464)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.places import place_named
from mailsvc.imap.wire import replies
from mailsvc.model.errors import TooLarge, TooMany
from mailsvc.services import mailbox_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.metadata import GetMetadata, SetMetadata
    from mailsvc.services.permissions import Place


async def get_metadata(cmd: GetMetadata, ctx: Context) -> Done:
    """GETMETADATA; an entry that was named and is not there is NIL."""
    held = mailbox_metadata.read(ctx.parts.bridge.reader, ctx.principal, _place(ctx, cmd.mailbox))
    told = _chosen(cmd, held)
    too_long = [
        len(value)
        for value in told.values()
        if value is not None and cmd.max_size is not None and len(value) > cmd.max_size
    ]
    if too_long:
        told = {
            name: value for name, value in told.items() if value is None or len(value) <= (cmd.max_size or 0)
        }
    reply = replies.metadata(ctx.name(cmd.mailbox), told) if told else b""
    return Done(
        "Annotations told", f"METADATA LONGENTRIES {max(too_long)}" if too_long else None, untagged=reply
    )


async def set_metadata(cmd: SetMetadata, ctx: Context) -> Done:
    """SETMETADATA."""
    place = _place(ctx, cmd.mailbox)
    try:
        await ctx.parts.bridge.write(mailbox_metadata.write, ctx.principal, place, cmd.values)
    except TooLarge:
        raise RefusedError("Too long a value", f"METADATA MAXSIZE {mailbox_metadata.MAX_OCTETS}") from None
    except TooMany:
        raise RefusedError("Too many annotations here", "METADATA TOOMANY") from None
    return Done("Annotations kept")


def _place(ctx: Context, mailbox: str) -> Place | None:
    return place_named(ctx, mailbox) if mailbox else None


def _chosen(cmd: GetMetadata, held: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """What was asked for, with what lies below it as deep as DEPTH says (RFC 5464 §4.2.2)."""
    told: dict[str, bytes | None] = {}
    for asked in cmd.entries:
        if not cmd.depth or asked in held:
            told[asked] = held.get(asked)
        told |= {name: value for name, value in held.items() if 0 < _levels_below(asked, name) <= cmd.depth}
    return told


def _levels_below(above: str, name: str) -> int:
    """How far down an entry is; 0 where it is elsewhere."""
    return name.removeprefix(above).count("/") if name.startswith(above + "/") else 0

"""CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.3 to §6.3.7)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mailsvc.imap.handlers import object_ids
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.list import list_of_one
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.command import State
from mailsvc.model.errors import MailboxMissing
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import letters, mailbox_tree

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.mailbox import Create, Delete, Rename, Subscribe, Unsubscribe


async def create(cmd: Create, ctx: Context) -> Done:
    """CREATE; those above it are made too."""
    use = _special_use(cmd)
    made = await ctx.parts.bridge.write(mailbox_tree.create, ctx.principal, cmd.mailbox, use)
    code = f"MAILBOXID ({object_ids.of_mailbox(made.id).decode()})"  # RFC 8474 §4.1
    if ctx.rev2 and cmd.written != cmd.mailbox:  # RFC 9051 §6.3.4
        return Done("Mailbox made", code, list_of_one(ctx, cmd.mailbox, written=cmd.written))
    return Done("Mailbox made", code)


def _special_use(cmd: Create) -> SpecialUse | None:
    """The one use a mailbox may have here; others are refused, and no mailbox is made (RFC 6154 §3)."""
    if not cmd.special_uses:
        return None
    known = [use for use in SpecialUse if use.upper() == cmd.special_uses[0]]
    if len(cmd.special_uses) > 1 or not known:
        raise RefusedError("No mailbox can be for this here", "USEATTR")
    return known[0]


async def delete(cmd: Delete, ctx: Context) -> Done:
    """DELETE; if it is the open one the client is told that it is closed (RFC 7162 §3.2.11, CLOSED)."""
    await ctx.parts.bridge.write(mailbox_tree.delete, ctx.principal, cmd.mailbox)
    if ctx.view is not None:
        try:
            letters.mailbox_now(ctx.parts.bridge.reader, ctx.view.place.mailbox.id)
        except MailboxMissing:
            ctx.close_mailbox()
            ctx.session.state = State.AUTHENTICATED
            return Done("Mailbox deleted", untagged=replies.untagged("OK", "It was open here", "CLOSED"))
    return Done("Mailbox deleted")


async def rename(cmd: Rename, ctx: Context) -> Done:
    """RENAME, with all below it; of INBOX, its letters go to the new mailbox."""
    await ctx.parts.bridge.write(mailbox_tree.rename, ctx.principal, cmd.mailbox, cmd.new_name)
    return Done("Mailbox renamed")


async def subscribe(cmd: Subscribe, ctx: Context) -> Done:
    """SUBSCRIBE."""
    await ctx.parts.bridge.write(partial(mailbox_tree.subscribe, on=True), ctx.principal, cmd.mailbox)
    return Done("Subscribed")


async def unsubscribe(cmd: Unsubscribe, ctx: Context) -> Done:
    """UNSUBSCRIBE."""
    await ctx.parts.bridge.write(partial(mailbox_tree.subscribe, on=False), ctx.principal, cmd.mailbox)
    return Done("Unsubscribed")

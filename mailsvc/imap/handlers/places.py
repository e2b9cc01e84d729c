"""From a mailbox name to the mailbox and the rights in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.model import Right
from mailsvc.imap.handlers.context import RefusedError
from mailsvc.model.errors import BadName, MailboxMissing
from mailsvc.services import mailbox_tree
from mailsvc.services.permissions import Place

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context


def place_named(ctx: Context, name: str, needed: Right = Right.READ) -> Place:
    """The mailbox of a whole name; MailboxMissing, or NO [NOPERM]."""
    found = mailbox_tree.find(ctx.parts.bridge.reader, ctx.principal, name)
    if needed & ~found.rights:
        raise RefusedError("You may not do that here", "NOPERM")
    return Place(found.mailbox, ctx.principal.account_id, found.rights)


def target_named(ctx: Context, name: str) -> Place:
    """Where letters are to be put; NO [TRYCREATE] if it could be made first (RFC 3501 §6.3.11, §6.4.7)."""
    try:
        return place_named(ctx, name, Right.ACT)
    except (MailboxMissing, BadName):
        raise RefusedError("No such mailbox", "TRYCREATE") from None

"""From a choice of mailboxes to those that the person reaches (RFC 5465 §6, RFC 7377 §2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.wire.mailbox_filter import OPEN_ONE, MailboxFilter, Reach
from mailsvc.services import mailbox_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailsvc.imap.handlers.context import Context
    from mailsvc.services.mailbox_tree import Listed


def chosen(ctx: Context, filters: Iterable[MailboxFilter]) -> dict[str, Listed]:
    """Mailboxes by name, each once; what does not exist or may not be seen is passed over (RFC 5465 §3.1).

    The open mailbox is not among them unless another filter chooses it.
    """
    others = [one for one in filters if one.reach not in OPEN_ONE]
    if not others:
        return {}
    listing = mailbox_tree.listing(ctx.parts.bridge.reader, ctx.principal)
    return {listed.name: listed for listed in listing if any(_is_meant(ctx, one, listed) for one in others)}


def _is_meant(ctx: Context, chooses: MailboxFilter, listed: Listed) -> bool:
    match chooses.reach:
        case Reach.MAILBOXES:
            return listed.name in chooses.names
        case Reach.SUBTREE:
            return any(_levels_below(above, listed.name) >= 0 for above in chooses.names)
        case Reach.SUBTREE_ONE:
            return any(0 <= _levels_below(above, listed.name) <= 1 for above in chooses.names)
        case Reach.SUBSCRIBED:
            return listed.mailbox.subscribed
        case _:
            # Rules may file a letter anywhere, so all of one's own are inboxes (RFC 5465 §6.3).
            return listed.mailbox.account_id == ctx.principal.account_id


def _levels_below(above: str, name: str) -> int:
    """How far below a mailbox another is: 0 for itself, -1 where it is elsewhere."""
    if name == above:
        return 0
    if not name.startswith(above + mailbox_tree.SEPARATOR):
        return -1
    return name[len(above) :].count(mailbox_tree.SEPARATOR)

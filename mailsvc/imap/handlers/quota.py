"""GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208 §4.1). Each box is a quota root, named by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.places import place_named
from mailsvc.imap.wire import replies
from mailsvc.services import mailbox_tree, permissions

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.quota import GetQuota, GetQuotaRoot, SetQuota
    from mailsvc.model.ids import AccountId


async def get_quota(cmd: GetQuota, ctx: Context) -> Done:
    """GETQUOTA."""
    for root, account in _roots(ctx).items():
        if root.lower() == cmd.root.lower():
            return Done("Quota told", untagged=_quota(ctx, root, account))
    raise RefusedError("No such quota root", "NONEXISTENT")


async def get_quota_root(cmd: GetQuotaRoot, ctx: Context) -> Done:
    """GETQUOTAROOT."""
    mailbox = place_named(ctx, cmd.mailbox).mailbox
    names = [root for root, account in _roots(ctx).items() if account == mailbox.account_id]
    told = [_quota(ctx, root, mailbox.account_id) for root in names]
    return Done("Quota told", untagged=replies.quota_root(ctx.name(cmd.mailbox), names) + b"".join(told))


async def set_quota(_cmd: SetQuota, _ctx: Context) -> Done:
    """SETQUOTA; limits are given by administrators, elsewhere."""
    raise RefusedError("Quotas are not set over IMAP", "NOPERM")


def warning(ctx: Context, account: AccountId) -> bytes:
    """An ALERT when a box is nearly full (design §3), once a session for each step (RFC 3501 §7.1).

    The text is ASCII, because rev1 allows no other (RFC 3501 §9, TEXT-CHAR).
    """
    used, limit = mailbox_tree.quota(ctx.parts.bridge.reader, account)
    percent = used * 100 // limit if limit else 100
    step = sum(percent >= at for at in ctx.parts.quota_steps)
    if step <= ctx.quota_step:
        return b""
    ctx.quota_step = step
    return replies.untagged("OK", f"Hop thu da day {percent} % / The box is {percent} % full", "ALERT")


def _roots(ctx: Context) -> dict[str, AccountId]:
    reader = ctx.parts.bridge.reader
    roots = {str(ctx.principal.address): ctx.principal.home}
    for shared in permissions.shared_boxes(reader, ctx.principal):
        roots[str(shared.account.address)] = shared.account.id
    return roots


def _quota(ctx: Context, root: str, account: AccountId) -> bytes:
    used, limit = mailbox_tree.quota(ctx.parts.bridge.reader, account)
    # RFC 9208 §5.1: STORAGE in units of 1024 octets; what is begun counts.
    return replies.quota(root, [("STORAGE", -(-used // 1024), limit // 1024)])

"""Rights in mailboxes (RFC 4314, RFC 8440). They follow the directory and are not changed over IMAP.

Nobody has the right `a`, therefore; who works in a box may all the same see who else does (GETACL, LISTRIGHTS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.model import Right
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.handlers.places import place_named
from mailsvc.imap.wire import replies
from mailsvc.services import permissions

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.acl import ChangeAcl, GetAcl, ListRights, MyRights

LOOKING = "lr"
OWN_SEEN = "s"
r"""\Seen of one's own is always kept in a box that several share."""
WORKING = "wikxte"
POSTING = "p"


def rights_letters(rights: Right, *, own_seen: bool) -> str:
    """Our rights in the letters of RFC 4314 §2.1."""
    letters = LOOKING if rights & Right.READ else ""
    if rights & Right.READ and (own_seen or rights & Right.ACT):
        letters += OWN_SEEN
    if rights & Right.ACT:
        letters += WORKING
    return letters + (POSTING if rights & Right.SEND_AS else "")


async def my_rights(cmd: MyRights, ctx: Context) -> Done:
    """MYRIGHTS."""
    place = place_named(ctx, cmd.mailbox)
    letters = rights_letters(place.rights, own_seen=place.is_shared)
    return Done("Rights told", untagged=replies.my_rights(ctx.name(cmd.mailbox), letters))


async def get_acl(cmd: GetAcl, ctx: Context) -> Done:
    """GETACL."""
    place = place_named(ctx, cmd.mailbox, Right.ACT)
    holders = permissions.holders(ctx.parts.bridge.reader, place)
    pairs = [(str(one.address), rights_letters(one.rights, own_seen=place.is_shared)) for one in holders]
    return Done("Rights told", untagged=replies.acl(ctx.name(cmd.mailbox), pairs))


async def list_rights(cmd: ListRights, ctx: Context) -> Done:
    """LISTRIGHTS: what the directory may give, in the steps that it gives (RFC 4314 §3.7)."""
    place = place_named(ctx, cmd.mailbox, Right.ACT)
    steps = [LOOKING + OWN_SEEN, WORKING, POSTING] if place.is_shared else []
    return Done(
        "Rights told",
        untagged=replies.list_rights(ctx.name(cmd.mailbox), cmd.identifier, "", steps),
    )


async def change_acl(cmd: ChangeAcl, ctx: Context) -> Done:
    """SETACL and DELETEACL."""
    place_named(ctx, cmd.mailbox)
    raise RefusedError("Rights follow the directory; ask your administrator", "NOPERM")

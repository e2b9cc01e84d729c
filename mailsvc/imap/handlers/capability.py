"""CAPABILITY, NOOP, CHECK, LOGOUT, ID, ENABLE and NAMESPACE: what needs no letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done
from mailsvc.imap.wire import replies
from mailsvc.services import mailbox_tree, permissions, sasl

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.enable import Enable
    from mailsvc.imap.wire.id import Id
    from mailsvc.imap.wire.simple import Capability, Check, Logout, Namespace, Noop

BEFORE_LOGIN = ("IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "ENABLE", "IDLE")
"""ENABLE and IDLE too: some clients (Python's imaplib) never ask again after login."""
AFTER_LOGIN = (
    *BEFORE_LOGIN,
    "NAMESPACE",
    "UIDPLUS",
    "MOVE",
    "UNSELECT",
    "CHILDREN",
    "SPECIAL-USE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "ESEARCH",
    "SEARCHRES",
    "WITHIN",
    "OBJECTID",
    "SAVEDATE",
    "PREVIEW",
    "MULTIAPPEND",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "CONDSTORE",
    "QRESYNC",
    "STATUS=SIZE",
    "QUOTA",
    "QUOTA=RES-STORAGE",
)


def capabilities(ctx: Context) -> tuple[str, ...]:
    """What may be used now, or soon (RFC 3501 §6.1.1)."""
    if ctx.user is not None:
        return (*AFTER_LOGIN, f"APPENDLIMIT={ctx.parts.max_message_bytes}")  # RFC 7889 §2
    names: tuple[str, ...] = BEFORE_LOGIN
    if ctx.offers_tls and not ctx.is_secure:
        names += ("STARTTLS",)
    if not ctx.may_send_password():
        return (*names, "LOGINDISABLED")
    offered = sasl.mechanisms(ctx.parts.sign_in, ctx.channel)
    return (*names, "AUTH=PLAIN", *(f"AUTH={mechanism}" for mechanism in offered))


def capability_code(ctx: Context) -> str:
    """The same as a response code (RFC 3501 §7.1)."""
    return " ".join(("CAPABILITY", *capabilities(ctx)))


async def capability(_cmd: Capability, ctx: Context) -> Done:
    """CAPABILITY."""
    return Done("Capabilities told", untagged=replies.capability(capabilities(ctx)))


async def noop(_cmd: Noop, _ctx: Context) -> Done:
    """NOOP; what is new comes with every tagged reply."""
    return Done("Nothing done")


async def check(_cmd: Check, _ctx: Context) -> Done:
    """CHECK; everything acknowledged is on disk already."""
    return Done("All is kept")


async def logout(_cmd: Logout, ctx: Context) -> Done:
    """LOGOUT (RFC 3501 §6.1.3)."""
    ctx.close_mailbox()
    return Done("Logged out", untagged=replies.untagged("BYE", "Goodbye"))


async def identify(_cmd: Id, _ctx: Context) -> Done:
    """ID; nobody is told the version (RFC 2971 §5)."""
    return Done("Identified", untagged=replies.identity([("name", "Congvu")]))


async def enable(cmd: Enable, ctx: Context) -> Done:
    """ENABLE: of what we have, CONDSTORE and QRESYNC must be switched on (RFC 5161 §3.1, RFC 7162 §3.1, §3.2.3)."""
    made = []
    if b"QRESYNC" in cmd.capabilities:
        if not ctx.qresync:
            made.append(b"QRESYNC")
        ctx.qresync = True
    if b"CONDSTORE" in cmd.capabilities and not ctx.condstore:
        made.append(b"CONDSTORE")
    ctx.condstore = ctx.condstore or ctx.qresync or b"CONDSTORE" in cmd.capabilities
    return Done("Enabled", untagged=replies.enabled(made))


async def namespace(_cmd: Namespace, ctx: Context) -> Done:
    """NAMESPACE: unit boxes are the shared name space (RFC 2342 §5), where the person reaches any."""
    shared = []
    if permissions.shared_boxes(ctx.parts.bridge.reader, ctx.principal):
        shared.append(mailbox_tree.SHARED + mailbox_tree.SEPARATOR)
    return Done("Name spaces told", untagged=replies.namespace([""], [], shared))

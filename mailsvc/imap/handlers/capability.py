"""CAPABILITY, NOOP, CHECK, LOGOUT, UNAUTHENTICATE, COMPRESS, ID, ENABLE and NAMESPACE: what needs no letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.imap.wire import replies
from mailsvc.services import mailbox_tree, permissions, sasl

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.enable import Enable
    from mailsvc.imap.wire.id import Id
    from mailsvc.imap.wire.simple import (
        Capability,
        Check,
        Compress,
        Logout,
        Namespace,
        Noop,
        Unauthenticate,
    )

BEFORE_LOGIN = ("IMAP4rev1", "IMAP4rev2", "LITERAL+", "SASL-IR", "ID", "ENABLE", "IDLE")
"""ENABLE and IDLE too: some clients (Python's imaplib) never ask again after login."""
AFTER_LOGIN = (
    *BEFORE_LOGIN,
    "NAMESPACE",
    "UIDPLUS",
    "MOVE",
    "UNSELECT",
    "CHILDREN",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "LIST-MYRIGHTS",
    "ACL",
    "RIGHTS=kxte",
    "METADATA",
    "ESEARCH",
    "SEARCHRES",
    "WITHIN",
    "OBJECTID",
    "SAVEDATE",
    "PREVIEW",
    "MULTIAPPEND",
    "BINARY",
    "CATENATE",
    "REPLACE",
    "UTF8=ACCEPT",
    "PARTIAL",
    "CONTEXT=SEARCH",
    "CONTEXT=SORT",
    "MULTISEARCH",
    "FILTERS",
    "SEARCH=FUZZY",
    "NOTIFY",
    "COMPRESS=DEFLATE",
    "UNAUTHENTICATE",
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


async def unauthenticate(_cmd: Unauthenticate, ctx: Context) -> Done:
    """UNAUTHENTICATE: as if nobody had signed in; TLS stays (RFC 8437 §3, §4.1)."""
    ctx.forget_user()
    return Done("Nobody is signed in")


async def compress(_cmd: Compress, ctx: Context) -> Done:
    """COMPRESS; the connection begins behind the tagged reply (RFC 4978 §3)."""
    if ctx.is_compressed:
        raise RefusedError("DEFLATE is active", condition="BAD")
    return Done("DEFLATE begins")


async def identify(_cmd: Id, _ctx: Context) -> Done:
    """ID; nobody is told the version (RFC 2971 §5)."""
    return Done("Identified", untagged=replies.identity([("name", "Congvu")]))


async def enable(cmd: Enable, ctx: Context) -> Done:
    """ENABLE: what would surprise a client that does not know it (RFC 5161 §3.1).

    IMAP4rev2 (RFC 9051 §6.3.1), UTF8=ACCEPT (RFC 6855 §3), CONDSTORE and QRESYNC (RFC 7162 §3.1, §3.2.3).
    """
    asked = cmd.capabilities
    if b"UTF8=ACCEPT" in asked and ctx.view is not None:
        raise RefusedError("UTF8=ACCEPT comes before a mailbox is opened", condition="BAD")  # RFC 6855 §3
    made = []
    if b"IMAP4REV2" in asked and not ctx.rev2:
        made.append(b"IMAP4rev2")
        ctx.rev2 = True
    if b"UTF8=ACCEPT" in asked and not ctx.utf8_accept:
        made.append(b"UTF8=ACCEPT")
        ctx.utf8_accept = True
    ctx.session.utf8 = ctx.rev2 or ctx.utf8_accept
    if b"QRESYNC" in asked:
        if not ctx.qresync:
            made.append(b"QRESYNC")
        ctx.qresync = True
    if b"CONDSTORE" in asked and not ctx.condstore:
        made.append(b"CONDSTORE")
    ctx.condstore = ctx.condstore or ctx.qresync or b"CONDSTORE" in asked
    return Done("Enabled", untagged=replies.enabled(made))


async def namespace(_cmd: Namespace, ctx: Context) -> Done:
    """NAMESPACE: unit boxes are the shared name space (RFC 2342 §5), where the person reaches any."""
    shared = []
    if permissions.shared_boxes(ctx.parts.bridge.reader, ctx.principal):
        shared.append(ctx.name(mailbox_tree.SHARED + mailbox_tree.SEPARATOR))
    return Done("Name spaces told", untagged=replies.namespace([ctx.name("")], [], shared))

"""LOGIN and AUTHENTICATE PLAIN (RFC 3501 §6.2, RFC 4616, RFC 4959)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from mailsvc.imap.handlers.capability import capability_code
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.model.errors import AccountLocked, WrongCredentials
from mailsvc.services.usage import UsageBit

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.authenticate import Authenticate, SaslResponse
    from mailsvc.imap.wire.login import Login
    from mailsvc.imap.wire.simple import StartTls

log = structlog.get_logger("congvu.imap")


async def login(cmd: Login, ctx: Context) -> Done:
    """LOGIN."""
    return await _sign_in(ctx, cmd.user, cmd.password)


async def authenticate(cmd: Authenticate, ctx: Context) -> Done | None:
    """AUTHENTICATE; None when the client is asked to go on."""
    if cmd.mechanism != "PLAIN":
        raise RefusedError("Unknown mechanism", "CANNOT")
    _need_privacy(ctx)
    if cmd.initial_response is None:
        ctx.session.expect_sasl_response(cmd.tag)
        ctx.send(b"+ \r\n")
        return None
    return await _plain(ctx, cmd.initial_response)


async def sasl_response(cmd: SaslResponse, ctx: Context) -> Done:
    """The client's answer to the empty challenge of PLAIN."""
    if cmd.data is None:
        raise RefusedError("Given up", condition="BAD")  # RFC 3501 §6.2.2
    return await _plain(ctx, cmd.data)


async def start_tls(_cmd: StartTls, ctx: Context) -> Done:
    """STARTTLS; the server shakes hands after the tagged reply (RFC 3501 §6.2.1)."""
    if not ctx.offers_tls or ctx.is_secure:
        raise RefusedError("TLS is not offered", condition="BAD")
    return Done("Begin TLS now")


async def _plain(ctx: Context, message: bytes) -> Done:
    """What PLAIN says: authzid NUL authcid NUL password (RFC 4616 §2)."""
    try:
        acting_for, name, password = message.decode().split("\0")
    except ValueError:  # UnicodeDecodeError is one
        raise RefusedError("Not a PLAIN message", condition="BAD") from None
    if acting_for not in {"", name}:
        raise RefusedError("Nobody signs in for somebody else", "AUTHORIZATIONFAILED")
    return await _sign_in(ctx, name, password)


async def _sign_in(ctx: Context, name: str, password: str) -> Done:
    _need_privacy(ctx)
    _need_patience(ctx)
    try:
        principal = await ctx.parts.sign_in.over(ctx.parts.bridge, name, password)
    except WrongCredentials:
        raise _refused(ctx, "wrong", "Wrong name or password", "AUTHENTICATIONFAILED") from None
    except AccountLocked as locked:
        text = "This account may not sign in with this password"
        raise _refused(ctx, str(locked), text, "AUTHORIZATIONFAILED") from None
    if not principal.reads:
        # A service account may only send (design §6).
        raise _refused(ctx, "sends only", "This account may only send", "AUTHORIZATIONFAILED")
    ctx.user = principal
    ctx.parts.usage.note(principal.account_id, principal.account_id, UsageBit.SIGNED_IN)
    log.info("imap_login", conn=ctx.connection_id, peer=ctx.peer, account=int(principal.account_id))
    return Done("Signed in", capability_code(ctx))


def _refused(ctx: Context, why: str, text: str, code: str) -> RefusedError:
    log.info("imap_login_refused", conn=ctx.connection_id, peer=ctx.peer, why=why)
    ctx.failed_logins += 1
    if ctx.site:
        ctx.parts.guesses.take(ctx.site, ctx.parts.bridge.reader.clock())
    return RefusedError(text, code)


def _need_privacy(ctx: Context) -> None:
    if not ctx.may_send_password():
        raise RefusedError("Use TLS before you send a password", "PRIVACYREQUIRED")


def _need_patience(ctx: Context) -> None:
    """Who guesses passwords has to wait, whatever the connection (RFC 5530 §3, LIMIT)."""
    if ctx.site and not ctx.parts.guesses.has(ctx.site, ctx.parts.bridge.reader.clock()):
        raise RefusedError("Too many wrong passwords; try again later", "LIMIT")

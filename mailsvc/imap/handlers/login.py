"""LOGIN and AUTHENTICATE (RFC 3501 §6.2, RFC 4616, RFC 4959, RFC 5802, RFC 7628)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, TypeVar

import structlog

from mailsvc.imap.handlers.capability import capability_code
from mailsvc.imap.handlers.context import Done, RefusedError
from mailsvc.model.errors import AccountLocked, WrongCredentials
from mailsvc.services import sasl
from mailsvc.services.usage import UsageBit

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.authenticate import Authenticate, SaslResponse
    from mailsvc.imap.wire.login import Login
    from mailsvc.imap.wire.simple import StartTls
    from mailsvc.services.permissions import Principal

T = TypeVar("T")
log = structlog.get_logger("congvu.imap")


async def login(cmd: Login, ctx: Context) -> Done:
    """LOGIN."""
    return await _by_password(ctx, cmd.user, cmd.password)


async def authenticate(cmd: Authenticate, ctx: Context) -> Done | None:
    """AUTHENTICATE; None when the client is asked to go on."""
    parts = ctx.parts
    ctx.exchange = None
    if cmd.mechanism != "PLAIN":
        ctx.exchange = sasl.begin(cmd.mechanism, parts.sign_in, parts.bridge, ctx.channel)
        if ctx.exchange is None:
            raise RefusedError("Unknown mechanism", "CANNOT")
    _need_privacy(ctx)
    if cmd.initial_response is None:
        _ask(ctx, cmd.tag, b"")
        return None
    return await _answered(ctx, cmd.tag, cmd.initial_response)


async def sasl_response(cmd: SaslResponse, ctx: Context) -> Done | None:
    """The client's answer to a challenge; None when there is another one."""
    if cmd.data is None:
        ctx.exchange = None
        raise RefusedError("Given up", condition="BAD")  # RFC 3501 §6.2.2
    return await _answered(ctx, cmd.tag, cmd.data)


async def start_tls(_cmd: StartTls, ctx: Context) -> Done:
    """STARTTLS; the server shakes hands after the tagged reply (RFC 3501 §6.2.1)."""
    if not ctx.offers_tls or ctx.is_secure:
        raise RefusedError("TLS is not offered", condition="BAD")
    return Done("Begin TLS now")


async def _answered(ctx: Context, tag: bytes, octets: bytes) -> Done | None:
    if ctx.exchange is None:
        return await _plain(ctx, octets)
    reply = await _let_in(ctx, ctx.exchange.step(octets))
    if isinstance(reply, sasl.Ask):
        _ask(ctx, tag, reply.octets)
        return None
    ctx.exchange = None
    return _welcome(ctx, reply)


def _ask(ctx: Context, tag: bytes, octets: bytes) -> None:
    ctx.session.expect_sasl_response(tag)
    ctx.send(b"+ " + base64.b64encode(octets) + b"\r\n")


async def _plain(ctx: Context, message: bytes) -> Done:
    """What PLAIN says: authzid NUL authcid NUL password (RFC 4616 §2)."""
    try:
        acting_for, name, password = message.decode().split("\0")
    except ValueError:  # UnicodeDecodeError is one
        raise RefusedError("Not a PLAIN message", condition="BAD") from None
    if acting_for not in {"", name}:
        raise RefusedError("Nobody signs in for somebody else", "AUTHORIZATIONFAILED")
    return await _by_password(ctx, name, password)


async def _by_password(ctx: Context, name: str, password: str) -> Done:
    _need_privacy(ctx)
    parts = ctx.parts
    signed_in = parts.sign_in.over(parts.bridge, name, password, caller=ctx.channel.caller)
    return _welcome(ctx, await _let_in(ctx, signed_in))


async def _let_in(ctx: Context, step: Awaitable[T]) -> T:
    """What a step of signing in brings, or how its refusal is said (RFC 5530 §3)."""
    try:
        return await step
    except WrongCredentials:
        raise _refused(ctx, "wrong", "Wrong name or password", "AUTHENTICATIONFAILED") from None
    except AccountLocked as locked:
        text = "This account may not sign in with this password"
        raise _refused(ctx, str(locked), text, "AUTHORIZATIONFAILED") from None
    except sasl.BadExchange as bad:
        text = "That is not what this mechanism says"
        raise _refused(ctx, str(bad), text, "AUTHENTICATIONFAILED") from None


def _welcome(ctx: Context, principal: Principal) -> Done:
    if not principal.reads:
        # A service account may only send (design §6).
        raise _refused(ctx, "sends only", "This account may only send", "AUTHORIZATIONFAILED")
    ctx.user = principal
    ctx.parts.usage.note(principal.account_id, principal.account_id, UsageBit.SIGNED_IN)
    log.info("imap_login", conn=ctx.connection_id, peer=ctx.peer, account=int(principal.account_id))
    return Done("Signed in", capability_code(ctx))


def _refused(ctx: Context, why: str, text: str, code: str) -> RefusedError:
    log.info("imap_login_refused", conn=ctx.connection_id, peer=ctx.peer, why=why)
    ctx.exchange = None
    ctx.failed_logins += 1
    return RefusedError(text, code)


def _need_privacy(ctx: Context) -> None:
    if not ctx.may_send_password():
        raise RefusedError("Use TLS before you send a password", "PRIVACYREQUIRED")

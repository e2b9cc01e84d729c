"""SASL exchanges of several steps, the same for IMAP and SMTP: SCRAM-SHA-256(-PLUS) and OAUTHBEARER.

A protocol takes the client's octets out of their base64, hands them to `step`, and sends what comes back.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from directory import scram_keys
from directory.scram_keys import ITERATIONS
from mailsvc.model.errors import ServiceError, WrongCredentials
from mailsvc.services.scram import Challenge, ScramError, ScramServer
from mailsvc.services.sign_in import authenticate_look_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from directory.authenticate import Credential
    from mailsvc.net.bridge import Bridge
    from mailsvc.services.permissions import Principal
    from mailsvc.services.sign_in import Caller, SignIn

PLUS = "SCRAM-SHA-256-PLUS"
SCRAM = "SCRAM-SHA-256"
BEARER = "OAUTHBEARER"
_NONCE_OCTETS = 18
_MAX_BEARER = 4096
_AUTH = re.compile(r"bearer +([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)  # RFC 6750 §2.1
_REFUSED = json.dumps({"status": "invalid_token", "schemes": "bearer", "scope": "mail"}).encode()


class BadExchange(ServiceError):
    """The client's octets are not what the mechanism says; `args[0]` says what is wrong."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A challenge for the client; its answer is the next step."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Channel:
    """What of the connection a mechanism needs to know."""

    bindings: Mapping[str, bytes]
    """By type; empty without TLS (RFC 5056)."""
    caller: Caller | None


class Exchange(Protocol):
    """One sign-in by a mechanism of several steps."""

    async def step(self, octets: bytes) -> Ask | Principal:
        """A challenge, or who has signed in; raises as `SignIn.over` does, or BadExchange."""
        ...


def mechanisms(sign_in: SignIn, channel: Channel) -> tuple[str, ...]:
    """What is offered beside PLAIN, the strongest first.

    SCRAM only where the province chose it: many clients take it whenever it is offered and give up when it fails, so
    it would shut out everyone whose main password is kept as Argon2id alone.
    """
    scram = ((PLUS, SCRAM) if channel.bindings else (SCRAM,)) if sign_in.settings.scram else ()
    return (*scram, BEARER)


def begin(mechanism: str, sign_in: SignIn, bridge: Bridge, channel: Channel) -> Exchange | None:
    """The exchange of a mechanism; None for one that we do not speak. App passwords may use SCRAM at any time."""
    if mechanism == BEARER:
        return BearerExchange(sign_in, bridge, channel)
    if mechanism == SCRAM or (mechanism == PLUS and channel.bindings):
        return ScramExchange(sign_in, bridge, channel, is_plus=mechanism == PLUS)
    return None


class ScramExchange:
    """client-first → server-first → client-final → server-final → an empty answer (RFC 5802 §5)."""

    def __init__(self, sign_in: SignIn, bridge: Bridge, channel: Channel, *, is_plus: bool) -> None:
        self._sign_in = sign_in
        self._bridge = bridge
        self._channel = channel
        self._credential: Credential | None = None
        self._principal: Principal | None = None
        self._server = ScramServer(
            self._look_up,
            secrets.token_urlsafe(_NONCE_OCTETS),
            is_plus=is_plus,
            offers_plus=PLUS in mechanisms(sign_in, channel),
            bindings=channel.bindings,
        )

    async def step(self, octets: bytes) -> Ask | Principal:
        """One message of the client."""
        if self._principal is not None:
            return self._principal
        try:
            if self._credential is None:
                return Ask(self._server.first(octets))
            proven = self._server.final(octets)
        except ScramError as error:
            raise BadExchange(str(error)) from None
        self._principal = await self._sign_in.by_proof(
            self._bridge, self._credential, proven.keys, self._channel.caller
        )
        return Ask(proven.server_final)

    def _look_up(self, login: str) -> Challenge:
        self._credential = credential = self._bridge.read(authenticate_look_up, login)
        db = self._bridge.reader
        self._sign_in.admit(db, credential, self._channel.caller)
        account = credential.account_id
        salt = scram_keys.salt_of(db.conn, account, login.casefold())
        keys = scram_keys.keys_of(db.conn, account) if account is not None else ()
        return Challenge(salt, ITERATIONS, keys)


class BearerExchange:
    """A personal token in place of a password (RFC 7628); what fails is told as JSON before the NO (§3.2.2)."""

    def __init__(self, sign_in: SignIn, bridge: Bridge, channel: Channel) -> None:
        self._sign_in = sign_in
        self._bridge = bridge
        self._channel = channel
        self._failed = False

    async def step(self, octets: bytes) -> Ask | Principal:
        """The token; after a refusal, the client's empty answer to it."""
        if self._failed:
            raise WrongCredentials
        login, token = parse_bearer(octets)
        try:
            return await self._sign_in.by_token(self._bridge, token, login, self._channel.caller)
        except WrongCredentials:
            self._failed = True
            return Ask(_REFUSED)


def parse_bearer(octets: bytes) -> tuple[str, str]:
    """The name, which may be empty, and the token of `n,a=user,^Ahost=…^Aauth=Bearer …^A^A` (RFC 7628 §3.1)."""
    if len(octets) > _MAX_BEARER:
        raise BadExchange("too long")
    try:
        head, *pairs = octets.decode().split("\x01")
    except UnicodeDecodeError:
        raise BadExchange("not UTF-8") from None
    flag, _, rest = head.partition(",")
    authzid, comma, extra = rest.partition(",")
    if flag not in {"n", "y"} or not comma or extra or pairs[-2:] != ["", ""]:
        raise BadExchange("not an OAUTHBEARER message")
    login = authzid.removeprefix("a=").replace("=2C", ",").replace("=3D", "=")
    values = dict(pair.partition("=")[::2] for pair in pairs[:-2])
    found = _AUTH.fullmatch(values.get("auth", ""))
    if (authzid and not authzid.startswith("a=")) or found is None:
        raise BadExchange("no bearer token")
    return login, found[1]

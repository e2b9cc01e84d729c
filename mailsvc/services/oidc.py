"""Signing in at the province's OpenID Connect provider: authorization code with PKCE (OpenID Connect Core §3.1, RFC 7636).

What the provider says of itself and its keys is kept for an hour. Algorithms are fixed here, never taken from a token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import bindparam, insert, select

from directory import audit
from directory.address import AddressError, parse_address
from directory.repository import boxes as directory_boxes
from directory.tables import linked_identities
from mailsvc.model.errors import ServiceError, SignInUnavailable
from mailsvc.model.ids import AccountId
from mailsvc.net.fetch import FetchError, fetch_json
from mailsvc.services import challenges

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import OidcSettings
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

log = structlog.get_logger("congvu.oidc")
PURPOSE: Final = "oidc"
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "RS512"]
LEEWAY: Final = 60
"""Seconds by which the provider's clock may be off."""
KEPT_SECONDS: Final = 3600
KEYS_AGAIN_SECONDS: Final = 60
"""How often keys are fetched at most for a token signed by one we do not know."""
MAX_CODE: Final = 2000
MAX_SUBJECT: Final = 255  # OpenID Connect Core §2
_LINKED: Final = select(linked_identities.c.account_id).where(
    linked_identities.c.issuer == bindparam("iss"), linked_identities.c.subject == bindparam("sub")
)


class BadProviderAnswer(ServiceError):
    """What came back from the provider does not fit what was asked; nobody is signed in."""


class UnknownIdentity(ServiceError):
    """The provider vouches for somebody who has no account here."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for."""

    issuer: str
    subject: str
    email: str
    """Verified by the provider; else empty."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser is sent, and what it keeps until it comes back."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a provider says of itself."""

    authorization: str
    token: str
    jwks: str
    learned_at: float


class Provider:
    """The provider of the settings; one object a process. Its methods wait for the network: call them in a thread."""

    def __init__(
        self, settings: OidcSettings, tick: Callable[[], float], clock: Callable[[], float] = time.time
    ) -> None:
        """`tick` never goes back; `clock` is what the provider's tokens are held against."""
        self.settings = settings
        self._clock = clock
        self._tick = tick
        self._facts: Facts | None = None
        self._keys: tuple[KeySet, float] | None = None
        self._lock = threading.Lock()

    def depart(
        self, uow: UnitOfWork, facts: Facts, redirect_uri: str, goal: str, *, afresh: bool = False
    ) -> Departure:
        """A request of our own with state, nonce and PKCE challenge, each good once (Core §3.1.2.1, RFC 7636 §4.3).

        `afresh` wants the person to prove there who they are, also where the provider knows them still.
        """
        verifier, nonce, cookie = (secrets.token_urlsafe(32) for _ in range(3))
        value = {"verifier": verifier, "nonce": nonce, "goal": goal, "browser": _digest(cookie)}
        value |= {"afresh": "1" if afresh else ""}
        state = challenges.ask(uow, PURPOSE, value)
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": _s256(verifier),
            "code_challenge_method": "S256",
        }
        if afresh:
            query |= {"prompt": "login", "max_age": str(challenges.SECONDS)}
        joint = "&" if "?" in facts.authorization else "?"
        return Departure(f"{facts.authorization}{joint}{urlencode(query)}", cookie)

    def facts(self) -> Facts:
        """What the provider says of itself (OpenID Connect Discovery §4); SignInUnavailable."""
        with self._lock:
            known = self._facts
            if known is None or self._tick() - known.learned_at > KEPT_SECONDS:
                known = self._facts = self._discovered()
            return known

    def identity(self, code: str, redirect_uri: str, kept: dict[str, Any]) -> Identity:
        """Change the code for an ID token, and believe it only if everything fits; BadProviderAnswer."""
        facts = self.facts()
        form = {
            "grant_type": "authorization_code",
            "code": code[:MAX_CODE],
            "redirect_uri": redirect_uri,
            "client_id": self.settings.client_id,
            "code_verifier": kept["verifier"],
        }
        status, answer = self._fetch(facts.token, urlencode(form).encode(), self._client_headers())
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            log.warning("oidc_refused", status=status, error=str(answer.get("error", ""))[:80])
            raise BadProviderAnswer("token")
        return self._believed(token, kept["nonce"], afresh=bool(kept.get("afresh")))

    def _believed(self, token: str, nonce: str, *, afresh: bool) -> Identity:
        """The checks of Core §3.1.3.7."""
        settings = self.settings
        try:
            claims = self._decoded(token).claims
            jwt.JWTClaimsRegistry(
                now=int(self._clock()),
                leeway=LEEWAY,
                iss={"essential": True, "value": settings.issuer},
                aud={"essential": True, "value": settings.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            log.warning("oidc_bad_token", error=type(error).__name__)
            raise BadProviderAnswer("id_token") from error
        given, audience, subject = claims.get("nonce"), claims.get("aud"), claims.get("sub")
        others = isinstance(audience, list) and len(audience) > 1
        if (
            not isinstance(given, str)
            or not hmac.compare_digest(given, nonce)
            or (others and claims.get("azp") != settings.client_id)
            or not isinstance(subject, str)
            or not 0 < len(subject) <= MAX_SUBJECT
            or (afresh and not self._is_fresh(claims.get("auth_time")))
        ):
            raise BadProviderAnswer("claims")
        email = claims.get("email")
        verified = claims.get("email_verified") is True and isinstance(email, str)
        return Identity(settings.issuer, subject, str(email) if verified else "")

    def _is_fresh(self, auth_time: object) -> bool:
        """Whether the person proved who they are after we asked (Core §3.1.3.7, 13)."""
        return isinstance(auth_time, int) and self._clock() - auth_time <= challenges.SECONDS + LEEWAY

    def _decoded(self, token: str) -> jwt.Token:
        """By a key of the provider's; fetched anew, not too often, when none fits."""
        keys, learned_at = self._key_set()
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            if self._tick() - learned_at < KEYS_AGAIN_SECONDS:
                raise
        keys, _ = self._key_set(again=True)
        return jwt.decode(token, keys, algorithms=ALGORITHMS)

    def _key_set(self, *, again: bool = False) -> tuple[KeySet, float]:
        facts = self.facts()
        with self._lock:
            now = self._tick()
            if self._keys is None or again or now - self._keys[1] > KEPT_SECONDS:
                status, answer = self._fetch(facts.jwks)
                try:
                    self._keys = (KeySet.import_key_set(answer), now)  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    log.warning("oidc_bad_keys", status=status)
                    raise SignInUnavailable("oidc") from error
            return self._keys

    def _discovered(self) -> Facts:
        issuer = self.settings.issuer
        status, found = self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        wanted = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if status != 200 or found.get("issuer") != issuer or not all(isinstance(url, str) for url in wanted):
            log.warning("oidc_bad_discovery", status=status)
            raise SignInUnavailable("oidc")
        return Facts(str(wanted[0]), str(wanted[1]), str(wanted[2]), self._tick())

    def _client_headers(self) -> dict[str, str]:
        """HTTP Basic with the secret, where there is one (RFC 6749 §2.3.1); else PKCE alone."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self.settings.client_secret:
            pair = f"{quote(self.settings.client_id, safe='')}:{quote(self.settings.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return headers

    def _fetch(
        self, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        try:
            return fetch_json(url, seconds=self.settings.timeout, body=body, headers=headers)
        except FetchError as error:
            log.warning("oidc_unreachable", error=str(error))
            raise SignInUnavailable("oidc") from error


def returned(uow: UnitOfWork, state: str, cookie: str) -> dict[str, Any]:
    """What was kept for this state, once, and only for the browser that departed with it; BadProviderAnswer."""
    kept = challenges.answered(uow, PURPOSE, state)
    if kept is None or not hmac.compare_digest(str(kept["browser"]), _digest(cookie)):
        raise BadProviderAnswer("state")
    return kept


def account_of(db: Reader, identity: Identity, *, match_email: bool) -> tuple[AccountId, bool]:
    """Whose account it is, and whether it was found by its address just now; UnknownIdentity."""
    values = {"iss": identity.issuer, "sub": identity.subject}
    linked = db.conn.execute(_LINKED, values).scalar()
    if linked is not None:
        return AccountId(linked), False
    if match_email and identity.email:
        try:
            account = directory_boxes.account_by_address(db.conn, parse_address(identity.email).key)
        except AddressError:
            account = None
        if account is not None and account.kind.signs_in:
            return account.id, True
    raise UnknownIdentity


def link(uow: UnitOfWork, account_id: AccountId, identity: Identity, actor: str) -> None:
    """From now on this subject is that account, whatever its address becomes."""
    uow.conn.execute(
        insert(linked_identities).values(
            account_id=account_id, issuer=identity.issuer, subject=identity.subject, created_at=uow.clock()
        )
    )
    detail = {"issuer": identity.issuer}
    audit.record(uow.conn, actor, "identity.link", actor, detail, uow.clock())


def _s256(verifier: str) -> str:
    """The code challenge (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

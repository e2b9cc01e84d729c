"""Headers, sessions and the checks that every unsafe request passes."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import abort, g, request

if TYPE_CHECKING:
    from flask import Response

    from webmail.ports import Session, WebOptions, WebServices

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN_OCTETS: Final = 24
_DEVICE_CHARACTERS: Final = 32
_DEVICE_SECONDS: Final = 180 * 86_400


def session_cookie_name(options: WebOptions) -> str:
    """`__Host-` where TLS is: no other host or path can then set it (RFC 6265bis §4.1.3.2)."""
    return "__Host-congvu" if options.public_url.startswith("https://") else "congvu"


class Guard:
    """Knows who asks, and refuses what another site's page made the browser send."""

    def __init__(self, services: WebServices) -> None:
        self._services = services
        self.secure = services.options.public_url.startswith("https://")
        self.session_cookie = session_cookie_name(services.options)
        self.visit_cookie = f"{self.session_cookie}-visit"
        self.device_cookie = f"{self.session_cookie}-device"

    def before_request(self) -> None:
        """Give the request its nonce and session; check unsafe ones by origin and token."""
        g.nonce = secrets.token_urlsafe(16)
        secret = request.cookies.get(self.session_cookie, "")
        g.session = self._services.accounts.session(secret) if secret else None
        g.half = self._services.accounts.half_session(secret) if secret and g.session is None else None
        g.visit = request.cookies.get(self.visit_cookie, "")
        g.new_visit = None
        if request.method not in SAFE_METHODS:
            self._check_origin()
            self._check_token()

    def _check_origin(self) -> None:
        origin = request.headers.get("Origin")
        if origin is None:  # the token is still asked for
            if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
                abort(403)
            return
        ours = {request.host, urlsplit(self._services.options.public_url).netloc}
        if urlsplit(origin).netloc not in ours - {""}:
            abort(403)

    def _check_token(self) -> None:
        given = request.headers.get("X-CSRF") or request.form.get("csrf", "")
        expected = self._token_source()
        if not expected or not compare_digest(unmask(given), expected.encode()):
            abort(403)

    def _token_source(self) -> str:
        session: Session | None = g.session or g.half
        return session.csrf if session else str(g.visit)

    def token(self) -> str:
        """The token for a form, masked anew each time so that compressed pages do not leak it (BREACH)."""
        if not self._token_source():
            g.visit = g.new_visit = secrets.token_urlsafe(_TOKEN_OCTETS)
        return mask(self._token_source().encode())

    def sign_in(self, response: Response, secret: str) -> None:
        """Set the cookie of a new session."""
        response.set_cookie(
            self.session_cookie, secret, httponly=True, secure=self.secure, samesite="Lax", path="/"
        )
        response.delete_cookie(self.visit_cookie, path="/", secure=self.secure)

    def device(self) -> str:
        """What this browser is known by; a new word where it has none yet."""
        known = request.cookies.get(self.device_cookie, "")
        return known if len(known) == _DEVICE_CHARACTERS else secrets.token_urlsafe(_TOKEN_OCTETS)

    def remember_device(self, response: Response, device: str) -> None:
        """Let the browser be known again, so that strangers' guesses do not hold its owner up."""
        response.set_cookie(
            self.device_cookie,
            device,
            max_age=_DEVICE_SECONDS,
            httponly=True,
            secure=self.secure,
            samesite="Lax",
            path="/",
        )

    def sign_out(self, response: Response) -> None:
        """Forget the session's cookie."""
        response.delete_cookie(
            self.session_cookie, path="/", secure=self.secure, httponly=True, samesite="Lax"
        )

    def session_secret(self) -> str:
        """The cookie that came with this request."""
        return request.cookies.get(self.session_cookie, "")

    def after_request(self, response: Response) -> Response:
        """Headers of every answer; a view that set its own policy keeps it."""
        headers = response.headers
        headers.setdefault("Content-Security-Policy", self._page_policy())
        headers.setdefault("Cache-Control", "no-store")
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = (
            "same-origin"  # `no-referrer` would make the Origin of our own forms "null"
        )
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        if self.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if g.get("new_visit"):
            response.set_cookie(
                self.visit_cookie, g.new_visit, httponly=True, secure=self.secure, samesite="Lax", path="/"
            )
        return response

    @staticmethod
    def _page_policy() -> str:
        nonce = g.get("nonce", "")
        return (
            f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; style-src-attr 'unsafe-inline'; "
            "img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; manifest-src 'self'; "
            "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
        )


def letter_policy(nonce: str, *, remote_images: bool) -> str:
    """The policy of a letter's own response: no scripts, no forms, nothing loaded but pictures.

    `allow-same-origin` lets our page measure the letter's height; without `allow-scripts` the letter gains nothing.
    """
    images = "'self' data: https: http:" if remote_images else "'self' data:"
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; img-src {images}; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
        "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
    )


def mask(token: bytes) -> str:
    """The token under a one-time pad that travels with it."""
    pad = secrets.token_bytes(len(token))
    return urlsafe_b64encode(pad + bytes(a ^ b for a, b in zip(pad, token, strict=True))).decode()


def unmask(masked: str) -> bytes:
    """The token again; empty for what was never masked."""
    try:
        octets = urlsafe_b64decode(masked.encode())
    except ValueError:
        return b""
    if len(octets) % 2 or len(octets) > 512:
        return b""
    half = len(octets) // 2
    return bytes(a ^ b for a, b in zip(octets[:half], octets[half:], strict=True))

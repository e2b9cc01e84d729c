"""Who asks: the holder of a personal token in the Authorization header (RFC 6750 §2.1), and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

if TYPE_CHECKING:
    from mailsvc.services.administration.office import Caller, Office, TokenScope


def caller(office: Office, purpose: TokenScope) -> Caller | None:
    """Whom the request's token stands for; None without a good one. Tokens in the URL or a form are not taken."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return office.holder(token.strip(), purpose, request.remote_addr or "")


def challenge() -> str:
    """What WWW-Authenticate says with a 401 (RFC 6750 §3)."""
    given = request.headers.get("Authorization")
    return 'Bearer realm="congvu", error="invalid_token"' if given else 'Bearer realm="congvu"'

"""This site as passkeys know it, and whether the person has proved lately who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flask import abort, g, redirect, request

from mailsvc.services.passkeys import RelyingParty
from webmail.web import session, web

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from webmail.adapter.credentials import CredentialDesk
    from webmail.ports import Viewer


def desk() -> CredentialDesk:
    """Where credentials are kept; 404 where a site has none (the tests' mail system in memory)."""
    found = web().services.credentials
    if found is None:
        abort(404)
    return found


def relying_party() -> RelyingParty:
    """From the address that users type; without one, from the request."""
    options = web().services.options
    origin = options.public_url.rstrip("/") or f"{request.scheme}://{request.host}"
    return RelyingParty(urlsplit(origin).hostname or "", origin, options.product)


def enrolling() -> Viewer:
    """Who may arrange second factors: who is signed in, or who has to have one before anything else."""
    found = session() or g.half
    if found is None or found.stage == "second_factor":
        abort(401)
    return found.viewer


def proof_wanted() -> BaseResponse | None:
    """Where to go first, before a dangerous act: nowhere if the person proved lately who they are."""
    found = session()
    if found is None:  # whoever enrols has just typed the password
        return None if g.half is not None else abort(401)
    if found.viewer.read_only:
        abort(403)  # who has left reads the own box, and arranges nothing
    if web().services.clock() - found.proven_at <= desk().proof_seconds:
        return None
    back = request.path if request.method == "GET" else urlsplit(request.referrer or "").path or "/security"
    return redirect(f"/security/confirm?next={quote(back, safe='/')}", 303)

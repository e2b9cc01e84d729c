"""To the province's OpenID Connect provider and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, abort, make_response, redirect, request

from mailsvc.model.errors import AccountLocked, ServiceError, WrongCredentials
from mailsvc.services.oidc import UnknownIdentity
from webmail.credentials.site import relying_party
from webmail.views.gate import MAX_FIELD, enter, refused_sign_in
from webmail.web import local_path, remote_address, web, words

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

    from webmail.adapter.provider import ProviderDesk

screen = Blueprint("provider", __name__, url_prefix="/sign-in/provider")
MAX_CODE: Final = 2_000
COOKIE_SECONDS: Final = 600


def _desk() -> ProviderDesk:
    found = web().services.provider
    if found is None:
        abort(404)
    return found


def _cookie_name() -> str:
    return f"{web().guard.session_cookie}-provider"


def _redirect_uri() -> str:
    return f"{relying_party().origin}/sign-in/provider/return"


@screen.get("")
def depart() -> BaseResponse:
    """Off to the provider; a cookie ties the way back to this browser."""
    goal = local_path(request.args.get("next", "") or "/mail")
    try:
        departure = _desk().depart(
            _redirect_uri(), goal, remote_address(), afresh=bool(request.args.get("afresh"))
        )
    except ServiceError:
        return refused_sign_in(words()("provider_failed", name=_desk().name), 503)
    response = make_response(redirect(departure.url, 303))
    response.set_cookie(
        _cookie_name(),
        departure.cookie,
        max_age=COOKIE_SECONDS,
        httponly=True,
        secure=web().guard.secure,
        samesite="Lax",
        path="/",
    )
    return response


@screen.get("/return")
def arrive() -> BaseResponse:
    """Back with a code; whatever does not fit is told in one sentence and signs nobody in."""
    t, name = words(), _desk().name
    code, state = request.args.get("code", "")[:MAX_CODE], request.args.get("state", "")[:MAX_FIELD]
    cookie = request.cookies.get(_cookie_name(), "")
    try:
        back = _desk().arrive(state, cookie, code, _redirect_uri())
    except UnknownIdentity:
        return _forgetting(refused_sign_in(t("provider_unknown", name=name), 403))
    except (AccountLocked, WrongCredentials):
        return _forgetting(refused_sign_in(t("account_locked"), 403))
    except ServiceError:
        return _forgetting(refused_sign_in(t("provider_failed", name=name), 403))
    return _forgetting(enter(back.found.viewer, back.found.stage, goal=back.goal, is_proof=back.is_proof))


def _forgetting(response: Response) -> Response:
    response.delete_cookie(_cookie_name(), path="/", secure=web().guard.secure)
    return response

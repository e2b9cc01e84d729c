"""Signing in and out, the password, the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, jsonify, make_response, redirect, render_template, request

from mailsvc.model.errors import AccountLocked, SignInUnavailable, TooManyGuesses, WrongCredentials
from webmail.i18n import CATALOGS
from webmail.ports import PasswordPolicyError
from webmail.web import local_path, remote_address, viewer, visitor, web, words

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

    from webmail.ports import Stage, Viewer

screen = Blueprint("gate", __name__)
A_YEAR = 365 * 24 * 3600
MAX_FIELD = 1_000


@screen.get("/")
def front() -> BaseResponse:
    """The sign-in page, or the mailbox for who is in."""
    return redirect("/mail") if visitor() else _sign_in_page()


@screen.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> BaseResponse:
    """The same words for an unknown name and a wrong password; a new session secret each time."""
    if request.method == "GET":
        return redirect("/mail") if visitor() else _sign_in_page()
    address = request.form.get("address", "").strip()[:MAX_FIELD]
    password = request.form.get("password", "")[:MAX_FIELD]
    parts = web()
    device = parts.guard.device()
    try:
        found = parts.services.accounts.sign_in(address, password, remote_address(), device)
    except TooManyGuesses as error:
        response = refused_sign_in(words()("try_again_in", n=error.args[0]), 429)
        response.headers["Retry-After"] = str(error.args[0])
        return response
    except WrongCredentials:
        return refused_sign_in(words()("wrong_sign_in"), 403)
    except AccountLocked:
        return refused_sign_in(words()("account_locked"), 403)
    except SignInUnavailable:
        return refused_sign_in(words()("store_unavailable"), 503)
    response = enter(found.viewer, found.stage)
    parts.guard.remember_device(response, device)
    return response


def enter(
    who: Viewer, stage: Stage, answer: Response | None = None, goal: str = "", *, is_proof: bool = True
) -> Response:
    """Open a session under a new secret, end the one that this browser had, and go on."""
    parts = web()
    old = parts.guard.session_secret()
    if old:
        parts.services.accounts.close_session(old)
    target = local_path(goal or request.form.get("next", "") or "/mail")
    if stage == "second_factor":
        target = "/sign-in/second" if target == "/mail" else f"/sign-in/second?next={target}"
    elif stage == "enrol":
        target = "/security"
    elif who.must_change_password:
        target = "/password"
    response = answer if answer is not None else make_response(redirect(target, 303))
    agent = request.headers.get("User-Agent", "")[:200]
    secret = parts.services.accounts.open_session(who, agent, remote_address(), stage, is_proof=is_proof)
    parts.guard.sign_in(response, secret)
    if stage == "full":
        for name, value in parts.services.accounts.preferences(who).items():
            if name in {"language", "view"}:
                remember(response, name, value)
    return response


def refused_sign_in(error: str, status: int) -> Response:
    """The sign-in page with the reason."""
    return _sign_in_page(error, status)


def _sign_in_page(error: str = "", status: int = 200) -> Response:
    response = make_response(
        render_template(
            "sign_in.html",
            error=error,
            notice="",
            address=request.form.get("address", "")[:MAX_FIELD],
            next=local_path(request.values.get("next", "") or "/mail"),
            by_passkey=web().services.credentials is not None,
            provider=web().services.provider,
        ),
        status,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@screen.post("/sign-out")
def sign_out() -> BaseResponse:
    """End the session here and on the server."""
    parts = web()
    parts.services.accounts.close_session(parts.guard.session_secret())
    response = make_response(redirect("/", 303))
    parts.guard.sign_out(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'  # words of a draft stay on no shared PC
    return response


@screen.route("/password", methods=["GET", "POST"])
def password() -> BaseResponse:
    """Change the password; the first one by force. Other sessions end, and this one gets a new secret."""
    who, parts, t = viewer(), web(), words()
    error = ""
    rule = parts.services.accounts.password_rule(who)
    if rule is None:
        return make_response(
            render_template("refused.html", title=t("change_password"), message=t("password_elsewhere"))
        )
    if request.method == "POST":
        old, new, again = (request.form.get(name, "")[:MAX_FIELD] for name in ("old", "new", "again"))
        if new != again:
            error = t("passwords_differ")
        else:
            try:
                parts.services.accounts.change_password(who, old, new, remote_address())
            except TooManyGuesses as refusal:
                error = t("try_again_in", n=refusal.args[0])
            except WrongCredentials:
                error = t("wrong_sign_in")
            except PasswordPolicyError as refusal:
                key = f"password_{refusal.args[0]}"
                error = t("password_weak", why=t(key) if key in t.words else t("password_rule"))
            else:
                return _with_new_session(who)
    page = render_template("password.html", forced=who.must_change_password, error=error, rule=rule)
    return make_response(page, 422 if error else 200)


def _with_new_session(who: Viewer) -> Response:
    parts = web()
    found = parts.services.accounts.known(who.account_id)
    g.session = None
    return enter(found, "full")


@screen.post("/language")
def language() -> BaseResponse:
    """Vietnamese or English, kept for the person."""
    chosen = request.form.get("language", "vi")
    response = make_response(redirect(local_path(request.form.get("back", "/")), 303))
    if chosen in CATALOGS:
        remember(response, "language", chosen)
        if who := visitor():
            web().services.accounts.prefer(who, {"language": chosen})
    return response


def remember(response: Response, name: str, value: str) -> None:
    """Keep a choice in a cookie, so that the page knows it without a query."""
    secure = web().guard.secure
    response.set_cookie(name, value, max_age=A_YEAR, httponly=True, samesite="Lax", secure=secure, path="/")


@screen.get("/csrf")
def token() -> Response:
    """A fresh token for a page that was open while the person signed in anew."""
    return jsonify(csrf=web().guard.token())

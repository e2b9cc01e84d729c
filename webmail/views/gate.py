"""Signing in and out, the password, the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, jsonify, make_response, redirect, render_template, request

from mailsvc.model.errors import AccountLocked, WrongCredentials
from webmail.i18n import CATALOGS
from webmail.ports import PasswordPolicyError
from webmail.web import local_path, remote_address, viewer, visitor, web, words

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

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
    remote = remote_address()
    parts = web()
    wait = parts.throttle.wait(address, remote)
    if wait:
        response = _sign_in_page(words()("try_again_in", n=wait), 429)
        response.headers["Retry-After"] = str(wait)
        return response
    try:
        who = parts.services.accounts.sign_in(address, password, remote)
    except WrongCredentials:
        parts.throttle.failed(address, remote)
        return _sign_in_page(words()("wrong_sign_in"), 403)
    except AccountLocked:
        return _sign_in_page(words()("account_locked"), 403)
    parts.throttle.succeeded(address, remote)
    old = parts.guard.session_secret()
    if old:
        parts.services.accounts.close_session(old)
    answer = redirect(
        "/password" if who.must_change_password else local_path(request.form.get("next", "") or "/mail"), 303
    )
    response = make_response(answer)
    parts.guard.sign_in(
        response, parts.services.accounts.open_session(who, request.headers.get("User-Agent", "")[:200])
    )
    for name, value in parts.services.accounts.preferences(who).items():
        if name in {"language", "view"}:
            remember(response, name, value)
    return response


def _sign_in_page(error: str = "", status: int = 200) -> Response:
    response = make_response(
        render_template(
            "sign_in.html",
            error=error,
            notice="",
            address=request.form.get("address", "")[:MAX_FIELD],
            next=local_path(request.values.get("next", "") or "/mail"),
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
    if request.method == "POST":
        old, new, again = (request.form.get(name, "")[:MAX_FIELD] for name in ("old", "new", "again"))
        wait = parts.throttle.wait(who.address, remote_address())
        if wait:
            error = t("try_again_in", n=wait)
        elif new != again:
            error = t("passwords_differ")
        else:
            try:
                parts.services.accounts.change_password(who, old, new)
            except WrongCredentials:
                parts.throttle.failed(who.address, remote_address())
                error = t("wrong_sign_in")
            except PasswordPolicyError as refusal:
                key = f"password_{refusal.args[0]}"
                error = t("password_weak", why=t(key) if key in t.words else t("password_rule"))
            else:
                return _with_new_session()
    page = render_template("password.html", forced=who.must_change_password, error=error)
    return make_response(page, 422 if error else 200)


def _with_new_session() -> Response:
    parts, who = web(), viewer()
    parts.services.accounts.close_session(parts.guard.session_secret())
    response = make_response(redirect("/mail", 303))
    parts.guard.sign_in(
        response, parts.services.accounts.open_session(who, request.headers.get("User-Agent", "")[:200])
    )
    return response


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

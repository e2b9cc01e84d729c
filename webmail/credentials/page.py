"""/security: second factors, recovery codes, devices, tokens and sessions of the person who is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, make_response, redirect, render_template, request

from directory.tokens import TokenScope
from mailsvc.model.errors import TooManyGuesses, WrongCredentials
from mailsvc.services.passkeys import BadPasskey
from webmail.credentials.qr import qr_path
from webmail.credentials.second_step import MAX_ANSWER
from webmail.credentials.site import desk, enrolling, proof_wanted, relying_party
from webmail.views.gate import MAX_FIELD, enter
from webmail.web import local_path, viewer, web, words

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

screen = Blueprint("security", __name__, url_prefix="/security", template_folder="templates")
MAX_LABEL = 100
DEFAULT_DAYS = 90


@screen.before_request
def prove_first() -> BaseResponse | None:
    """Whoever only finds a screen left open can change nothing here."""
    return None if request.endpoint == "security.confirm" else proof_wanted()


@screen.get("")
def overview() -> BaseResponse:
    """Second factors and recovery codes."""
    return _overview()


def _overview(error: str = "", status: int = 200) -> Response:
    who = enrolling()
    page = render_template(
        "security.html",
        who=who,
        means=desk().means(who),
        required=desk().is_required(who),
        enrolling=g.half is not None,
        error=error,
    )
    return make_response(page, status)


# -- one-time codes, passkeys, recovery codes ----------------------------------------------------------


@screen.route("/totp", methods=["GET", "POST"])
def totp() -> BaseResponse:
    """Shows a secret for an app; the first code of it makes it count."""
    who = enrolling()
    if request.method == "POST":
        desk().start_totp(who, request.form.get("label", "").strip()[:MAX_LABEL])
        return redirect("/security/totp", 303)
    return _totp_page()


@screen.post("/totp/confirm")
def confirm_totp() -> BaseResponse:
    """The first code."""
    try:
        codes = desk().confirm_totp(enrolling(), request.form.get("code", "")[:MAX_FIELD])
    except TooManyGuesses as error:
        return _totp_page(words()("try_again_in", n=error.args[0]), 429)
    except WrongCredentials:
        return _totp_page(words()("wrong_code"), 422)
    return _with_codes(codes)


def _totp_page(error: str = "", status: int = 200) -> BaseResponse:
    who = enrolling()
    secret = desk().pending_totp(who)
    if secret is None:
        return redirect("/security", 303)
    path, size = qr_path(secret.uri)
    page = render_template("totp.html", who=who, secret=secret, qr=path, qr_size=size, error=error)
    return make_response(page, status)


@screen.post("/passkeys")
def add_passkey() -> BaseResponse:
    """What `navigator.credentials.create` brought."""
    form = request.form
    word, answer = form.get("word", "")[:MAX_FIELD], form.get("answer", "")[:MAX_ANSWER]
    label = form.get("label", "").strip()[:MAX_LABEL] or words()("passkey")
    try:
        codes = desk().add_passkey(enrolling(), relying_party(), word, answer, label)
    except BadPasskey:
        return _overview(words()("wrong_passkey"), 422)
    return _with_codes(codes)


@screen.post("/factors/<int:factor_id>/remove")
def remove_factor(factor_id: int) -> BaseResponse:
    """Take a factor away."""
    desk().remove_factor(viewer(), factor_id)
    return redirect("/security", 303)


@screen.post("/recovery-codes")
def recovery_codes() -> BaseResponse:
    """Ten new ones to be printed."""
    return _codes_page(desk().new_recovery_codes(viewer()))


def _with_codes(codes: tuple[str, ...]) -> BaseResponse:
    """The first factor ends every other sign-in, so this one begins anew; its codes are shown once."""
    who = enrolling()
    if not codes:
        return redirect("/security", 303)
    return enter(who, "full", answer=_codes_page(codes))


def _codes_page(codes: tuple[str, ...]) -> Response:
    return make_response(render_template("recovery_codes.html", who=enrolling(), codes=codes))


# -- devices, tokens, sessions -------------------------------------------------------------------------


@screen.route("/devices", methods=["GET", "POST"])
def devices() -> BaseResponse:
    """Thiết bị và mật khẩu ứng dụng: the list, and a new one, shown once."""
    who = viewer()
    if request.method == "GET":
        return _devices_page()
    label = request.form.get("label", "").strip()[:MAX_LABEL]
    if not label:
        return _devices_page(words()("label_missing"), 422)
    only = request.form.get("only", "")
    made = desk().add_device(who, label, int(only) if only.isascii() and only.isdigit() else None)
    return make_response(render_template("shown_once.html", made=made, label=label, kind="app_password"))


def _devices_page(error: str = "", status: int = 200) -> Response:
    who = viewer()
    means = desk().means(who)
    page = render_template(
        "devices.html",
        means=means,
        boxes={box.account.id: box.account.display_name for box in means.boxes},
        sessions=desk().sessions(who, web().guard.session_secret()),
        scopes=tuple(TokenScope),
        default_days=min(DEFAULT_DAYS, desk().max_token_days),
        max_days=desk().max_token_days,
        error=error,
    )
    return make_response(page, status)


@screen.post("/devices/<int:app_password_id>/revoke")
def revoke_device(app_password_id: int) -> BaseResponse:
    """Take a device's password back."""
    desk().revoke_device(viewer(), app_password_id)
    return redirect("/security/devices", 303)


@screen.post("/tokens")
def make_token() -> BaseResponse:
    """A personal token, shown once."""
    known = {scope.value: scope for scope in TokenScope}
    scopes = [known[name] for name in request.form.getlist("scope")[:10] if name in known]
    days = request.form.get("days", "")[:6]
    label = request.form.get("label", "").strip()[:MAX_LABEL]
    if not scopes or not (days.isascii() and days.isdigit()) or not 0 < int(days) <= desk().max_token_days:
        return _devices_page(words()("token_incomplete", n=desk().max_token_days), 422)
    made = desk().make_token(viewer(), scopes, int(days), label)
    return make_response(render_template("shown_once.html", made=made, label=label, kind="token"))


@screen.post("/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> BaseResponse:
    """Take a token back."""
    desk().revoke_token(viewer(), token_id)
    return redirect("/security/devices", 303)


@screen.post("/sessions/end")
def end_sessions() -> BaseResponse:
    """End one sign-in, or all but this one."""
    handle = request.form.get("handle", "")[:MAX_FIELD]
    if handle:
        desk().end_session(viewer(), handle)
    else:
        desk().end_others(viewer(), web().guard.session_secret())
    return redirect("/security/devices", 303)


@screen.post("/sign-out-everywhere")
def sign_out_everywhere() -> BaseResponse:
    """Everything ends, this sign-in too; with the devices, whoever uses them has to be let in anew."""
    desk().sign_out_everywhere(viewer(), with_devices=bool(request.form.get("devices")))
    response = make_response(redirect("/", 303))
    web().guard.sign_out(response)
    return response


# -- proving again ---------------------------------------------------------------------------------


@screen.route("/confirm", methods=["GET", "POST"])
def confirm() -> BaseResponse:
    """Before dangerous acts: the second factor again, or without one the password."""
    who = viewer()
    back = local_path(request.values.get("next", "") or "/security")
    if request.method == "GET":
        return _confirm_page(back)
    try:
        if request.form.get("answer"):
            word, answer = request.form.get("word", "")[:MAX_FIELD], request.form["answer"][:MAX_ANSWER]
            desk().use_passkey(who, relying_party(), word, answer)
        elif desk().has_factor(who):
            desk().prove_by_code(who, request.form.get("code", "")[:MAX_FIELD])
        else:
            desk().prove_by_password(who, request.form.get("password", "")[:MAX_FIELD])
    except TooManyGuesses as error:
        return _confirm_page(back, words()("try_again_in", n=error.args[0]), 429)
    except (WrongCredentials, BadPasskey):
        return _confirm_page(back, words()("not_proven"), 403)
    desk().proven(web().guard.session_secret())
    return redirect(back, 303)


def _confirm_page(back: str, error: str = "", status: int = 200) -> Response:
    who = viewer()
    page = render_template(
        "confirm.html",
        next=back,
        error=error,
        has_factor=desk().has_factor(who),
        has_passkey=desk().has_passkey(who),
        provider=web().services.provider,
    )
    return make_response(page, status)

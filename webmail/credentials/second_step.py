"""The second step of signing in, and signing in by a passkey alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint, abort, g, jsonify, make_response, render_template, request

from mailsvc.model.errors import AccountLocked, TooManyGuesses, WrongCredentials
from mailsvc.services.passkeys import BadPasskey
from webmail.credentials.site import desk, enrolling, relying_party
from webmail.views.gate import MAX_FIELD, enter, refused_sign_in
from webmail.web import local_path, remote_address, session, web, words

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

    from webmail.ports import Viewer

screen = Blueprint("second_step", __name__, template_folder="templates")
MAX_ANSWER = 20_000


def _half() -> Viewer:
    """Whose password was right a moment ago."""
    if g.half is None or g.half.stage != "second_factor":
        abort(401)
    viewer: Viewer = g.half.viewer
    return viewer


@screen.get("/sign-in/second")
def second() -> BaseResponse:
    """Asks for a code or a passkey."""
    return _page(_half())


@screen.post("/sign-in/second")
def answer() -> BaseResponse:
    """A one-time code, a recovery code, or a passkey's answer lets the person in."""
    who = _half()
    try:
        if request.form.get("answer"):
            desk().use_passkey(who, relying_party(), *_answer())
        else:
            desk().prove_by_code(who, request.form.get("code", "")[:MAX_FIELD])
    except TooManyGuesses as error:
        return _page(who, words()("try_again_in", n=error.args[0]), 429)
    except (WrongCredentials, BadPasskey) as error:
        return _page(who, words()("wrong_passkey" if isinstance(error, BadPasskey) else "wrong_code"), 403)
    return enter(who, "full")


@screen.post("/sign-in/passkey")
def by_passkey() -> BaseResponse:
    """A passkey whose device has verified the person is password and second factor in one."""
    try:
        account = desk().use_passkey(None, relying_party(), *_answer())
        who = web().services.accounts.known(account)
    except BadPasskey:
        return refused_sign_in(words()("wrong_passkey"), 403)
    except (WrongCredentials, AccountLocked):
        return refused_sign_in(words()("account_locked"), 403)
    return enter(who, "full")


@screen.post("/passkey/<any(make, use, anybody):purpose>")
def options(purpose: str) -> Response:
    """What `navigator.credentials` is given, and the word to bring back with its answer."""
    if purpose == "make":
        asked = desk().ask_to_make(enrolling(), relying_party())
    else:
        found = session() or g.half
        who = found.viewer if found is not None and purpose == "use" else None
        if who is None and purpose == "use":
            abort(401)
        asked = desk().ask_to_use(who, relying_party(), remote_address())
    return jsonify(word=asked.word, options=json.loads(asked.options))


def _answer() -> tuple[str, str]:
    return request.form.get("word", "")[:MAX_FIELD], request.form.get("answer", "")[:MAX_ANSWER]


def _page(who: Viewer, error: str = "", status: int = 200) -> Response:
    page = render_template(
        "second_step.html",
        who=who,
        error=error,
        has_passkey=desk().has_passkey(who),
        next=local_path(request.values.get("next", "") or "/mail"),
    )
    return make_response(page, status)

"""Thư chờ gửi: letters that wait for their time; taken back, moved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flask import Blueprint, abort, jsonify, make_response, redirect, render_template, request

from mailsvc.model.errors import BadTime, LetterMissing
from webmail.refusals import say
from webmail.views.moments import local_text, moment
from webmail.web import viewer, wants_json, web, words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from webmail.desk_ports import Scheduled

screen = Blueprint("scheduled", __name__)
_DRAFT_ID: Final = re.compile(r"[0-9a-f]{32}\Z")


def _desk() -> Scheduled:
    found = web().services.scheduled
    if found is None:
        abort(404)
    return found


def _chosen() -> str:
    draft_id = request.form.get("draft", "")
    if not _DRAFT_ID.match(draft_id):
        abort(400)
    return draft_id


@screen.get("/scheduled")
def listed() -> Response:
    """What waits to be sent, the next one first."""
    return _page()


@screen.post("/scheduled/cancel")
def cancel() -> Response:
    """Take a letter back and go on writing it."""
    draft_id = _chosen()
    try:
        _desk().cancel(viewer(), draft_id)
    except LetterMissing:
        if wants_json():
            return jsonify(ok=False, error=words()("sent_already"))
        return _page(words()("sent_already"), 404)
    if wants_json():
        return jsonify(ok=True, done=True, text=words()("taken_back"))
    return redirect(f"/compose?draft={draft_id}", 303)


@screen.post("/scheduled/move")
def move() -> Response:
    """Another time for a letter."""
    draft_id = _chosen()
    try:
        _desk().move(viewer(), draft_id, moment(request.form.get("at", "")))
    except BadTime as refusal:
        status, text = say(refusal, words())
        return _page(text, status)
    except LetterMissing:
        return _page(words()("sent_already"), 404)
    return redirect("/scheduled", 303)


def _page(error: str = "", status: int = 200) -> Response:
    found = _desk().listed(viewer())
    page = render_template(
        "scheduled.html",
        waiting=found,
        local_text=local_text,
        soonest=local_text(web().services.clock()),
        error=error,
    )
    return make_response(page, status)

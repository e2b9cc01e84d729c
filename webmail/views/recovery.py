"""Khôi phục thư đã xóa: what was deleted lately, found by subject or sender, and given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import Blueprint, abort, make_response, redirect, render_template, request

from mailsvc.model.errors import NotPermitted, ServiceError
from webmail.folders import folder_name
from webmail.refusals import say
from webmail.views.acts import chosen_letters
from webmail.web import viewer, web, words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from webmail.desk_ports import Recovery
    from webmail.ports import Box

screen = Blueprint("recovery", __name__)
MAX_QUERY: Final = 200
MAX_PAGE: Final = 1_000


@screen.get("/recover")
def lost() -> Response:
    """Deleted letters of a box, fifty a page."""
    return _page()


@screen.post("/recover")
def restore() -> Response:
    """Give the chosen letters back, all or none."""
    box = _box(request.form.get("box", ""))
    chosen = chosen_letters(request.form.getlist("letter"))
    target = request.form.get("target", "")
    if target and not any(str(one.id) == target for one in box.folders):
        abort(400)
    if not chosen:
        return _page(words()("recover_none"), 422)
    try:
        count = _desk().restore(viewer(), chosen, int(target or 0))
    except ServiceError as refusal:
        status, text = say(refusal, words())
        return _page(text, status)
    return redirect(f"/recover?{urlencode({'box': box.account_id, 'back': count})}", 303)


def _desk() -> Recovery:
    found = web().services.recovery
    if found is None:
        abort(404)
    return found


def _box(asked: str) -> Box:
    boxes = [one for one in web().services.mail.boxes(viewer()) if one.may_act]
    found = next((one for one in boxes if not asked or str(one.account_id) == asked), None)
    if found is None:
        raise NotPermitted
    return found


def _page(error: str = "", status: int = 200) -> Response:
    who = viewer()
    box = _box(request.values.get("box", ""))
    query = request.values.get("q", "").strip()[:MAX_QUERY]
    asked, done = request.values.get("page", ""), request.args.get("back", "")
    number = min(int(asked), MAX_PAGE) if asked.isdecimal() and len(asked) < 6 else 0
    found, more = _desk().lost(who, box.account_id, query, number)
    here = {"box": box.account_id, "q": query}
    page = render_template(
        "recover.html",
        box=box,
        boxes=[one for one in web().services.mail.boxes(who) if one.may_act],
        names={one.id: folder_name(one) for one in box.folders},
        query=query,
        lost=found,
        page=number,
        later=f"/recover?{urlencode({**here, 'page': number + 1})}" if more else "",
        earlier=f"/recover?{urlencode({**here, 'page': number - 1})}" if number else "",
        days=web().services.options.recover_days,
        error=error,
        notice=words()("recovered_n", n=int(done)) if done.isdecimal() and len(done) < 6 else "",
    )
    return make_response(page, status)

"""The factory: one route for each act of the catalogue, and the document that describes them."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, g, jsonify, request
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from mailsvc.model.errors import StoreUnavailable
from mailsvc.services.administration.act import Act, perform
from mailsvc.services.administration.catalogue import ACTS
from mailsvc.services.administration.desk import once_key
from mailsvc.services.administration.office import TokenScope
from mailsvc.services.administration.refusal import ActRefused
from webmail.api import bearer, openapi
from webmail.api.problems import of_refusal, problem
from webmail.api.reading import asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.services.administration.office import Office

log = get_logger("api")
DESCRIPTION: Final = "openapi"
"""The endpoint that needs no token: it says only what is in the source anyway."""
WITH_SLASHES: Final = frozenset({"code", "unit"})
"""Fields of paths that may hold a slash: codes of units."""


def create_api(office: Office) -> Flask:
    """The API over one installation; mounted at /api/v1."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max(act.max_body for act in ACTS)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.add_url_rule("/openapi.json", DESCRIPTION, lambda: jsonify(openapi.document()), methods=["GET"])
    for act in ACTS:
        app.add_url_rule(rule_of(act), act.name, _view(act, office), methods=[act.method])
    app.before_request(lambda: _let_in(office))
    app.after_request(harden)
    app.register_error_handler(ActRefused, of_refusal)
    app.register_error_handler(StoreUnavailable, _unavailable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _went_wrong)
    return app


def rule_of(act: Act[Any, Any]) -> str:
    """The act's path as Flask writes it."""
    return re.sub(
        r"\{(\w+)\}",
        lambda found: f"<path:{found[1]}>" if found[1] in WITH_SLASHES else f"<{found[1]}>",
        act.path,
    )


def _let_in(office: Office) -> Response | None:
    """Nobody passes without a token, also where no route is: what exists is not told to strangers."""
    if request.endpoint == DESCRIPTION:
        return None
    g.caller = bearer.caller(office, TokenScope.ADMIN)
    if g.caller is not None:
        return None
    refused = problem(
        401,
        "unauthorised",
        "Cần mã truy cập cá nhân còn hiệu lực, có quyền quản trị: Authorization: Bearer …",
        "A valid personal token for administration is needed: Authorization: Bearer …",
    )
    refused.headers["WWW-Authenticate"] = bearer.challenge()
    return refused


def _view(act: Act[Any, Any], office: Office) -> Callable[..., Response]:
    def view(**in_path: str) -> Response:
        wanted = asked(act, in_path)
        key = request.headers.get("Idempotency-Key") if act.changes else None
        once = None if key is None else once_key(key, act.name, act.requests.dump_json(wanted))
        result = perform(office.desk(g.caller, once), act, wanted)
        return jsonify(act.results.dump_python(result, mode="json"))

    return view


def harden(response: Response) -> Response:
    """Headers of every answer: nothing here is a page, nothing is kept."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _unavailable(_: StoreUnavailable) -> Response:
    return problem(
        503, "unavailable", "Kho dữ liệu tạm thời không nhận thay đổi.", "The store takes no change now."
    )


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    name = error.name.lower().replace(" ", "_")
    response = problem(status, name, f"{request.method} {request.path}", f"{request.method} {request.path}")
    for header, value in error.get_headers():
        if header == "Allow":
            response.headers[header] = value
    return response


def _went_wrong(error: Exception) -> Response:
    # The frames only: their variables may hold passwords.
    log.error("api_failed", error=type(error).__name__, where=traceback.format_tb(error.__traceback__))
    return problem(
        500,
        "server_error",
        "Có lỗi; đã ghi vào nhật ký máy chủ.",
        "Something failed; the server's log has it.",
    )

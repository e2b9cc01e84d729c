"""The factory: one Flask application over the services it is handed."""

from __future__ import annotations

import gzip
import traceback
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from flask import Flask, Response, abort, g, jsonify, make_response, redirect, render_template, request
from structlog import get_logger
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from mailsvc.model.errors import ServiceError
from webmail import console, formats
from webmail.api.app import create_api
from webmail.carddav.app import create_carddav
from webmail.carddav.well_known import well_known
from webmail.client_setup import create_client_setup
from webmail.credentials import page as security_page
from webmail.credentials import provider, second_step
from webmail.folders import folder_icon, folder_name
from webmail.highlight import marked
from webmail.refusals import say
from webmail.scim.app import create_scim
from webmail.security import Guard
from webmail.static_files import StaticFiles
from webmail.trusted import Trusted
from webmail.views import acts, compose, gate, letter, mailbox, recovery, rules, scheduled, search
from webmail.web import Web, visitor, wants_json, web, words

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from werkzeug.wrappers import Response as BaseResponse

    from webmail.ports import Attachment, DraftFile, WebServices

log = get_logger("webmail")
COMPRESS_FROM: Final = 900
"""Smaller answers fit into one packet anyway."""
FORM_ALLOWANCE: Final = 2 * 1024 * 1024
SCRIPT_WORDS: Final = (
    "draft_kept_here",
    "draft_waits",
    "external_question",
    "file_too_large",
    "link_question",
    "live_lost",
    "new_letter",
    "remove_file",
    "rich_text",
    "saved_at",
    "saving",
    "sending",
    "sent_done",
    "session_over",
    "take_back",
    "text_plain",
    "upload_failed",
    "uploading",
    "went_wrong",
)
OPEN_TO_ALL: Final = frozenset(
    {
        *("gate.front", "gate.sign_in", "gate.sign_out", "gate.language", "static_file"),
        *("provider.depart", "provider.arrive"),
        *("second_step.second", "second_step.answer", "second_step.by_passkey", "second_step.options"),
    }
)
ENROLLING: Final = frozenset(
    {"security.overview", "security.totp", "security.confirm_totp", "security.add_passkey"}
)
BEFORE_NEW_PASSWORD: Final = OPEN_TO_ALL | {"gate.password"}


CLIENT_SETUP: Final = (
    "/.well-known/autoconfig",
    "/mail/config-v1.1.xml",
    "/autodiscover",
    "/Autodiscover",
    "/AutoDiscover",
)
"""Where mail programs ask how to set themselves up; Outlook spells it as it likes."""


def create_app(services: WebServices, static: StaticFiles | None = None) -> Flask:
    """Webmail over these services. It keeps no state of its own."""
    app = Flask(__name__, static_folder=None)
    guard = Guard(services)
    app.extensions["congvu"] = Web(
        services, guard, Trusted(services.options.trusted_networks), static or StaticFiles()
    )
    app.config["MAX_CONTENT_LENGTH"] = services.options.max_letter_bytes + FORM_ALLOWANCE
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM_ALLOWANCE
    app.config["MAX_FORM_PARTS"] = 2_000
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.before_request(guard.before_request)
    app.before_request(_let_in)
    app.after_request(_compress)
    app.after_request(guard.after_request)
    app.add_url_rule("/static/<path:name>", "static_file", _static_file)
    for blueprint in (gate.screen, mailbox.screen, letter.screen, acts.screen, search.screen, compose.screen):
        app.register_blueprint(blueprint)
    for blueprint in (scheduled.screen, rules.screen, recovery.screen):
        app.register_blueprint(blueprint)
    for blueprint in (second_step.screen, security_page.screen, provider.screen):
        app.register_blueprint(blueprint)
    app.register_blueprint(console.screen)
    app.register_error_handler(ServiceError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _went_wrong)
    _dress(app)
    setup = create_client_setup(
        services.options.servers,
        product=services.options.product,
        domain=services.options.domain,
        public_url=services.options.public_url,
    )
    mounted: dict[str, WSGIApplication] = dict.fromkeys(CLIENT_SETUP, setup)
    if services.office is not None:
        mounted["/api/v1"] = create_api(services.office).wsgi_app
        mounted["/scim/v2"] = create_scim(services.office, services.options.public_url).wsgi_app
    if services.address_books is not None:
        parts: Web = app.extensions["congvu"]
        mounted["/dav"] = create_carddav(services.address_books, parts).wsgi_app
        mounted["/.well-known/carddav"] = well_known
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, mounted)  # type: ignore[method-assign]
    return app


def _let_in() -> BaseResponse | None:
    """Nobody passes without a session, and with a first password only to change it."""
    if request.endpoint is None or request.endpoint in OPEN_TO_ALL:
        return None
    who = visitor()
    if who is None:
        return _complete_first()
    if who.must_change_password and request.endpoint not in BEFORE_NEW_PASSWORD:
        return redirect("/password")
    return None


def _complete_first() -> BaseResponse | None:
    """Nobody is signed in; whoever has begun to goes on with what is missing, and nowhere else."""
    if g.half is None:
        abort(401)
    if g.half.stage == "second_factor":
        return redirect("/sign-in/second")
    return None if request.endpoint in ENROLLING else redirect("/security")


def _static_file(name: str) -> Response:
    """A built file; its name holds its hash, so it never changes."""
    found = web().static.files.get(name)
    if found is None:
        abort(404)
    packed = found.gzipped is not None and "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(found.gzipped if packed else found.raw, mimetype=found.media_type)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def _compress(response: Response) -> Response:
    if (
        response.direct_passthrough
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or response.mimetype not in {"text/html", "application/json", "text/plain"}
        or "gzip" not in request.headers.get("Accept-Encoding", "")
    ):
        return response
    raw = response.get_data()
    if len(raw) >= COMPRESS_FROM:
        response.set_data(gzip.compress(raw, 5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
    return response


def _refused(refusal: ServiceError) -> Response:
    status, text = say(refusal, words())
    return _error_page(status, text)


def _http_error(error: HTTPException) -> BaseResponse:
    status = error.code or 500
    t = words()
    if status == 401:
        if wants_json():
            return _error_page(401, t("session_over"))
        target = (
            request.full_path.rstrip("?")
            if request.method == "GET" and not request.args.get("part")
            else "/mail"
        )
        response: BaseResponse = redirect(
            "/sign-in" if target in {"/mail", "/"} else f"/sign-in?next={quote(target, safe='/')}"
        )
        if request.headers.get("HX-Request"):
            response = Response(status=200)
            response.headers["HX-Redirect"] = "/sign-in"
        return response
    if isinstance(error.response, Response):
        return error.response
    keys = {403: "wrong_form", 404: "not_found", 405: "not_found", 413: "too_large"}
    return _error_page(status, t(keys[status]) if status in keys else error.name)


def _went_wrong(error: Exception) -> Response:
    # The frames only: their variables may hold letters and passwords.
    log.error("webmail_failed", error=type(error).__name__, where=traceback.format_tb(error.__traceback__))
    return _error_page(500, words()("went_wrong"))


def _error_page(status: int, text: str) -> Response:
    if wants_json():
        response = jsonify(ok=False, error=text)
    elif request.headers.get("HX-Request"):
        response = make_response(render_template("_refused.html", message=text))
    else:
        response = make_response(render_template("refused.html", title=status, message=text))
    response.status_code = status
    return response


def _dress(app: Flask) -> None:
    """Filters and names for the templates."""
    env = app.jinja_env
    env.trim_blocks = True
    env.lstrip_blocks = True
    env.filters["size"] = lambda octets: formats.size(octets, words())
    env.filters["number"] = lambda value: formats.number(value, words())
    env.filters["short_date"] = lambda at: formats.short_date(at, web().services.clock(), _offset())
    env.filters["long_date"] = lambda at: formats.long_date(at, words(), _offset())
    env.filters["iso_date"] = lambda at: formats.iso_date(at, _offset())
    env.filters["initials"] = formats.initials
    env.filters["tint"] = formats.tint
    env.filters["file_kind"] = _file_kind
    env.filters["marked"] = marked
    env.filters["fingerprint"] = rules.fingerprint
    env.filters["browser"] = lambda agent: formats.browser(agent) or words()("unknown_browser")
    parts: Web = app.extensions["congvu"]
    env.globals["asset"] = parts.static.url
    env.globals["csrf"] = parts.guard.token
    env.globals["urgency"] = formats.urgency
    env.globals["folder_name"] = folder_name
    env.globals["folder_icon"] = folder_icon
    env.globals["script_words"] = lambda: {key: words().words[key] for key in SCRIPT_WORDS}
    app.context_processor(_page_values)


def _page_values() -> dict[str, Any]:
    options = web().services.options
    return {
        "t": words(),
        "nonce": g.get("nonce", ""),
        "viewer": visitor(),
        "product": options.product,
        "domain": options.domain,
        "options": options,
        "desk_pages": web().services.scheduled is not None,
    }


def _offset() -> int:
    return web().services.options.utc_offset_minutes


def _file_kind(file: Attachment | DraftFile) -> str:
    return formats.file_kind(file.filename, file.media_type)

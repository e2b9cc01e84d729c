"""/dav: the methods of WebDAV that a reader of an address book needs, and a refusal for each that would write."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, g, request
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from mailsvc.model.errors import (
    AccountLocked,
    ServiceError,
    StoreUnavailable,
    TooManyGuesses,
    WrongCredentials,
)
from webmail.carddav import resources
from webmail.carddav.port import BadToken
from webmail.carddav.query import UnsupportedCollation, UnsupportedFilter
from webmail.carddav.reports import BadLevel, Book, UnknownReport, report
from webmail.carddav.resources import ROOT, Kind, UnsupportedData, answer, wanted_in
from webmail.carddav.vcard import vcard
from webmail.carddav.xml_in import CARD, DAV, BadXml, parse
from webmail.carddav.xml_out import error, multistatus
from webmail.web import remote_address

if TYPE_CHECKING:
    from webmail.carddav.port import AddressBooks, Holder
    from webmail.carddav.resources import Place
    from webmail.carddav.xml_in import Element
    from webmail.carddav.xml_out import Name
    from webmail.web import Web

log = get_logger("carddav")
MOST_OCTETS: Final = 4 * 1024 * 1024
READING: Final = ("GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT")
WRITING: Final = ("PUT", "POST", "DELETE", "MKCOL", "PROPPATCH", "MOVE", "COPY", "LOCK", "UNLOCK", "ACL")
CLASSES: Final = "1, 3, addressbook"
"""What OPTIONS announces (RFC 4918 §18, RFC 6352 §6.1)."""
XML: Final = "application/xml; charset=utf-8"
PRECONDITIONS: Final[dict[type[Exception], tuple[int, Name]]] = {
    BadToken: (403, (DAV, "valid-sync-token")),
    BadLevel: (403, (DAV, "sync-level")),
    UnknownReport: (403, (DAV, "supported-report")),
    UnsupportedData: (403, (CARD, "supported-address-data")),
    UnsupportedFilter: (403, (CARD, "supported-filter")),
    UnsupportedCollation: (403, (CARD, "supported-collation")),
}
"""Refusals that name the precondition which was not met (RFC 4918 §16)."""


def create_carddav(books: AddressBooks, parts: Web) -> Flask:
    """The address book over one installation; mounted at /dav."""
    app = Flask(__name__, static_folder=None)
    app.extensions["congvu"] = parts
    app.config["MAX_CONTENT_LENGTH"] = MOST_OCTETS
    for rule in ("/", "/<path:rest>"):
        app.add_url_rule(rule, "dav", methods=[*READING, *WRITING], provide_automatic_options=False)
    app.view_functions["dav"] = lambda rest="": _serve(books, rest)
    app.before_request(lambda: _let_in(books))
    app.after_request(_harden)
    for refusal in PRECONDITIONS:
        app.register_error_handler(refusal, _precondition)
    app.register_error_handler(BadXml, lambda refused: _plain(400, str(refused)))
    app.register_error_handler(StoreUnavailable, lambda _: _plain(503, "store unavailable"))
    app.register_error_handler(HTTPException, lambda refused: _plain(refused.code or 500, refused.name))
    app.register_error_handler(Exception, _went_wrong)
    return app


def _let_in(books: AddressBooks) -> Response | None:
    """Nobody passes without a password (RFC 7617); OPTIONS tells strangers what this is."""
    if request.method == "OPTIONS":
        return None
    given = request.authorization
    if given is None or given.type != "basic":
        return _unauthorised()
    try:
        g.holder = books.sign_in(given.username or "", given.password or "", remote_address())
    except (WrongCredentials, AccountLocked):
        return _unauthorised()
    except TooManyGuesses as refused:
        response = _plain(429, "too many wrong passwords")
        response.headers["Retry-After"] = str(refused.args[0] if refused.args else 60)
        return response
    except ServiceError:
        return _plain(503, "sign-in unavailable")
    return None


def _serve(books: AddressBooks, path: str) -> Response:
    if request.method == "OPTIONS":
        return _plain(200, "")
    holder: Holder = g.holder
    if request.method in WRITING:
        return _xml(403, error((DAV, "need-privileges")))
    place = resources.place_of(ROOT + path, holder)
    if place is None:
        return _plain(404, "not found")
    if request.method == "PROPFIND":
        return _propfind(books, holder, place)
    if request.method == "REPORT":
        if place.kind is not Kind.BOOK:
            raise UnknownReport(place.kind.value)
        return _xml(207, report(Book(books, holder), parse(request.get_data())))
    return _get(books, holder, place)


def _propfind(books: AddressBooks, holder: Holder, place: Place) -> Response:
    """PROPFIND (RFC 4918 §9.1) of a resource and, with Depth: 1, of what is in it."""
    depth = request.headers.get("Depth", "infinity")
    if depth not in {"0", "1"}:
        return _xml(403, error((DAV, "propfind-finite-depth")))
    body = request.get_data()
    asked = parse(body) if body else None
    if asked is not None and asked.name != (DAV, "propfind"):
        raise BadXml("not a propfind")
    return _xml(207, multistatus(_resources(books, holder, place, asked, deep=depth == "1")))


def _resources(
    books: AddressBooks, holder: Holder, place: Place, asked: Element | None, *, deep: bool
) -> list[str]:
    wanted = wanted_in(asked)
    if place.kind is Kind.CARD:
        found = books.cards(holder, [place.card_id])
        return [
            answer(
                resources.card_path(holder, card.id),
                resources.card_props(card, holder, books.domain, wanted.address_data),
                wanted,
            )
            for card in found
        ]
    book = answer(resources.book_path(holder), resources.book_props(holder, books.token(holder)), wanted)
    if place.kind is Kind.BOOK:
        cards = books.etags(holder) if deep else []
        return [
            book,
            *(
                answer(resources.card_path(holder, card_id), resources.etag_props(etag), wanted)
                for card_id, etag in cards
            ),
        ]
    paths = {
        Kind.ROOT: (ROOT, resources.root_props(holder)),
        Kind.PRINCIPAL: (resources.principal_path(holder), resources.principal_props(holder)),
        Kind.HOME: (resources.home_path(holder), resources.home_props(holder)),
    }
    path, props = paths[place.kind]
    return [answer(path, props, wanted), *([book] if deep and place.kind is Kind.HOME else [])]


def _get(books: AddressBooks, holder: Holder, place: Place) -> Response:
    """A card as a file; collections have no page of their own."""
    found = books.cards(holder, [place.card_id]) if place.kind is Kind.CARD else []
    if not found:
        return _plain(405 if place.kind is not Kind.CARD else 404, "not found")
    card = found[0]
    version = "4.0" if "version=4.0" in request.headers.get("Accept", "").replace('"', "") else "3.0"
    response = Response(vcard(card, books.domain, version), mimetype="text/vcard")
    response.set_etag(card.etag)
    return response.make_conditional(request.environ)  # type: ignore[return-value]  # it returns itself


def _precondition(refused: Exception) -> Response:
    status, name = PRECONDITIONS[type(refused)]
    return _xml(status, error(name))


def _unauthorised() -> Response:
    response = _plain(401, "sign in")
    response.headers["WWW-Authenticate"] = 'Basic realm="Congvu", charset="UTF-8"'
    return response


def _xml(status: int, body: str) -> Response:
    return Response(body, status=status, content_type=XML)


def _plain(status: int, body: str) -> Response:
    return Response(body, status=status, mimetype="text/plain")


def _went_wrong(failure: Exception) -> Response:
    # The frames only: their variables may hold passwords.
    log.error(
        "carddav_failed", error=type(failure).__name__, where=traceback.format_tb(failure.__traceback__)
    )
    return _plain(500, "failed")


def _harden(response: Response) -> Response:
    response.headers["DAV"] = CLASSES
    response.headers["Allow"] = ", ".join(READING)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

"""REPORT of the address book: a query, cards by name, and what changed (RFC 6352 §8, RFC 6578)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from webmail.carddav.query import read_filter
from webmail.carddav.resources import (
    Wanted,
    answer,
    book_path,
    card_of,
    card_path,
    card_props,
    etag_props,
    wanted_in,
)
from webmail.carddav.xml_in import CARD, DAV
from webmail.carddav.xml_out import element, multistatus, status_response, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from webmail.carddav.port import AddressBooks, Card, Holder
    from webmail.carddav.xml_in import Element

MOST_CHANGES: Final = 50_000
MOST_CARDS: Final = 20_000


class UnknownReport(ValueError):
    """A report that the resource does not support (RFC 3253 §3.6)."""


class BadLevel(ValueError):
    """A sync-collection of another level than 1 (RFC 6578 §3.3)."""


@dataclass(frozen=True, slots=True)
class Book:
    """The address book as one person reads it."""

    books: AddressBooks
    holder: Holder


def report(book: Book, request: Element) -> str:
    """The answer to a REPORT as a multistatus document."""
    made = REPORTS_OF.get(request.name)
    if made is None:
        raise UnknownReport(request.name[1])
    return made(book, request)


def _query(book: Book, request: Element) -> str:
    """addressbook-query (RFC 6352 §8.6)."""
    wanted, asked = wanted_in(request), read_filter(request.first((CARD, "filter")))
    limit = _limit(request.first((CARD, "limit")), (CARD, "nresults"), MOST_CARDS)
    found = [card for card in book.books.cards(book.holder) if asked.holds(card, book.books.domain)]
    responses = [_card(book, card, wanted) for card in found[:limit]]
    if len(found) > limit:  # RFC 6352 §8.6.2
        responses.append(status_response(book_path(book.holder), 507))
    return multistatus(responses)


def _multiget(book: Book, request: Element) -> str:
    """addressbook-multiget (RFC 6352 §8.7): what is not there is told as 404, card by card."""
    wanted = wanted_in(request)
    paths = [child.text.strip() for child in request.all((DAV, "href"))][:MOST_CARDS]
    ids = {path: card_of(path, book.holder) for path in paths}
    known = {
        card.id: card
        for card in book.books.cards(book.holder, [one for one in ids.values() if one is not None])
    }
    responses = []
    for path, card_id in ids.items():
        card = None if card_id is None else known.get(card_id)
        responses.append(status_response(path, 404) if card is None else _card(book, card, wanted))
    return multistatus(responses)


def _sync(book: Book, request: Element) -> str:
    """sync-collection (RFC 6578 §3.2); a change that is cut off by a limit ends with 507 (§3.6)."""
    level = request.first((DAV, "sync-level"))
    if level is not None and level.text.strip() not in {"1", ""}:
        raise BadLevel(level.text)
    token = request.first((DAV, "sync-token"))
    wanted = wanted_in(request)
    limit = _limit(request.first((DAV, "limit")), (DAV, "nresults"), MOST_CHANGES)
    found = book.books.changes(book.holder, "" if token is None else token.text.strip(), limit)
    full = {}
    if (CARD, "address-data") in wanted.names:
        there = [one.id for one in found.changed if one.is_there]
        full = {card.id: card for card in book.books.cards(book.holder, there)}
    responses = []
    for one in found.changed:
        path = card_path(book.holder, one.id)
        if not one.is_there:
            responses.append(status_response(path, 404))
        elif one.id in full:
            responses.append(_card(book, full[one.id], wanted))
        else:
            responses.append(answer(path, etag_props(one.etag), wanted))
    if found.is_cut:
        inner = element((DAV, "error"), element((DAV, "number-of-matches-within-limits")))
        responses.append(status_response(book_path(book.holder), 507, inner))
    return multistatus(responses, element((DAV, "sync-token"), text(found.token)))


def _card(book: Book, card: Card, wanted: Wanted) -> str:
    props = card_props(card, book.holder, book.books.domain, wanted.address_data)
    return answer(card_path(book.holder, card.id), props, wanted)


def _limit(element_: Element | None, name: tuple[str, str], most: int) -> int:
    number = None if element_ is None else element_.first(name)
    said = "" if number is None else number.text.strip()
    return min(int(said), most) if said.isascii() and said.isdigit() and 0 < len(said) < 10 else most


REPORTS_OF: Final[dict[tuple[str, str], Callable[[Book, Element], str]]] = {
    (CARD, "addressbook-query"): _query,
    (CARD, "addressbook-multiget"): _multiget,
    (DAV, "sync-collection"): _sync,
}

"""What there is: the root, the person, their one collection of books, the book, and its cards; each with its properties."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from webmail.carddav.vcard import VERSIONS, vcard
from webmail.carddav.xml_in import CARD, DAV
from webmail.carddav.xml_out import element, href, response, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from webmail.carddav.port import Card, Holder
    from webmail.carddav.xml_in import Element
    from webmail.carddav.xml_out import Name

ROOT: Final = "/dav/"
CALENDAR_SERVER: Final = "http://calendarserver.org/ns/"
MAX_CARD: Final = 16_384
_CARD_PATH: Final = re.compile(r"/dav/books/([0-9]{1,18})/danh-ba/([0-9]{1,18})\.vcf")
_COLLECTION: Final = element((DAV, "collection"))


class Kind(Enum):
    """What a path names."""

    ROOT = "root"
    PRINCIPAL = "principal"
    HOME = "home"
    BOOK = "book"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class Place:
    """A path within the holder's own part of the tree."""

    kind: Kind
    card_id: int = 0


def principal_path(holder: Holder) -> str:
    """The person."""
    return f"/dav/principals/{holder.account_id}/"


def home_path(holder: Holder) -> str:
    """Where the person's address books are."""
    return f"/dav/books/{holder.account_id}/"


def book_path(holder: Holder) -> str:
    """The address book."""
    return f"/dav/books/{holder.account_id}/danh-ba/"


def card_path(holder: Holder, card_id: int) -> str:
    """One card."""
    return f"{book_path(holder)}{card_id}.vcf"


def place_of(path: str, holder: Holder) -> Place | None:
    """What a path names, with or without a slash at the end; None for nothing, and for what is another person's."""
    whole = path if path.endswith((".vcf", "/")) else f"{path}/"
    known = {
        ROOT: Kind.ROOT,
        principal_path(holder): Kind.PRINCIPAL,
        home_path(holder): Kind.HOME,
        book_path(holder): Kind.BOOK,
    }
    if whole in known:
        return Place(known[whole])
    card_id = card_of(path, holder)
    return None if card_id is None else Place(Kind.CARD, card_id)


def card_of(path: str, holder: Holder) -> int | None:
    """The card that a path names, escaped or not; None for what is none of this holder's."""
    found = _CARD_PATH.fullmatch(unquote(path))
    return int(found[2]) if found and int(found[1]) == holder.account_id else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The properties that a request names; all of the usual ones, or only their names, where it says so."""

    names: tuple[Name, ...] = ()
    all: bool = False
    only_names: bool = False
    address_data: Element | None = None


def wanted_in(request: Element | None) -> Wanted:
    """What a PROPFIND or REPORT asks for; no body is allprop (RFC 4918 §9.1)."""
    if request is None or request.first((DAV, "allprop")) is not None:
        return Wanted(all=True)
    if request.first((DAV, "propname")) is not None:
        return Wanted(only_names=True)
    prop = request.first((DAV, "prop"))
    if prop is None:
        return Wanted(all=True)
    names = tuple(dict.fromkeys(child.name for child in prop.children))
    return Wanted(names, address_data=prop.first((CARD, "address-data")))


def answer(path: str, props: Mapping[Name, str], wanted: Wanted) -> str:
    """One resource's response."""
    if wanted.only_names:
        return response(path, dict.fromkeys(props, ""))
    if wanted.all:
        return response(path, {name: value for name, value in props.items() if name[0] == DAV})
    found = {name: props[name] for name in wanted.names if name in props}
    return response(path, found, [name for name in wanted.names if name not in props])


def root_props(holder: Holder) -> dict[Name, str]:
    """Where a client begins (RFC 6764 §6): it is told who it is."""
    return {
        **_common(holder, "Congvu"),
        (DAV, "resourcetype"): _COLLECTION,
    }


def principal_props(holder: Holder) -> dict[Name, str]:
    """The person, and where their books are (RFC 6352 §7.1.1)."""
    return {
        **_common(holder, holder.name),
        (DAV, "resourcetype"): _COLLECTION + element((DAV, "principal")),
        (DAV, "principal-URL"): href(principal_path(holder)),
        (CARD, "addressbook-home-set"): href(home_path(holder)),
    }


def home_props(holder: Holder) -> dict[Name, str]:
    """The collection that holds the one book."""
    return {
        **_common(holder, "Danh bạ"),
        (DAV, "resourcetype"): _COLLECTION,
        (CARD, "addressbook-home-set"): href(home_path(holder)),
    }


def book_props(holder: Holder, token: str) -> dict[Name, str]:
    """The address book (RFC 6352 §6.2), its sync token (RFC 6578 §4) and its ctag."""
    types = "".join(
        f'<c:address-data-type content-type="text/vcard" version="{version}"/>' for version in VERSIONS
    )
    reports = "".join(
        element((DAV, "supported-report"), element((DAV, "report"), element(name))) for name in REPORTS
    )
    collations = "".join(
        element((CARD, "supported-collation"), name) for name in ("i;ascii-casemap", "i;unicode-casemap")
    )
    return {
        **_common(holder, "Danh bạ công vụ"),
        (DAV, "resourcetype"): _COLLECTION + element((CARD, "addressbook")),
        (CARD, "addressbook-description"): text(
            "Người và đơn vị mà bạn có thể gửi thư / whom you may write to"
        ),
        (CARD, "supported-address-data"): types,
        (CARD, "supported-collation-set"): collations,
        (CARD, "max-resource-size"): str(MAX_CARD),
        (DAV, "supported-report-set"): reports,
        (DAV, "sync-token"): text(token),
        (CALENDAR_SERVER, "getctag"): text(token),
    }


REPORTS: Final[tuple[Name, ...]] = (
    (CARD, "addressbook-query"),
    (CARD, "addressbook-multiget"),
    (DAV, "sync-collection"),
)


def etag_props(etag: str) -> dict[Name, str]:
    """A card of which no more is known than that it is there."""
    return {
        (DAV, "getetag"): f'"{etag}"',
        (DAV, "getcontenttype"): "text/vcard; charset=utf-8",
        (DAV, "resourcetype"): "",
    }


def card_props(card: Card, holder: Holder, domain: str, asked: Element | None) -> dict[Name, str]:
    """A card with its data, in the version and the properties asked for (RFC 6352 §10.4)."""
    version, names = data_asked(asked)
    body = vcard(card, domain, version, names)
    return {
        **_common(holder, card.name),
        **etag_props(card.etag),
        (DAV, "getcontentlength"): str(len(vcard(card, domain).encode())),
        (CARD, "address-data"): text(body),
    }


class UnsupportedData(ValueError):
    """Address data of a type that is not among those announced (RFC 6352 §8.7, supported-address-data)."""


def data_asked(asked: Element | None) -> tuple[str, Collection[str]]:
    """The version and the properties that an address-data element names."""
    if asked is None:
        return "3.0", ()
    version = asked.attributes.get("version", "3.0")
    if asked.attributes.get("content-type", "text/vcard") != "text/vcard" or version not in VERSIONS:
        raise UnsupportedData(version)
    return version, _named(asked.all((CARD, "prop")))


def _named(props: Iterable[Element]) -> frozenset[str]:
    return frozenset(prop.attributes.get("name", "").upper() for prop in props)


def _common(holder: Holder, name: str) -> dict[Name, str]:
    reading = element((DAV, "privilege"), element((DAV, "read")))
    return {
        (DAV, "displayname"): text(name),
        (DAV, "current-user-principal"): href(principal_path(holder)),
        (DAV, "current-user-privilege-set"): reading,
        (DAV, "owner"): href(principal_path(holder)),
    }

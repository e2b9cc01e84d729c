"""Answers as XML: multistatus with its responses (RFC 4918 §13), and errors that name a precondition (§16)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from webmail.carddav.xml_in import CARD, DAV

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Name = tuple[str, str]
_PREFIXES = {DAV: "d", CARD: "c", "http://calendarserver.org/ns/": "s"}
_SPACES = "".join(f' xmlns:{prefix}="{space}"' for space, prefix in _PREFIXES.items())
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
STATUS = {200: "200 OK", 404: "404 Not Found", 507: "507 Insufficient Storage"}


def element(name: Name, inner: str = "") -> str:
    """An element; `inner` is XML already."""
    prefix = _PREFIXES.get(name[0])
    tag = f"{prefix}:{name[1]}" if prefix else f'x:{name[1]} xmlns:x="{escape(name[0], {chr(34): "&quot;"})}"'
    closing = tag.partition(" ")[0]
    return f"<{tag}>{inner}</{closing}>" if inner else f"<{tag}/>"


def text(value: str) -> str:
    """Escaped; control characters, which XML 1.0 cannot hold, go."""
    return escape("".join(one for one in value if one >= " " or one in "\t\n\r"))


def href(path: str) -> str:
    """A path of ours."""
    return element((DAV, "href"), text(path))


def response(path: str, found: Mapping[Name, str], missing: Iterable[Name] = ()) -> str:
    """One resource with the properties that it has, and the names of those it has not (RFC 4918 §9.1)."""
    parts = [href(path)]
    if found:
        inner = "".join(element(name, value) for name, value in found.items())
        parts.append(_propstat(inner, 200))
    lacking = "".join(element(name) for name in missing)
    if lacking or not found:
        parts.append(_propstat(lacking, 404 if lacking else 200))
    return element((DAV, "response"), "".join(parts))


def status_response(path: str, status: int, inner: str = "") -> str:
    """One resource of which only the status is told: gone, or cut off."""
    return element((DAV, "response"), href(path) + _status(status) + inner)


def multistatus(responses: Iterable[str], tail: str = "") -> str:
    """207's document."""
    return f"{HEAD}<d:multistatus{_SPACES}>{''.join(responses)}{tail}</d:multistatus>"


def error(precondition: Name, inner: str = "") -> str:
    """The document of a refusal, with the precondition that was not met."""
    return f"{HEAD}<d:error{_SPACES}>{element(precondition, inner)}</d:error>"


def _propstat(inner: str, status: int) -> str:
    return element((DAV, "propstat"), f"<d:prop>{inner}</d:prop>" + _status(status))


def _status(status: int) -> str:
    return element((DAV, "status"), f"HTTP/1.1 {STATUS[status]}")

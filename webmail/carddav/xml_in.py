"""Requests as XML, read by a parser that knows no entities, no document types and no end of patience (RFC 4918 §20.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator

DAV: Final = "DAV:"
CARD: Final = "urn:ietf:params:xml:ns:carddav"
MAX_ELEMENTS: Final = 60_000
"""A client may ask for every card of a province by name."""
MAX_DEPTH: Final = 16
MAX_TEXT: Final = 2_000
MAX_ATTRIBUTES: Final = 12


class BadXml(ValueError):
    """Octets that are no request: not well-formed, too large, or with a document type."""


@dataclass(slots=True)
class Element:
    """One element: its name as (name space, name), its attributes and what is in it."""

    name: tuple[str, str]
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, name: tuple[str, str]) -> Iterator[Element]:
        """Children of this name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: tuple[str, str]) -> Element | None:
        """The first child of this name."""
        return next(self.all(name), None)


def parse(octets: bytes) -> Element:
    """The document's element; BadXml for anything that is not one within bounds."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.ProcessingInstructionHandler = None
    try:
        parser.Parse(octets, True)
    except expat.ExpatError as error:
        raise BadXml(str(error)) from error
    if reader.root is None:
        raise BadXml("empty")
    return reader.root


class _Reader:
    """Builds the elements, counting as it goes."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH or len(attributes) > MAX_ATTRIBUTES:
            raise BadXml("too large")
        space, _, local = name.rpartition(" ")
        element = Element((space, local), attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        if self._open:
            element = self._open[-1]
            if len(element.text) + len(text) > MAX_TEXT:
                raise BadXml("text too long")
            element.text += text

    @staticmethod
    def refuse(*_: object) -> None:
        raise BadXml("a document type is not read")

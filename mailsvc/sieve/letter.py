"""A letter as a script sees it: header fields that it may change, body, envelope (RFC 5228 §5, RFC 5293)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mailsvc.mime.address_list import parse_address_list
from mailsvc.mime.encoded_word import decode_words
from mailsvc.mime.header_write import field_line, text_words
from mailsvc.mime.html_text import html_to_text
from mailsvc.mime.parse import field_value, parse
from mailsvc.mime.text import part_text, walk

if TYPE_CHECKING:
    from mailsvc.mime.parse import Entity

MAX_BODY: Final = 1 << 20
"""Characters of a body that are looked through."""
MAX_FIELDS: Final = 2_000
PROTECTED: Final = frozenset({"received", "auto-submitted"})
"""A script may not take these away, or add them: they stop loops (RFC 5293 §6)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What SMTP said (RFC 5228 §5.4)."""

    sender: str
    """Empty for the null path."""
    recipient: str


@dataclass(frozen=True, slots=True)
class HeaderField:
    """One field; `value` is decoded and on one line."""

    name: str
    value: str
    octets: bytes = b""
    """As it was sent, with its line end; empty for one that the script has added."""


class Letter:
    """The octets of a letter, its envelope, and its header fields as the script has left them."""

    def __init__(self, octets: bytes, envelope: Envelope) -> None:
        """`octets` is the letter with the trace that delivery put before it."""
        self.octets = octets
        self.envelope = envelope
        self.entity: Entity = parse(octets)
        self.is_changed = False
        """Whether the script has added or taken away fields."""

    @cached_property
    def fields(self) -> list[HeaderField]:
        """All header fields in order; those that the script changes are changed here."""
        found = []
        for field in self.entity.fields[:MAX_FIELDS]:
            start = self.octets.rfind(b"\n", 0, field.start) + 1
            written = self.octets[start : field.end] + b"\r\n"
            name = field.name.strip().decode("latin-1")
            found.append(HeaderField(name, decode_words(field_value(self.octets, field)), written))
        return found

    def header(self) -> bytes:
        """The header as the script has left it; what it did not touch is as it was sent."""
        lines = [field.octets or field_line(field.name, text_words(field.value)) for field in self.fields]
        return b"".join(lines)

    def values(self, name: str) -> list[str]:
        """The values of every field of this name, in any case."""
        lower = name.lower()
        return [field.value for field in self.fields if field.name.lower() == lower]

    def addresses(self, name: str) -> list[str]:
        """Every address in the fields of this name."""
        return [address for value in self.values(name) for address in addresses_in(value)]

    def texts(self) -> list[str]:
        """The readable text of each text part (RFC 5173 §5.3)."""
        found: list[str] = []
        left = MAX_BODY
        for _, part in walk(self.entity):
            if part.media_type == "text" and left > 0:
                text, _ = part_text(self.octets, part, left * 4)
                text = html_to_text(text) if part.subtype == "html" else text
                found.append(text[:left])
                left -= len(text)
        return found

    def parts(self, types: tuple[str, ...]) -> list[str]:
        """The decoded text of each part of these media types; "" is every part, "text" every text (RFC 5173 §5.2)."""
        found: list[str] = []
        left = MAX_BODY
        for _, part in walk(self.entity):
            media = f"{part.media_type}/{part.subtype}"
            if left > 0 and any(_is_of(media, wanted.lower()) for wanted in types):
                text, _ = part_text(self.octets, part, left * 4)
                found.append(text[:left])
                left -= len(text)
        return found

    def raw_body(self) -> str:
        """The body as it was sent (RFC 5173 §5.1)."""
        body = self.octets[self.entity.body_start : self.entity.body_start + MAX_BODY]
        return body.decode("utf-8", "replace")


def addresses_in(value: str) -> list[str]:
    """Every address in a header value; groups are not addresses (RFC 5228 §5.1)."""
    return [
        f"{one.mailbox.decode('utf-8', 'replace')}@{one.domain.decode('utf-8', 'replace')}"
        for one in parse_address_list(value.encode())
        if one.mailbox is not None and one.domain
    ]


def _is_of(media: str, wanted: str) -> bool:
    if not wanted:
        return True
    if "/" in wanted:
        return media == wanted and not wanted.startswith("/") and not wanted.endswith("/")
    return media.startswith(wanted + "/")

"""How a letter is brought into the form that is signed (RFC 6376 §3.4), in linear time whatever it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_HEADER_OCTETS = 1024 * 1024  # a header larger than this is not authenticated

_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")
_SPACES = re.compile(rb"[ \t]+")
_REVERSED_EMPTY_LINES = re.compile(rb"(?:\n\r)*")


class LetterError(ValueError):
    """The header is too large, or no header."""


@dataclass(frozen=True, slots=True)
class HeaderField:
    """One field as it stands in the letter, without its last line end."""

    name: str
    """In lower case."""
    raw: bytes

    @property
    def value(self) -> bytes:
        """What follows the colon, still folded."""
        return self.raw.partition(b":")[2]


@dataclass(frozen=True, slots=True)
class Letter:
    """Header fields from the top, and the body."""

    fields: tuple[HeaderField, ...]
    body: bytes

    def named(self, name: str) -> tuple[HeaderField, ...]:
        """All fields of a name (in lower case), from the top."""
        return tuple(one for one in self.fields if one.name == name)


def read_letter(octets: bytes) -> Letter:
    """Split a letter with CRLF lines into header fields and body (RFC 5322 §2.1)."""
    if octets.startswith(b"\r\n"):
        return Letter((), octets[2:])
    end = octets.find(b"\r\n\r\n")
    header, body = (octets, b"") if end < 0 else (octets[:end], octets[end + 4 :])
    if len(header) > MAX_HEADER_OCTETS:
        raise LetterError("the header is too large")
    fields: list[HeaderField] = []
    lines: list[bytes] = []
    for line in header.removesuffix(b"\r\n").split(b"\r\n"):
        if line.startswith((b" ", b"\t")) and lines:
            lines.append(line)
            continue
        if lines:
            fields.append(_field(lines))
        lines = [line]
    if lines and lines != [b""]:
        fields.append(_field(lines))
    return Letter(tuple(fields), body)


def _field(lines: list[bytes]) -> HeaderField:
    found = _FIELD.match(lines[0])
    if found is None:
        raise LetterError("a line of the header is no field")
    return HeaderField(found[1].decode("ascii").lower(), b"\r\n".join(lines))


def canonical_field(raw: bytes, *, relaxed: bool) -> bytes:
    """One field without its last line end (RFC 6376 §3.4.1, §3.4.2)."""
    if not relaxed:
        return raw
    name, _, value = raw.partition(b":")
    value = _SPACES.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip(b" \t").lower() + b":" + value


def canonical_body(body: bytes, *, relaxed: bool) -> bytes:
    """The body without empty lines at its end (RFC 6376 §3.4.3, §3.4.4)."""
    if relaxed:
        # Runs become one space first, so that trailing space is a plain replacement and not a search.
        body = _SPACES.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    tail = body[len(body.rstrip(b"\r\n")) :]
    empty = _REVERSED_EMPTY_LINES.match(tail[::-1])
    assert empty is not None
    body = body[: len(body) - empty.end()]
    if relaxed and not body:
        return b""
    return body + b"\r\n"


def select_fields(letter: Letter, names: tuple[str, ...]) -> list[HeaderField]:
    """The fields that h= names: each name takes the lowest that is left, or none (RFC 6376 §5.4.2)."""
    wanted = set(names)
    left: dict[str, list[HeaderField]] = {}
    for one in letter.fields:
        if one.name in wanted:
            left.setdefault(one.name, []).append(one)
    return [left[name].pop() for name in names if left.get(name)]

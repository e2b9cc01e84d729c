"""Content-Type and Content-Disposition: a word and its parameters (RFC 2045 §5.1, RFC 2183, RFC 2231)."""

import re
from dataclasses import dataclass
from typing import Final

from mailsvc.mime.tokens import BROKEN, END, MORE, Cursor

MAX_PARAMS: Final = 200
MAX_TRIES: Final = 1_000  # places where a parameter may begin
MAX_VALUE: Final = 8 * 1024  # octets of one such field that are looked at

_USUAL = re.compile(
    rb"\s*([A-Za-z0-9.+_-]+)/([A-Za-z0-9.+_-]+)"
    rb'(?:;[ \t\r\n]*([A-Za-z0-9_-]+)=(?:"([^"\\\r\n]*)"|([A-Za-z0-9._+-]+)))?\s*;?\s*\Z'
)
_CONTINUED = re.compile(rb"([^*]+)\*(?:(\d{1,4})(\*)?)?\Z")
_UP_TO_SEMICOLON = re.compile(rb"[^; \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Parameterized:
    """A value such as `text/plain` or `attachment`, as it was written, with its parameters in order.

    RFC 2231 continuations are joined; a parameter in extended notation keeps the `*` at the end of its name and
    its raw `charset'language'%XX` value, for the reader to decode.
    """

    value: bytes
    params: tuple[tuple[bytes, bytes], ...] = ()

    def param(self, name: bytes) -> bytes | None:
        """The first parameter of this (lower-case) name, plain notation."""
        for key, value in self.params:
            if key.lower() == name:
                return value
        return None


def parse_content_type(raw: bytes) -> Parameterized:
    """The media type as `type/subtype` and its parameters (RFC 2045 §5.1).

    A broken value gives what could be read before the fault, and no parameters.
    """
    simple = _USUAL.match(raw)
    if simple is not None:
        major, minor, key, quoted, token = simple.groups()
        value = major + b"/" + minor
        if key is None:
            return Parameterized(value)
        return Parameterized(value, ((key, quoted if quoted is not None else token),))
    cursor = Cursor(raw[:MAX_VALUE])
    words: list[bytes] = []
    if cursor.skip() != MORE or cursor.mime_token(words) != MORE or cursor.peek() != 0x2F:
        return Parameterized(b"".join(words))
    cursor.pos += 1
    words.append(b"/")
    if cursor.skip() != MORE or cursor.mime_token(words) == BROKEN:
        return Parameterized(b"".join(words))
    return Parameterized(b"".join(words), _params(cursor))


def parse_disposition(raw: bytes) -> Parameterized | None:
    """Content-Disposition (RFC 2183 §2); None when it has no first word."""
    cursor = Cursor(raw[:MAX_VALUE])
    cursor.skip()
    words: list[bytes] = []
    if cursor.mime_token(words) == BROKEN:
        return None
    return Parameterized(b"".join(words), _params(cursor))


def _params(cursor: Cursor) -> tuple[tuple[bytes, bytes], ...]:
    plain: list[tuple[bytes, bytes]] = []
    fragments: dict[bytes, list[tuple[int, bool, bytes, bytes]]] = {}
    count = 0
    while cursor.pos < cursor.end and len(plain) < MAX_PARAMS and count < MAX_TRIES:
        count += 1
        pair = _one_param(cursor)
        if pair is None:
            # Whatever it was, the next semicolon is where sense may begin again.
            cursor.pos = cursor.data.find(b";", cursor.pos)
            if cursor.pos < 0:
                break
            continue
        key, value = pair
        continued = _CONTINUED.match(key) if b"*" in key else None
        if continued is None:
            plain.append(pair)
        else:
            name, number, extended = continued.groups()
            fragments.setdefault(name.lower(), []).append(
                (int(number or 0), number is None or extended is not None, value, name)
            )
    for pieces in fragments.values():
        joined = _join_fragments(pieces)
        if joined is not None:
            plain.append(joined)
    return tuple(plain)


def _one_param(cursor: Cursor) -> tuple[bytes, bytes] | None:
    if cursor.data[cursor.pos] != 0x3B:
        return None
    cursor.pos += 1
    if cursor.skip() != MORE:
        return None
    key: list[bytes] = []
    if cursor.mime_token(key) != MORE or cursor.peek() != 0x3D or key[0] == b"":
        return None
    cursor.pos += 1
    value: list[bytes] = []
    result = cursor.skip()
    if result == END:
        return key[0], b""
    octet = cursor.peek()
    if octet == 0x22:
        result = cursor.quoted_string(value)
    elif octet == 0x3D:
        # An unquoted encoded word, as old clients wrote file names: name==?utf-8?b?...?=
        match = _UP_TO_SEMICOLON.match(cursor.data, cursor.pos)
        assert match is not None
        value.append(match.group())
        cursor.pos = match.end()
        cursor.skip()
    else:
        result = cursor.mime_token(value)
    return None if result == BROKEN else (key[0], b"".join(value))


def _join_fragments(pieces: list[tuple[int, bool, bytes, bytes]]) -> tuple[bytes, bytes] | None:
    """name*0, name*1 ... in numeric order and without gaps (RFC 2231 §3); one extended makes all extended (§4.1)."""
    pieces.sort(key=lambda piece: piece[0])
    if pieces[0][0] != 0:
        return None
    name = pieces[0][3]
    extended = any(piece[1] for piece in pieces)
    value: list[bytes] = []
    for expected, (number, is_extended, text, _) in enumerate(pieces):
        if number != expected:
            break
        value.append(b"".join(_percent(octet) for octet in text) if extended and not is_extended else text)
    if extended and not pieces[0][1]:
        value.insert(0, b"''")  # no charset was said, so an empty one (RFC 2231 §4)
    return (name + b"*" if extended else name), b"".join(value)


def _percent(octet: int) -> bytes:
    safe = 0x30 <= octet <= 0x39 or 0x41 <= (octet & 0xDF) <= 0x5A or octet in b"-._"
    return bytes((octet,)) if safe else b"%%%02X" % octet

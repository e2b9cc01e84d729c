"""The first address of a field, read from a ready-made ENVELOPE (RFC 3501 §7.4.2)."""

from __future__ import annotations

import re

from mailsvc.mime.encoded_word import decode_words

FROM, TO, CC = 2, 5, 6
"""Places of the fields in an ENVELOPE."""

_TOKEN = re.compile(rb'\(|\)|NIL|"((?:[^"\\]|\\.)*+)"|\{([0-9]+)\}\r\n')
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_IN_ADDRESS = 3
"""Parentheses around a word of an address: those of the envelope, the list and the address."""
_PARTS = 4


def mailbox_of(envelope: bytes, field: int) -> str:
    """addr-mailbox, as SORT compares it; empty without an address (RFC 5256 §3, SORT)."""
    return first_address(envelope, field)[2].decode("utf-8", "replace").casefold()


def display_of(envelope: bytes, field: int) -> str:
    """The name, or the address of one without a name, as SORT compares it (RFC 5957 §3)."""
    name, _, mailbox, host = first_address(envelope, field)
    shown = decode_words(name) or (mailbox + b"@" + host if mailbox and host else mailbox).decode(
        "utf-8", "replace"
    )
    return shown.casefold()


def first_address(envelope: bytes, field: int) -> tuple[bytes, bytes, bytes, bytes]:
    """Name, route, mailbox and host; NIL is empty, and so are all four where there is no address."""
    at = depth = place = 0
    parts: list[bytes] = []
    while place <= field and (match := _TOKEN.search(envelope, at)) is not None:
        at = match.end()
        word = match.group()
        if word == b"(":
            depth += 1
            continue
        if word == b")":
            depth -= 1
            place += depth == 1
            continue
        value = b"" if word == b"NIL" else match.group(1)
        if value is None:
            size = int(match.group(2))
            value = envelope[at : at + size]
            at += size
        else:
            value = _QUOTED_PAIR.sub(rb"\1", value)
        if depth == 1:
            place += 1
        elif depth == _IN_ADDRESS and place == field:
            parts.append(value)
            if len(parts) == _PARTS:
                return parts[0], parts[1], parts[2], parts[3]
    return b"", b"", b"", b""

"""Mailbox names on the wire: modified UTF-7 (RFC 3501 §5.1.3) or UTF-8 (RFC 9051 §5.1), to and from NFC Unicode."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata

_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_DIRECT = re.compile(rb"[\x20-\x25\x27-\x7e]*\Z")
_NEEDS_SHIFT = re.compile("[^\x20-\x7e]+|&")


class MailboxNameError(ValueError):
    """Octets that are no mailbox name in modified UTF-7."""


def decode_mailbox(octets: bytes) -> str:
    """A mailbox name as Unicode in NFC, with INBOX in upper case (RFC 3501 §5.1, §5.1.3).

    Each name has one encoding only: superfluous shifts, lone surrogates and non-zero padding are refused.
    """
    name = octets.decode("ascii") if b"&" not in octets and _DIRECT.match(octets) else _decode_shifted(octets)
    return _inbox_in_capitals(name)


def decode_utf8_mailbox(octets: bytes) -> str:
    """A mailbox name of a client that has enabled UTF-8 (RFC 6855 §3, RFC 9051 §5.1); `&` is a letter like others.

    UnicodeDecodeError where it is not UTF-8.
    """
    name = octets.decode("utf-8")
    if any(char < " " or char == "\x7f" for char in name):
        raise MailboxNameError("control characters")
    return _inbox_in_capitals(unicodedata.normalize("NFC", name))


def encode_mailbox(name: str) -> bytes:
    """The name in modified UTF-7 (RFC 3501 §5.1.3)."""
    if name.isascii() and "&" not in name and name.isprintable():
        return name.encode("ascii")
    return _NEEDS_SHIFT.sub(_encode_run, name).encode("ascii")


def _inbox_in_capitals(name: str) -> str:
    if name[:5].upper() == "INBOX" and name[5:6] in {"", "/"}:
        return "INBOX" + name[5:]
    return name


def _decode_shifted(octets: bytes) -> str:
    parts: list[str] = []
    position = 0
    for match in _SHIFTED.finditer(octets):
        parts.extend((_direct(octets[position : match.start()]), _run(match.group(1))))
        position = match.end()
        if (
            match.group(1)
            and octets[position : position + 1] == b"&"
            and octets[position + 1 : position + 2] != b"-"
        ):
            raise MailboxNameError("two shifted runs side by side")
    parts.append(_direct(octets[position:]))
    return unicodedata.normalize("NFC", "".join(parts))


def _direct(octets: bytes) -> str:
    if not _DIRECT.match(octets):
        raise MailboxNameError("not modified UTF-7")
    return octets.decode("ascii")


def _run(encoded: bytes) -> str:
    if not encoded:
        return "&"
    padded = encoded.replace(b",", b"/") + b"=" * (-len(encoded) % 4)
    try:
        text = base64.b64decode(padded, validate=True).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        raise MailboxNameError("a shifted run is not UTF-16 in base64") from None
    if _encode_base64(text) != encoded or any(
        " " <= char <= "~" or char < " " or char == "\x7f" for char in text
    ):
        raise MailboxNameError("a shifted run is not in its one encoding")
    return text


def _encode_run(match: re.Match[str]) -> str:
    run = match.group()
    return "&-" if run == "&" else f"&{_encode_base64(run).decode('ascii')}-"


def _encode_base64(text: str) -> bytes:
    return base64.b64encode(text.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")

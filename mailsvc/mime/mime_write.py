"""MIME parts as we send them: bodies in the encoding that is shortest, boundaries that occur nowhere (RFC 2045, RFC 2046)."""

import base64
import binascii
import hashlib
import re
from typing import Final

from mailsvc.mime.charsets import nfc
from mailsvc.mime.header_write import LINE, MAX_LINE, field_line

_LONG_LINE = re.compile(rb"[^\n]{%d}" % (LINE + 1))
_TOO_LONG_LINE = re.compile(rb"[^\n]{%d}" % (MAX_LINE + 1))
_FROM = re.compile(rb"^From ", re.MULTILINE)
_TRAILING_SPACE = re.compile(rb"[ \t]$", re.MULTILINE)
_LONE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")


def text_part(text: str, subtype: str) -> bytes:
    """A text part in UTF-8 (us-ascii text is that too): 7bit, quoted-printable or base64, whichever is short and safe."""
    text = nfc(text).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    octets = text.encode("utf-8", "replace")
    if octets and not octets.endswith(b"\n"):
        octets += b"\n"
    return encoded_text(octets, (b"text/" + subtype.encode("ascii") + b";", b'charset="utf-8"'))


def encoded_text(octets: bytes, content_type: tuple[bytes, ...]) -> bytes:
    """Octets of LF-ended lines as a part of this type, in a transfer encoding that any road keeps (RFC 2045 §6)."""
    if (
        octets.isascii()
        and _LONG_LINE.search(octets) is None
        and _FROM.search(octets) is None
        and _TRAILING_SPACE.search(octets) is None
        and b"\r" not in octets
    ):
        return _part(content_type, b"7bit", octets.replace(b"\n", b"\r\n"))
    quoted = binascii.b2a_qp(octets, istext=True)
    if len(quoted) <= len(octets) * 4 // 3 + 100:
        quoted = _FROM.sub(b"=46rom ", quoted)
        return _part(content_type, b"quoted-printable", quoted.replace(b"\n", b"\r\n"))
    # Encoded text keeps the canonical line end, CRLF (RFC 2045 §6.8).
    return _part(content_type, b"base64", wrapped_base64(octets.replace(b"\n", b"\r\n")))


def binary_part(data: bytes, content_type: tuple[bytes, ...], *fields: bytes) -> bytes:
    """Any octets as base64 at 76 columns, with more header fields."""
    return _part(content_type, b"base64", wrapped_base64(data), *fields)


def message_part(letter: bytes, *fields: bytes) -> bytes | None:
    """An enclosed letter as it is (RFC 2046 §5.2.1); None if it has lines that no server may pass on."""
    if (
        _TOO_LONG_LINE.search(letter) is not None
        or _LONE_LINE_END.search(letter) is not None
        or b"\0" in letter
    ):
        return None
    encoding = b"7bit" if letter.isascii() else b"8bit"
    return _part(
        (b"message/rfc822",), encoding, letter if letter.endswith(b"\n") else letter + b"\r\n", *fields
    )


def multipart(subtype: str, parts: list[bytes], *parameters: bytes) -> bytes:
    """Parts in a multipart; one with octets above 127 makes the whole 8bit (RFC 2045 §6.4)."""
    digest = hashlib.sha256(
        b"\0".join(hashlib.sha256(part).digest() for part in parts) + subtype.encode()
    ).hexdigest()
    number = 0
    while True:
        # "=_" can stand in neither quoted-printable nor base64 (RFC 2045 §6.7).
        boundary = f"=_{digest[:30]}_{number}".encode("ascii")
        if not any(b"--" + boundary in part for part in parts):
            break
        number += 1
    words = [b"multipart/" + subtype.encode("ascii") + b";", *(word + b";" for word in parameters)]
    out = [field_line("Content-Type", (*words, b'boundary="' + boundary + b'"'))]
    if not all(part.isascii() for part in parts):
        out.append(b"Content-Transfer-Encoding: 8bit\r\n")
    out.append(b"\r\n")
    for part in parts:
        # The line end before a delimiter is the delimiter's (RFC 2046 §5.1.1), so a part's own last one stays its own.
        out += (b"--" + boundary + b"\r\n", part, b"\r\n")
    out.append(b"--" + boundary + b"--\r\n")
    return b"".join(out)


def wrapped_base64(data: bytes) -> bytes:
    """Base64 in lines of 76 characters, each ended by CRLF (RFC 2045 §6.8)."""
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


MIME_VERSION: Final = b"MIME-Version: 1.0\r\n"


def _part(content_type: tuple[bytes, ...], encoding: bytes, body: bytes, *fields: bytes) -> bytes:
    return b"".join(
        (
            field_line("Content-Type", content_type),
            b"Content-Transfer-Encoding: " + encoding + b"\r\n",
            *fields,
            b"\r\n",
            body,
        )
    )

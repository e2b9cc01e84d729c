"""Text in header fields: encoded words (RFC 2047) and extended parameters (RFC 2231), read tolerantly, written strictly."""

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from mailsvc.mime.charsets import decode as decode_charset
from mailsvc.mime.charsets import guess, nfc

MAX_TEXT: Final = 64 * 1024  # octets of one value that are decoded
WORD_LENGTH: Final = 75  # RFC 2047 §2

_AROUND: Final = len("=?utf-8?q??=")

_WORD = re.compile(rb"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*+)\?=")
_CONTROLS = re.compile("[\x00-\x1f\x7f\u2028\u2029\x85]+")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_PRINTABLE = re.compile(r"[ -~]*\Z")


def decode_words(value: bytes) -> str:
    """A header value as people read it, in NFC and on one line (RFC 2047 §6).

    White space between two encoded words goes. Neighbours in the same charset are joined before decoding, because many
    senders cut a letter in two. Octets above 127 outside encoded words are guessed.
    """
    value = value[:MAX_TEXT]
    if b"=?" not in value:
        return _one_line(guess(value))
    out: list[str] = []
    pos = 0
    pending, pending_charset = b"", ""
    for match in _WORD.finditer(value):
        between = value[pos : match.start()]
        pos = match.end()
        charset, coding, text = match.groups()
        name = charset.decode("latin-1").lower()
        octets = _b(text) if coding in b"bB" else _q(text)
        if pending_charset and not between.strip() and name == pending_charset:
            pending += octets
            continue
        if pending_charset:
            out.append(decode_charset(pending, pending_charset))
            between = between if between.strip() else b""
        if between:
            out.append(guess(between))
        pending, pending_charset = octets, name
    if pending_charset:
        out.append(decode_charset(pending, pending_charset))
    out.append(guess(value[pos:]))
    return _one_line("".join(out))


def decode_extended(value: bytes) -> str:
    """An extended parameter value, charset'language'%XX (RFC 2231 §4)."""
    charset, _, rest = value[:MAX_TEXT].partition(b"'")
    _, quote, text = rest.partition(b"'")
    if not quote:
        return _one_line(guess(unquote_to_bytes(value)))
    return _one_line(decode_charset(unquote_to_bytes(text), charset.decode("latin-1") or None))


def encode_words(text: str, first: int = WORD_LENGTH) -> tuple[bytes, ...]:
    """Text as encoded words of at most 75 characters each (the first of `first`), to be joined by white space.

    Q where that is shorter (Latin text with a few marks), else B; a word never cuts a character (RFC 2047 §2, §5).
    """
    text = nfc(text)
    octets = text.encode("utf-8", "replace")
    use_q = sum(3 if not _q_safe(octet) else 1 for octet in octets) <= len(octets) * 4 // 3
    room = max(min(first, WORD_LENGTH), 24) - _AROUND
    words: list[bytes] = []
    chunk = b""
    size = 0
    for character in text:
        one = character.encode("utf-8", "replace")
        cost = len(_q_encode(one)) if use_q else len(one)
        if chunk and size + cost > (room if use_q else room // 4 * 3):
            words.append(_word(chunk, use_q=use_q))
            chunk, size, room = b"", 0, WORD_LENGTH - _AROUND
        chunk += one
        size += cost
    words.append(_word(chunk, use_q=use_q))
    return tuple(words)


def needs_encoding(text: str) -> bool:
    """Whether text cannot stand in a header field as it is."""
    return _PRINTABLE.match(text) is None or "=?" in text


def _one_line(text: str) -> str:
    return nfc(_CONTROLS.sub(" ", text)) if text else ""


def _b(text: bytes) -> bytes:
    text = _NOT_BASE64.sub(b"", text)
    if len(text) % 4 == 1:
        text = text[:-1]
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def _q(text: bytes) -> bytes:
    return binascii.a2b_qp(text, header=True)


def _q_safe(octet: int) -> bool:
    return 0x30 <= octet <= 0x39 or 0x41 <= (octet & 0xDF) <= 0x5A or octet in b" !*+-/"


def _q_encode(octets: bytes) -> bytes:
    return b"".join(
        b"_" if octet == 0x20 else bytes((octet,)) if _q_safe(octet) else b"=%02X" % octet for octet in octets
    )


def _word(octets: bytes, *, use_q: bool) -> bytes:
    if use_q:
        return b"=?utf-8?q?" + _q_encode(octets) + b"?="
    return b"=?utf-8?b?" + base64.b64encode(octets) + b"?="

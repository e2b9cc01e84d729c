"""What a client says after AUTH: PLAIN (RFC 4616) and LOGIN, as SMTP carries them (RFC 4954 §4)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass, field


class SaslError(ValueError):
    """The client's words are not what the mechanism asks for."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and its password; the password is never shown."""

    login: str
    password: str = field(repr=False)


def decode_response(line: bytes) -> bytes:
    """One base64 line; `=` alone is an empty initial response (RFC 4954 §4). Raises SaslError."""
    if line == b"=":
        return b""
    try:
        return b64decode(line, validate=True)
    except binascii.Error:
        raise SaslError("not base64") from None


def parse_plain(message: bytes) -> Credentials:
    """`[authzid] NUL authcid NUL passwd` (RFC 4616 §2). Raises SaslError.

    Acting as somebody else is done by delegation after signing in as oneself, so a different authorisation
    identity is refused.
    """
    fields = message.split(b"\0")
    if len(fields) != 3:
        raise SaslError("PLAIN takes three fields")
    authzid, login, password = (_text(field) for field in fields)
    if authzid not in {"", login}:
        raise SaslError("authorisation identity differs")
    return _credentials(login, password)


def parse_login(name: bytes, password: bytes) -> Credentials:
    """The two answers of LOGIN (draft-murchison-sasl-login). Raises SaslError."""
    return _credentials(_text(name.rstrip(b"\0")), _text(password))


def _credentials(login: str, password: str) -> Credentials:
    if not login or not password or len(login) > 255 or len(password) > 1024:
        raise SaslError("name or password missing or too long")
    return Credentials(login, password)


def _text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise SaslError("not UTF-8") from None

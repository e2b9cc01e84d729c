"""AUTHENTICATE and its exchange (RFC 3501 §6.2.2, RFC 4959)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Authenticate(Command):
    """The client chooses a SASL mechanism."""

    mechanism: str
    initial_response: bytes | None = field(repr=False)
    """None when there is none; empty for `=` (RFC 4959 §3)."""


@dataclass(frozen=True, slots=True)
class SaslResponse(Command):
    """An answer to a challenge; `tag` is that of AUTHENTICATE."""

    data: bytes | None = field(repr=False)
    """None when the client gives up with `*` (RFC 3501 §6.2.2)."""


def parse_authenticate(tag: bytes, cursor: Cursor) -> Authenticate:
    """AUTHENTICATE SP mechanism [SP initial-response]."""
    cursor.space()
    mechanism = cursor.keyword().decode("ascii")
    if not cursor.skip(b" "):
        return Authenticate(tag, mechanism, None)
    raw = cursor.astring()
    return Authenticate(tag, mechanism, b"" if raw == b"=" else _decode(raw))


def parse_sasl_response(tag: bytes, line: bytes) -> SaslResponse:
    """One line of the exchange."""
    return SaslResponse(tag, None if line == b"*" else _decode(line))


def _decode(raw: bytes) -> bytes:
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error:
        raise MalformedError("Invalid base64") from None

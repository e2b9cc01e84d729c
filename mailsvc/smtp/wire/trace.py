"""Fields that a server adds to a letter, and what the fields of others tell about its road (RFC 5321 §4.4, §6.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from directory.address import Address

_HOST_WORD = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")
_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)
_DELIVERED_TO = re.compile(rb"^delivered-to[ \t]*:[ \t]*([^\r\n]{1,400})", re.IGNORECASE | re.MULTILINE)
_DATE = re.compile(rb"^date[ \t]*:", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^message-id[ \t]*:", re.IGNORECASE | re.MULTILINE)
_BCC = re.compile(rb"^(?:resent-)?bcc[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")


@dataclass(frozen=True, slots=True)
class Hop:
    """How a letter came to us."""

    client_name: str
    client_address: str
    by: str
    protocol: str
    """As RFC 3848 and RFC 6531 §4.3 name it."""
    letter_id: str
    only_recipient: Address | None
    """Named if there is one; several must not learn of each other."""
    date: str
    """RFC 5322 §3.3."""


def protocol_name(base: str, *, extended: bool, secure: bool, authenticated: bool, utf8: bool) -> str:
    """`ESMTPSA` and its kin; `base` is SMTP or LMTP (RFC 3848, RFC 6531 §4.3)."""
    suffix = ("S" if secure else "") + ("A" if authenticated else "")
    if utf8:
        return f"UTF8{base}{suffix}"
    if base == "LMTP":
        return f"LMTP{suffix}"
    return f"ESMTP{suffix}" if extended else "SMTP"


def received(hop: Hop) -> bytes:
    """The Received field of this hop (RFC 5321 §4.4)."""
    # What the client calls itself goes in only where it cannot be read as anything else.
    name = hop.client_name if _HOST_WORD.fullmatch(hop.client_name) else "unknown"
    address = f"IPv6:{hop.client_address}" if ":" in hop.client_address else hop.client_address
    recipient = "" if hop.only_recipient is None else f"\r\n\tfor <{hop.only_recipient}>"
    return (
        f"Received: from {name} ([{address}])\r\n"
        f"\tby {hop.by} with {hop.protocol} id {hop.letter_id}{recipient};\r\n"
        f"\t{hop.date}\r\n"
    ).encode()


def return_path(reverse_path: Address | None) -> bytes:
    """The Return-Path field, added at final delivery (RFC 5321 §4.4)."""
    path = "" if reverse_path is None else str(reverse_path)
    return f"Return-Path: <{path}>\r\n".encode()


def header_of(content: bytes) -> bytes:
    """The header section with the CRLF of its last field."""
    if content.startswith(b"\r\n"):
        return b""
    end = content.find(b"\r\n\r\n")
    return content if end < 0 else content[: end + 2]


def without_field(content: bytes, name: bytes) -> bytes:
    """The letter without any field of this lower-case name."""
    header = header_of(content)
    if name not in header.lower():
        return content
    field = re.compile(
        rb"^" + re.escape(name) + rb"[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE
    )
    return field.sub(b"", header) + content[len(header) :]


def values_of(header: bytes, name: bytes) -> list[bytes]:
    """The values of all fields of this name, from the top, still folded."""
    field = re.compile(
        rb"^" + re.escape(name) + rb"[ \t]*:([^\r\n]*+(?:\r\n[ \t][^\r\n]*+)*+)", re.IGNORECASE | re.MULTILINE
    )
    return field.findall(header)


def hops(header: bytes) -> int:
    """How many servers have handed it on (RFC 5321 §6.3)."""
    return len(_RECEIVED.findall(header))


def delivered_before(header: bytes, recipients: Iterable[Address]) -> set[str]:
    """Keys of the recipients to whose boxes this very letter was delivered already: it goes round in circles."""
    seen = {
        value.strip(b" \t<>").decode("utf-8", "replace").lower() for value in _DELIVERED_TO.findall(header)
    }
    return {recipient.key for recipient in recipients if recipient.key in seen} if seen else set()


def completed(
    content: bytes, *, date: str, message_id: str, from_: bytes = b"", sender: bytes = b""
) -> bytes:
    """A submitted letter with Date and Message-ID, which it must have, and without Bcc (RFC 6409 §8.2, §8.3).

    RFC 5322 §3.6.3: what stands in Bcc is not shown to others; some clients leave its removal to the server. `from_`
    is the whole field where there was none, `sender` the one that takes the place of whatever stood there
    (RFC 6409 §8.1).
    """
    content = without_field(content, b"sender")
    header = header_of(content)
    body = content[len(header) :]
    missing = from_ + sender
    if not _DATE.search(header):
        missing += b"Date: " + date.encode() + b"\r\n"
    if not _MESSAGE_ID.search(header):
        missing += b"Message-ID: <" + message_id.encode() + b">\r\n"
    if header and not _FIELD.match(header):
        return missing + b"\r\n" + content  # no header at all: all of it is text
    return missing + _BCC.sub(b"", header) + body

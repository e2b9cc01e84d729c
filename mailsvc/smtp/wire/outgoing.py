"""A letter on its way out: octets that are safe to send, and what a server must be able to take them (RFC 5321 §4.5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.smtp.wire.address import format_path
from mailsvc.smtp.wire.reply import Reply

if TYPE_CHECKING:
    from directory.address import Address


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a server said to EHLO: keyword -> its parameters (RFC 5321 §4.1.1.1)."""

    keywords: dict[str, str]

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.keywords

    @property
    def max_octets(self) -> int | None:
        """The SIZE it takes; None if it says nothing, or no fixed maximum (RFC 1870 §4)."""
        words = self.keywords.get("SIZE", "").split()
        return (
            int(words[0]) if words and words[0].isascii() and words[0].isdigit() and int(words[0]) else None
        )

    @property
    def auth_mechanisms(self) -> frozenset[str]:
        """Mechanisms of AUTH (RFC 4954 §3)."""
        return frozenset(self.keywords.get("AUTH", "").upper().split())


def parse_extensions(text: str) -> Extensions:
    """The lines after the first of a reply to EHLO."""
    keywords = {}
    for line in text.split("\n")[1:101]:
        keyword, _, parameters = line.replace("AUTH=", "AUTH ", 1).partition(" ")
        keywords[keyword.upper()] = parameters
    return Extensions(keywords)


def stuffed(content: bytes) -> bytes:
    """The octets after 354, with dots doubled and the final dot (RFC 5321 §4.5.2)."""
    text = content.replace(b"\r\n.", b"\r\n..")
    if text.startswith(b"."):
        text = b"." + text
    return text + (b".\r\n" if text.endswith(b"\r\n") or not text else b"\r\n.\r\n")


def is_smugglable(content: bytes) -> bool:
    """True if it holds a bare CR or LF: another server might see an end of the data there (RFC 5321 §2.3.8)."""
    pairs = content.count(b"\r\n")
    return content.count(b"\n") != pairs or content.count(b"\r") != pairs


def needs_utf8(header: bytes, reverse_path: Address | None, forward_path: Address) -> bool:
    """True if only a server with SMTPUTF8 can take this (RFC 6531 §3.1)."""
    return (
        not header.isascii()
        or not forward_path.is_ascii
        or (reverse_path is not None and not reverse_path.is_ascii)
    )


@dataclass(frozen=True, slots=True)
class Destination:
    """A recipient, and what the sender wants to hear of it."""

    path: Address
    notify: str | None = None
    """NOTIFY as it was given (RFC 3461 §4.1)."""
    original: str | None = None
    """ORCPT: address type, semicolon, address (RFC 3461 §4.2)."""


def mail_command(
    reverse_path: Address | None,
    extensions: Extensions,
    *,
    octets: int,
    eight_bit: bool,
    utf8: bool,
    envelope_id: str | None = None,
    return_full: bool | None = None,
    require_tls: bool = False,
) -> bytes:
    """MAIL with the parameters that the server knows."""
    words = [f"MAIL FROM:{format_path(reverse_path)}"]
    if "SIZE" in extensions:
        words.append(f"SIZE={octets}")
    if eight_bit and "8BITMIME" in extensions:
        words.append("BODY=8BITMIME")
    if utf8 and "SMTPUTF8" in extensions:
        words.append("SMTPUTF8")
    if "DSN" in extensions:  # RFC 3461 §4.3, §4.4
        if return_full is not None:
            words.append("RET=FULL" if return_full else "RET=HDRS")
        if envelope_id:
            words.append(f"ENVID={xtext(envelope_id)}")
    if require_tls:
        words.append("REQUIRETLS")
    return " ".join(words).encode() + b"\r\n"


def rcpt_command(recipient: Destination, extensions: Extensions) -> bytes:
    """RCPT for one recipient, with what its sender wants to hear where the server takes that on (RFC 3461 §5.2.1)."""
    words = [f"RCPT TO:{format_path(recipient.path)}"]
    if "DSN" in extensions:
        if recipient.notify is not None:
            words.append(f"NOTIFY={recipient.notify}")
        kind, _, original = (recipient.original or "").partition(";")
        if original and (original.isascii() or "SMTPUTF8" in extensions):
            words.append(f"ORCPT={kind};{original if kind == 'utf-8' else xtext(original)}")
    return " ".join(words).encode() + b"\r\n"


def xtext(text: str) -> str:
    """Printable ASCII as a parameter carries it (RFC 3461 §4)."""
    return "".join(
        one if "!" <= one <= "~" and one not in "+=" else f"+{ord(one) & 0xFF:02X}" for one in text
    )


SMUGGLED = Reply(554, "5.6.0", "The letter holds a bare CR or LF and is not sent on")
TOO_LARGE_THERE = Reply(552, "5.3.4", "The letter is larger than the next server takes")
NO_SMTPUTF8_THERE = Reply(
    553, "5.6.7", "The next server does not take addresses or headers in UTF-8 (SMTPUTF8)"
)
NO_REQUIRETLS_THERE = Reply(
    550, "5.7.30", "The next server does not promise TLS for the rest of the way (REQUIRETLS)"
)
"""What we say ourselves in place of a server that was never asked."""

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


def mail_command(
    reverse_path: Address | None, extensions: Extensions, *, octets: int, eight_bit: bool, utf8: bool
) -> bytes:
    """MAIL with the parameters that the server knows."""
    words = [f"MAIL FROM:{format_path(reverse_path)}"]
    if "SIZE" in extensions:
        words.append(f"SIZE={octets}")
    if eight_bit and "8BITMIME" in extensions:
        words.append("BODY=8BITMIME")
    if utf8 and "SMTPUTF8" in extensions:
        words.append("SMTPUTF8")
    return " ".join(words).encode() + b"\r\n"


def rcpt_command(forward_path: Address) -> bytes:
    """RCPT for one recipient."""
    return f"RCPT TO:{format_path(forward_path)}\r\n".encode()


SMUGGLED = Reply(554, "5.6.0", "The letter holds a bare CR or LF and is not sent on")
TOO_LARGE_THERE = Reply(552, "5.3.4", "The letter is larger than the next server takes")
NO_SMTPUTF8_THERE = Reply(
    553, "5.6.7", "The next server does not take addresses or headers in UTF-8 (SMTPUTF8)"
)
"""What we say ourselves in place of a server that was never asked."""

"""Replies: a code, an enhanced code and text, on one line or several (RFC 5321 §4.2, RFC 2034)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_TEXT = 900
"""Octets of text on one line: a reply line ends within 512 for old clients only if texts stay short, and
never passes 1,000 (RFC 5321 §4.5.3.1.5)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server says to one command."""

    code: int
    enhanced: str
    """`class.subject.detail` (RFC 3463 §2); empty for 220, 221 of a greeting, 250 of EHLO, 334 and 354."""
    text: str
    """Newlines separate the lines of a reply."""

    def __post_init__(self) -> None:
        # RFC 2034 §4: the class of the enhanced code is the first digit of the reply code.
        assert not self.enhanced or self.enhanced[0] == str(self.code)[0]

    @property
    def is_positive(self) -> bool:
        """True if the command was done (RFC 5321 §4.2.1, first digit)."""
        return self.code < 400

    def encode(self, *, utf8: bool = False) -> bytes:
        """The octets to send; text from strangers cannot break out of its line.

        RFC 6531 §3.7.4.2: without `utf8`, which SMTPUTF8 allows, Vietnamese loses its marks.
        """
        return _encoded(self, utf8=utf8)

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


@lru_cache(maxsize=256)
def _encoded(reply: Reply, *, utf8: bool) -> bytes:
    """A letter to a thousand recipients is answered a thousand times with the same words."""
    text = reply.text if utf8 or reply.text.isascii() else _without_marks(reply.text)
    if text.isascii() and text.isprintable() and len(text) <= _MAX_TEXT:  # nearly all of them
        return (
            f"{reply.code} {reply.enhanced} {text}\r\n" if reply.enhanced else f"{reply.code} {text}\r\n"
        ).encode()
    lines = [_UNSAFE.sub("?", line)[:_MAX_TEXT] for line in text.split("\n")]
    prefix = f"{reply.enhanced} " if reply.enhanced else ""
    last = len(lines) - 1
    return "".join(
        f"{reply.code}{' ' if at == last else '-'}{prefix}{line}\r\n" for at, line in enumerate(lines)
    ).encode()


def _without_marks(text: str) -> str:
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return (
        "".join(one for one in bare if one.isascii() or not unicodedata.combining(one))
        .encode("ascii", "replace")
        .decode()
    )


_DEFAULT_ENHANCED = {
    250: "2.0.0", 252: "2.1.5", 421: "4.3.2", 451: "4.3.0", 454: "4.7.0", 500: "5.5.2", 501: "5.5.4",
    502: "5.5.1", 503: "5.5.1", 504: "5.5.4", 530: "5.7.0", 538: "5.7.11", 554: "5.0.0",
}  # fmt: skip
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3}) +")


def reply_from_text(line: str) -> Reply:
    """A reply from a sentence of the library, which gives few enhanced codes (RFC 2034 §4 wants all)."""
    code, text = int(line[:3]), line[4:]
    found = _ENHANCED.match(text)
    if found:
        return Reply(code, found[1], text[found.end() :])
    return Reply(code, _DEFAULT_ENHANCED.get(code, ""), text)


def parse_reply(lines: list[bytes]) -> Reply:
    """The reply that another server gave, its enhanced code told apart (RFC 5321 §4.2, RFC 2034 §4).

    Raises ValueError if the lines are not one reply.
    """
    texts = []
    enhanced = ""
    code = lines[0][:3]
    if len(code) != 3 or not code.isdigit() or not b"200" <= code <= b"599":
        raise ValueError("not a reply")
    for at, line in enumerate(lines):
        separator = b" " if at == len(lines) - 1 else b"-"
        if line[:3] != code or line[3:4] not in (separator, b""):
            raise ValueError("not a reply")
        text = line[4:].decode("utf-8", "replace")
        found = _ENHANCED.match(text + " ")
        if found and found[1][0] == chr(code[0]):
            enhanced, text = found[1], text[found.end() :]
        texts.append(text)
    return Reply(int(code), enhanced, "\n".join(texts))

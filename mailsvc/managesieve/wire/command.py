"""One command as it comes: a word and its arguments (RFC 5804 §4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_ARGUMENTS = 8
_LITERAL = re.compile(rb"\{([0-9]{1,10})(\+?)\}\Z")
_TOKEN = re.compile(rb'(?P<quoted>"(?:[^"\\\r\n\x00]|\\["\\])*+")|(?P<atom>[^\x00-\x20"\\{}]+)')


class BadCommandError(Exception):
    """Octets that are no command; what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command; its name in upper case, its arguments as they were meant."""

    name: str
    arguments: tuple[bytes, ...] = field(default=(), repr=False)

    def text(self, number: int) -> str:
        """An argument as UTF-8; BadCommandError where it is not there or is none."""
        try:
            return self.arguments[number].decode("utf-8")
        except IndexError:
            raise BadCommandError(f"{self.name} needs more arguments") from None
        except UnicodeDecodeError:
            raise BadCommandError("not UTF-8") from None


def announced_literal(line: bytes) -> int | None:
    """Octets of the literal that follows this line; clients never wait before it (RFC 5804 §1.2)."""
    match = _LITERAL.search(line)
    return int(match[1]) if match else None


def parse(lines: list[bytes], literals: list[bytes]) -> Command:
    """A whole command: its lines without their ends, and the literals between them."""
    words: list[bytes] = []
    for number, line in enumerate(lines):
        if number < len(literals):
            text = _LITERAL.sub(b"", line)
            words += _words(text)
            words.append(literals[number])
        else:
            words += _words(line)
    if not words:
        raise BadCommandError("an empty command")
    if len(words) > MAX_ARGUMENTS:
        raise BadCommandError("too many arguments")
    if not words[0].isalpha():
        raise BadCommandError("not a command")
    return Command(words[0].decode("ascii").upper(), tuple(words[1:]))


def _words(text: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(text):
        if text[at : at + 1] == b" ":
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadCommandError(f"unexpected octet at column {at + 1}")
        if match["quoted"] is not None:
            found.append(re.sub(rb'\\(["\\])', rb"\1", match["quoted"][1:-1]))
        else:
            found.append(match["atom"])
        at = match.end()
    return found


def string(value: bytes) -> bytes:
    """Quoted where it can be, a literal where it must be (RFC 5804 §4)."""
    if len(value) <= 1000 and not re.search(rb"[\x00\r\n]", value):
        return b'"%b"' % value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b"{%d}\r\n%b" % (len(value), value)


def reply(condition: str, text: str, code: str = "") -> bytes:
    """OK, NO or BYE with a reason (RFC 5804 §1.3)."""
    said = condition.encode("ascii") + (b" (%b)" % code.encode() if code else b"")
    return said + (b" " + string(text.encode()) if text else b"") + b"\r\n"

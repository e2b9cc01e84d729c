"""Octets of a script as tokens (RFC 5228 §8.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from mailsvc.sieve.errors import SieveError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SCRIPT_OCTETS: Final = 64 << 10
MAX_NUMBER: Final = (1 << 31) - 1
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|\#[^\n]*(?:\n|\Z)|/\*.*?\*/)
      | (?P<text>text:[ \t]*(?:\#[^\n]*)?\r?\n)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<tag>:[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>[0-9]+)(?P<unit>[KMGkmg]?)(?![A-Za-z0-9_])
      | (?P<quoted>"(?:[^"\\]|\\.)*+")
      | (?P<mark>[\[\](){},;])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    TAG = auto()
    NUMBER = auto()
    STRING = auto()
    MARK = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token; words and tags in lower case, numbers with their unit reckoned in."""

    kind: Kind
    line: int
    text: str = ""
    number: int = 0


def tokens(script: bytes) -> Iterator[Token]:
    """All tokens, then END; SieveError for what is none."""
    if len(script) > MAX_SCRIPT_OCTETS:
        raise SieveError(0, f"the script is longer than {MAX_SCRIPT_OCTETS} octets")
    try:
        text = script.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SieveError(script.count(b"\n", 0, error.start) + 1, "not UTF-8") from None
    if "\0" in text:
        raise SieveError(text.count("\n", 0, text.index("\0")) + 1, "NUL")
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise SieveError(line, _complaint(text, at))
        if match["text"] is not None:
            value, end = _multi_line(text, match.end(), line)
            yield Token(Kind.STRING, line, value)
        else:
            end = match.end()
            if match["blank"] is None:
                yield _token(match, line)
        line += text.count("\n", at, end)
        at = end
    yield Token(Kind.END, line)


def _token(match: re.Match[str], line: int) -> Token:
    if match["word"] is not None:
        return Token(Kind.WORD, line, match["word"].lower())
    if match["tag"] is not None:
        return Token(Kind.TAG, line, match["tag"].lower())
    if match["quoted"] is not None:
        text = match["quoted"][1:-1].replace("\r\n", "\n").replace("\n", "\r\n")
        return Token(Kind.STRING, line, _ESCAPED.sub(r"\1", text))
    if match["mark"] is not None:
        return Token(Kind.MARK, line, match["mark"])
    digits, unit = match["number"], match["unit"].upper()
    number = int(digits) * _UNITS[unit] if len(digits) <= 10 else MAX_NUMBER + 1
    if number > MAX_NUMBER:
        raise SieveError(line, "number too large")
    return Token(Kind.NUMBER, line, number=number)


def _multi_line(text: str, at: int, line: int) -> tuple[str, int]:
    """Lines up to one that is a dot alone; a dot that was doubled is one (RFC 5228 §2.4.2)."""
    lines: list[str] = []
    while True:
        end = text.find("\n", at)
        if end < 0:
            if text[at:] == ".":
                return "".join(lines), len(text)
            raise SieveError(line, "text: has no end; it is a line with a dot alone")
        one = text[at:end].removesuffix("\r")
        at = end + 1
        if one == ".":
            return "".join(lines), at
        lines.append(one.removeprefix(".") + "\r\n" if one.startswith("..") else one + "\r\n")


def _complaint(text: str, at: int) -> str:
    if text[at] == '"':
        return "a string has no end"
    if text.startswith("/*", at):
        return "a comment has no end"
    return f"unexpected {text[at]!r}"

"""What people type into To, Cc and Bcc: names and addresses, between commas or semicolons."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from webmail.ports import Party

MAX_CHARS: Final = 200_000
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,253}\Z")
_ITEM: Final = re.compile(r"(?:\"(?:[^\"\\]|\\.)*\"|<[^<>]*>|[^,;\n\"<>])+")
_NAMED: Final = re.compile(r"\s*(?P<name>.*?)\s*<\s*(?P<address>[^<>]*?)\s*>\s*\Z", re.DOTALL)


class RecipientError(ValueError):
    """Something typed that is no address; `args[0]` is what."""


def parse_people(text: str) -> tuple[Party, ...]:
    """The recipients of a line, each address once (RFC 5322 §3.4, written as people write it)."""
    found: dict[str, Party] = {}
    text = unicodedata.normalize("NFC", text[:MAX_CHARS])
    rest = _ITEM.sub("", text)
    if '"' in rest or "<" in rest or ">" in rest:  # a quote or bracket that nobody closed
        raise RecipientError(text[:100])
    for match in _ITEM.finditer(text):
        item = match[0].strip()
        if not item:
            continue
        named = _NAMED.match(item)
        address = named["address"] if named else item
        if not _ADDRESS.match(address) or ".." in address or any(ord(char) < 32 for char in item):
            raise RecipientError(item[:100])
        name = _unquote(named["name"]) if named else ""
        found.setdefault(address.casefold(), Party(name, address))
    return tuple(found.values())


def readable_people(text: str) -> tuple[Party, ...]:
    """Those of a line that are addresses already; a draft is kept however unfinished it is."""
    found: list[Party] = []
    for match in _ITEM.finditer(text[:MAX_CHARS]):
        try:
            found += parse_people(match[0])
        except RecipientError:
            continue
    return tuple(found)


def _unquote(name: str) -> str:
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return " ".join(name.split())


def write_people(people: tuple[Party, ...]) -> str:
    """The line again, for the composer."""
    return ", ".join(f"{_quote(one.name)} <{one.address}>" if one.name else one.address for one in people)


def _quote(name: str) -> str:
    if not re.search(r"[,;<>\"\\@]", name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

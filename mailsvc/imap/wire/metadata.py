"""GETMETADATA and SETMETADATA (RFC 5464 §4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor

MAX_ENTRIES = 100
MAX_NAME_OCTETS = 250
EVERY_LEVEL = 1_000
_ENTRY = re.compile(rb"/(?:private|shared)(?:/[\x20-\x24\x26-\x29\x2b-\x2e\x30-\x7e]+)+")
"""Printable ASCII without `*` and `%`, no level of it empty (RFC 5464 §3.2)."""
_DEPTHS = {b"0": 0, b"1": 1, b"INFINITY": EVERY_LEVEL}


@dataclass(frozen=True, slots=True)
class GetMetadata(Command):
    """Read annotations."""

    mailbox: str
    """Empty for those of the server."""
    entries: tuple[str, ...]
    """In lower case."""
    max_size: int | None
    depth: int


@dataclass(frozen=True, slots=True)
class SetMetadata(Command):
    """Change annotations, all of them or none."""

    mailbox: str
    values: tuple[tuple[str, bytes | None], ...] = field(repr=False)
    """None takes the entry away."""


def parse_get_metadata(tag: bytes, cursor: Cursor) -> GetMetadata:
    """GETMETADATA [SP options] SP mailbox SP entries; options also behind the mailbox, as the RFC's examples have it."""
    cursor.space()
    options: tuple[tuple[str, int], ...] = ()
    if cursor.peek() == b"(":
        options = cursor.list_of(lambda: _option(cursor))
        cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    names: tuple[str, ...] = ()
    if cursor.skip(b"("):
        if not options and cursor.peek() != b"/" and cursor.peek() != b'"':
            options = cursor.rest_of_list(lambda: _option(cursor))
            cursor.space()
        else:
            names = cursor.rest_of_list(lambda: _entry(cursor))
    if not names:
        names = cursor.list_of(lambda: _entry(cursor)) if cursor.peek() == b"(" else (_entry(cursor),)
    if len(names) > MAX_ENTRIES:
        raise MalformedError("Too many entries", code="LIMIT")
    chosen = dict(options)
    return GetMetadata(tag, mailbox, names, chosen.get("MAXSIZE"), chosen.get("DEPTH", 0))


def parse_set_metadata(tag: bytes, cursor: Cursor) -> SetMetadata:
    """SETMETADATA SP mailbox SP (entry SP value …)."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    values = cursor.list_of(lambda: _value(cursor))
    if len(values) > MAX_ENTRIES:
        raise MalformedError("Too many entries", code="LIMIT")
    return SetMetadata(tag, mailbox, values)


def _option(cursor: Cursor) -> tuple[str, int]:
    word = cursor.keyword()
    cursor.space()
    if word == b"MAXSIZE":
        return "MAXSIZE", cursor.number()
    if word == b"DEPTH" and (depth := _DEPTHS.get(cursor.keyword())) is not None:
        return "DEPTH", depth
    raise MalformedError("Unknown option of GETMETADATA")


def _entry(cursor: Cursor) -> str:
    name = cursor.astring().lower()
    if len(name) > MAX_NAME_OCTETS or not _ENTRY.fullmatch(name):
        raise MalformedError("Not the name of an entry")  # RFC 5464 §3.2
    return name.decode("ascii")


def _value(cursor: Cursor) -> tuple[str, bytes | None]:
    name = _entry(cursor)
    cursor.space()
    cursor.skip(b"~")  # a literal8 is kept like any other
    return name, cursor.nstring()

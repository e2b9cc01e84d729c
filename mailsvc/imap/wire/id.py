"""ID (RFC 2971)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Id(Command):
    """What the client says of itself."""

    fields: tuple[tuple[str, str | None], ...]


def parse_id(tag: bytes, cursor: Cursor) -> Id:
    """ID SP ( field value … ) or NIL, within the limits of RFC 2971 §3.3."""
    cursor.space()
    if not cursor.skip(b"("):
        if cursor.nstring() is not None:
            raise MalformedError("Expected a list or NIL")
        return Id(tag, ())
    fields: list[tuple[str, str | None]] = []
    while not cursor.skip(b")"):
        if fields:
            cursor.space()
        name = cursor.string()
        cursor.space()
        value = cursor.nstring()
        if len(fields) >= 30 or len(name) > 30 or len(value or b"") > 1024:
            raise MalformedError("ID is too long", code="LIMIT")
        fields.append(
            (name.decode("utf-8", "replace"), None if value is None else value.decode("utf-8", "replace"))
        )
    return Id(tag, tuple(fields))

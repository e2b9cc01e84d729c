"""ENABLE (RFC 5161)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Enable(Command):
    """Extensions that the client wants; unknown ones are passed over (RFC 5161 §3.1)."""

    capabilities: tuple[bytes, ...]


def parse_enable(tag: bytes, cursor: Cursor) -> Enable:
    """ENABLE 1*(SP capability)."""
    cursor.space()
    wanted = [cursor.keyword()]
    while cursor.skip(b" "):
        wanted.append(cursor.keyword())
    return Enable(tag, tuple(wanted))

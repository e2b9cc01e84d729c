"""IDLE (RFC 2177)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Idle(Command):
    """The client waits for news."""


@dataclass(frozen=True, slots=True)
class IdleDone(Command):
    """DONE; `tag` is that of IDLE."""


def parse_idle(tag: bytes, _cursor: Cursor) -> Idle:
    """IDLE."""
    return Idle(tag)

"""Commands without arguments (RFC 3501 §6.1, §6.4.1, §6.4.2; RFC 3691; RFC 2342)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.imap.wire.grammar import Cursor


@dataclass(frozen=True, slots=True)
class Capability(Command):
    """CAPABILITY (RFC 3501 §6.1.1)."""


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """NOOP (RFC 3501 §6.1.2)."""


@dataclass(frozen=True, slots=True)
class Logout(Command):
    """LOGOUT (RFC 3501 §6.1.3)."""


@dataclass(frozen=True, slots=True)
class StartTls(Command):
    """STARTTLS (RFC 3501 §6.2.1)."""


@dataclass(frozen=True, slots=True)
class Check(Command):
    """CHECK (RFC 3501 §6.4.1)."""


@dataclass(frozen=True, slots=True)
class Close(Command):
    """CLOSE (RFC 3501 §6.4.2)."""


@dataclass(frozen=True, slots=True)
class Unselect(Command):
    """UNSELECT (RFC 3691)."""


@dataclass(frozen=True, slots=True)
class Namespace(Command):
    """NAMESPACE (RFC 2342 §5)."""


def parse_bare(kind: type[Command]) -> Callable[[bytes, Cursor], Command]:
    """A parser for a command that is only its name."""

    def parse(tag: bytes, _cursor: Cursor) -> Command:
        return kind(tag)

    return parse

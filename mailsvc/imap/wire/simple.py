"""Commands without arguments (RFC 3501 §6.1, §6.4.1, §6.4.2; RFC 3691; RFC 2342; RFC 8437), and COMPRESS (RFC 4978)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError

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
class Unauthenticate(Command):
    """UNAUTHENTICATE (RFC 8437)."""


@dataclass(frozen=True, slots=True)
class Compress(Command):
    """COMPRESS DEFLATE (RFC 4978)."""


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


def parse_compress(tag: bytes, cursor: Cursor) -> Compress:
    """COMPRESS SP "DEFLATE", the only algorithm there is (RFC 4978 §5)."""
    cursor.space()
    if cursor.keyword() != b"DEFLATE":
        raise MalformedError("Unknown compression")
    return Compress(tag)


def parse_bare(kind: type[Command]) -> Callable[[bytes, Cursor], Command]:
    """A parser for a command that is only its name."""

    def parse(tag: bytes, _cursor: Cursor) -> Command:
        return kind(tag)

    return parse

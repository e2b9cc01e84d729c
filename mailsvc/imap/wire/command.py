"""What every command has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class State(Enum):
    """The four states of a connection (RFC 3501 §3)."""

    NOT_AUTHENTICATED = auto()
    AUTHENTICATED = auto()
    SELECTED = auto()
    LOGOUT = auto()


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the client, already checked."""

    tag: bytes

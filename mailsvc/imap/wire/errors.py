"""What the engine says of bytes that are no command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Condition = Literal["BAD", "NO", "BYE"]


class MalformedError(Exception):
    """A command that the grammar does not allow, or that the engine refuses before it is whole."""

    def __init__(self, text: str, *, condition: Condition = "BAD", code: str | None = None) -> None:
        """`text` is for a person, `code` a response code of RFC 5530 or RFC 9051 §7.1."""
        super().__init__(text)
        self.text = text
        self.condition: Condition = condition
        self.code = code


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """An answer in place of a command (RFC 3501 §7.1.3). The connection goes on unless it is a BYE."""

    tag: bytes | None
    """None when no tag could be read: the reply is then untagged."""
    text: str
    condition: Condition = "BAD"
    code: str | None = None

    @property
    def fatal(self) -> bool:
        """True when the stream cannot be followed any longer (RFC 3501 §7.1.5)."""
        return self.condition == "BYE"

"""Who a letter is from and for, as SMTP says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from directory.address import Address


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who the message is from and for, as SMTP says it (RFC 5321 §2.3.1)."""

    reverse_path: Address | None
    """None is the null path <>, RFC 5321 §4.5.5."""
    forward_paths: tuple[Address, ...]

"""Flags as clients name them, and as they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.model.flags import SYSTEM_FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def split_flags(names: Iterable[str]) -> tuple[int, list[str]]:
    """System flags as bits, and keywords by name."""
    system = 0
    keywords: list[str] = []
    for name in names:
        bit = SYSTEM_FLAGS.get(name)
        if bit is None:
            keywords.append(name)
        else:
            system |= bit
    return system, keywords


def bit_of(name: str, keywords: Sequence[str | None]) -> int:
    """The bit of a flag where it is known, else 0; keywords are compared without case (RFC 3501 §2.3.2)."""
    bit = SYSTEM_FLAGS.get(name)
    if bit is not None:
        return bit
    lower = name.lower()
    for index, known in enumerate(keywords, len(SYSTEM_FLAGS)):
        if known is not None and known.lower() == lower:
            return 1 << index
    return 0

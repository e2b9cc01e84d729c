"""What BDAT says: how many octets follow, and whether they are the last (RFC 3030 §2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BDAT = re.compile(r"([0-9]{1,15})(?: +(LAST))? *", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a letter."""

    octets: int
    is_last: bool


def parse_bdat(words: str) -> Chunk | None:
    """What follows `BDAT `; None where that says no size."""
    found = _BDAT.fullmatch(words) if words.isascii() else None
    return None if found is None else Chunk(int(found[1]), found[2] is not None)

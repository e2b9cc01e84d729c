"""A page of a result: `1:500` counts from its start, `-1:-100` from its end (RFC 9394 §3.1, RFC 5267 §4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mailsvc.imap.wire.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.imap.wire.grammar import Cursor

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page:
    """Two places in a result, both counted from 1 and both from the same end."""

    first: int
    last: int
    from_end: bool

    def of(self, found: Sequence[Item]) -> Sequence[Item]:
        """What stands there, in the order of the result; nothing where the result is shorter."""
        low, high = min(self.first, self.last), max(self.first, self.last)
        if not self.from_end:
            return found[low - 1 : high]
        count = len(found)
        return found[max(count - high, 0) : max(count - low + 1, 0)]

    def written(self) -> bytes:
        """As the client wrote it."""
        return (b"-%d:-%d" if self.from_end else b"%d:%d") % (self.first, self.last)


def parse_page(cursor: Cursor) -> Page:
    """`nz-number:nz-number`, or both with a minus (RFC 9394 §4)."""
    from_end = cursor.skip(b"-")
    first = cursor.number()
    cursor.expect(b":")
    if from_end:
        cursor.expect(b"-")
    last = cursor.number()
    if not first or not last:
        raise MalformedError("A result is counted from 1")
    return Page(first, last, from_end)

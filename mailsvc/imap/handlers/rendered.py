"""Long FETCH replies that were sent before: what never changes of many letters is rendered once for all who ask.

A key names the first and last UID of a stretch, their number and where it begins. UIDs only ever go out of a
mailbox, none comes between others, so the same key means the same letters under the same numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from mailsvc.imap.wire.fetch import Attribute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.imap.handlers.mailbox_view import MailboxView
    from mailsvc.imap.wire.fetch import FetchItem

    Key = tuple[object, ...]

ROOM = 16 << 20
"""Octets kept of all mailboxes together."""
LONG = 200
"""Letters from which a stretch is worth keeping."""
LASTING = frozenset(
    {
        Attribute.UID,
        Attribute.ENVELOPE,
        Attribute.BODY,
        Attribute.BODYSTRUCTURE,
        Attribute.INTERNALDATE,
        Attribute.RFC822_SIZE,
        Attribute.EMAILID,
        Attribute.THREADID,
        Attribute.SAVEDATE,
        Attribute.PREVIEW,
    }
)
"""What a letter in a mailbox keeps for ever (RFC 9051 §2.3.1.1)."""


class RenderedLines:
    """Replies by what they say, bounded in octets; those asked for last stay."""

    __slots__ = ("_held", "_kept", "_room")

    def __init__(self, room: int = ROOM) -> None:
        """`room` in octets."""
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._held = 0
        self._room = room

    @staticmethod
    def key(view: MailboxView, items: Sequence[FetchItem], indexes: Sequence[int]) -> Key | None:
        """Under which a stretch is kept; None if it is short or can change."""
        if not isinstance(indexes, range) or len(indexes) < LONG or view.ghosts:
            return None
        if not LASTING.issuperset(items):
            return None
        known = view.known
        first, last = known.uids[indexes.start], known.uids[indexes.stop - 1]
        return known.mailbox_id, known.uid_validity, tuple(items), indexes.start, indexes.stop, first, last

    def get(self, key: Key) -> bytes | None:
        """What was sent then."""
        lines = self._kept.get(key)
        if lines is not None:
            self._kept.move_to_end(key)
        return lines

    def keep(self, key: Key, lines: bytes) -> None:
        """Keep what is sent now."""
        if key in self._kept or len(lines) > self._room:
            return
        self._kept[key] = lines
        self._held += len(lines)
        while self._held > self._room:
            self._held -= len(self._kept.popitem(last=False)[1])

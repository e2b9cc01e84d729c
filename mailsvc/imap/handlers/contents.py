"""Letters that were read last: a client that takes a large one in portions must not cost a whole read for each."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from mailsvc.mime.parse import parse
from mailsvc.mime.transfer import decode_body
from mailsvc.services import letters

if TYPE_CHECKING:
    from mailsvc.mime.parse import Entity
    from mailsvc.model.ids import MessageId
    from mailsvc.net.bridge import Bridge
    from mailsvc.storage.unit_of_work import Reader


class Content:
    """The octets of a letter without its trace prefix, and its structure once somebody asks."""

    __slots__ = ("_decoded", "_entity", "octets")

    def __init__(self, octets: bytes) -> None:
        """`octets` as they were sent."""
        self.octets = octets
        self._entity: Entity | None = None
        self._decoded: tuple[Entity, bytes] | None = None

    def decoded(self, part: Entity) -> bytes:
        """A part out of its transfer encoding; the last one is remembered, for clients that take it in portions."""
        if self._decoded is None or self._decoded[0] is not part:
            self._decoded = (part, decode_body(self.octets, part))
        return self._decoded[1]

    @property
    def entity(self) -> Entity:
        """The structure, found at first use."""
        if self._entity is None:
            self._entity = parse(self.octets)
        return self._entity


class ContentCache:
    """Contents by message, bounded in octets; they never change, so nothing is ever stale."""

    __slots__ = ("_held", "_kept", "_room")

    def __init__(self, room: int = 64 << 20) -> None:
        """`room` in octets; a larger content is not kept."""
        self._kept: OrderedDict[MessageId, Content] = OrderedDict()
        self._room = room
        self._held = 0

    def of(self, db: Reader, message: MessageId) -> Content:
        """A content, read now or remembered."""
        known = self._kept.get(message)
        if known is not None:
            self._kept.move_to_end(message)
            return known
        return self._keep(message, Content(letters.content(db, message)))

    async def load(self, bridge: Bridge, message: MessageId) -> None:
        """Have a large content at hand, read in a thread so that others need not wait."""
        if message not in self._kept:
            self._keep(message, Content(await bridge.slow(_read_apart, bridge, message)))

    def _keep(self, message: MessageId, read: Content) -> Content:
        size = len(read.octets)
        if size <= self._room and message not in self._kept:
            self._kept[message] = read
            self._held += size
            while self._held > self._room:
                self._held -= len(self._kept.popitem(last=False)[1].octets)
        return read


def _read_apart(bridge: Bridge, message: MessageId) -> bytes:
    """With a connection of the thread's own: the loop's is busy with others meanwhile."""
    reader = bridge.store.reader()
    try:
        return letters.content(reader, message)
    finally:
        reader.close()

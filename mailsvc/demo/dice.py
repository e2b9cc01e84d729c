"""Choices that look like chance and are always the same: the demo is one province, not a new one each time."""

from collections.abc import Sequence
from hashlib import blake2s
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """A stream of choices that depends on its name only."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thrown = 0

    def number(self, first: int, last: int) -> int:
        """A number from `first` to `last`, both included."""
        self._thrown += 1
        octets = blake2s(f"{self._name}/{self._thrown}".encode(), digest_size=8).digest()
        return first + int.from_bytes(octets, "big") % (last - first + 1)

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.number(0, len(items) - 1)]

    def some(self, items: Sequence[Item], count: int) -> tuple[Item, ...]:
        """So many different items, in their order."""
        left = list(range(len(items)))
        taken = {left.pop(self.number(0, len(left) - 1)) for _ in range(min(count, len(items)))}
        return tuple(items[index] for index in sorted(taken))

    def chance(self, percent: int) -> bool:
        """True so many times in a hundred."""
        return self.number(1, 100) <= percent

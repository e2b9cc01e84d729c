"""Jobs in turn: every sender gets as much as the others, however much one of them has waiting."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """First in, first out for each sender; between senders, one job each in turn."""

    __slots__ = ("_by_sender", "_length")

    def __init__(self) -> None:
        self._by_sender: OrderedDict[int, deque[T]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, sender: int, job: T) -> None:
        """Wait behind the sender's other jobs."""
        self._by_sender.setdefault(sender, deque()).append(job)
        self._length += 1

    def take(self) -> T:
        """The next job; IndexError if there is none."""
        if not self._by_sender:
            raise IndexError("no job waits")
        sender, jobs = self._by_sender.popitem(last=False)
        job = jobs.popleft()
        self._length -= 1
        if jobs:
            self._by_sender[sender] = jobs
        return job

    def drain(self) -> list[T]:
        """All jobs, taken out."""
        return [self.take() for _ in range(self._length)]

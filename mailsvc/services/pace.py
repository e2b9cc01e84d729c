"""Going no faster than is good for others: so many octets a second."""

from __future__ import annotations

import threading
import time

FREE = 0.0


class Pace:
    """Keeps long reading within a rate; `stop` ends its waiting."""

    def __init__(self, octets_a_second: float = FREE, stop: threading.Event | None = None) -> None:
        self.rate = octets_a_second
        self.stop = stop or threading.Event()
        self._due = time.monotonic()

    def spend(self, octets: int) -> bool:
        """Wait until so many octets may have been read; False once it is to stop."""
        if not self.rate:
            return not self.stop.is_set()
        now = time.monotonic()
        self._due = max(self._due, now - 1) + octets / self.rate
        return not self.stop.wait(max(self._due - now, 0))

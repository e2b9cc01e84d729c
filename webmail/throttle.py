"""Slows down guessing of passwords: by address and place together, and by place alone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FREE_TRIES: Final = 5
FREE_TRIES_OF_A_PLACE: Final = 60
LONGEST_WAIT: Final = 300
FORGET_AFTER: Final = 900
MAX_REMEMBERED: Final = 20_000


@dataclass(slots=True)
class _Failures:
    count: int
    last: int


class Throttle:
    """Failures of late, in bounded memory. The wait doubles with each failure past the free ones."""

    def __init__(self, clock: Callable[[], int], trusted_networks: tuple[str, ...] = ()) -> None:
        self._clock = clock
        self._trusted = tuple(ip_network(network) for network in trusted_networks)
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str, remote: str) -> int:
        """Seconds until another try is heard; 0 at once."""
        with self._lock:
            return max(
                self._wait((place := _place(remote), address.casefold()), FREE_TRIES),
                0 if self.trusts(remote) else self._wait((place, ""), FREE_TRIES_OF_A_PLACE),
            )

    def failed(self, address: str, remote: str) -> None:
        """Count a failure."""
        with self._lock:
            place = _place(remote)
            for key in ((place, address.casefold()), (place, "")):
                known = self._failures.setdefault(key, _Failures(0, 0))
                if self._clock() - known.last > FORGET_AFTER:
                    known.count = 0
                known.count += 1
                known.last = self._clock()
                self._failures.move_to_end(key)
            while len(self._failures) > MAX_REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, address: str, remote: str) -> None:
        """Forget the failures of this address from this place."""
        with self._lock:
            self._failures.pop((_place(remote), address.casefold()), None)

    def _wait(self, key: tuple[str, str], free: int) -> int:
        known = self._failures.get(key)
        if known is None or known.count < free:
            return 0
        pause = min(LONGEST_WAIT, 1 << min(known.count - free + 1, 10))
        return max(0, known.last + pause - self._clock())

    def trusts(self, remote: str) -> bool:
        """Whether a place is ours: a proxy, a test, a machine of the province's own."""
        try:
            return any(ip_address(remote) in network for network in self._trusted)
        except ValueError:
            return False


def _place(remote: str) -> str:
    """An IPv6 customer has a /64 of addresses; count it as one place."""
    try:
        found = ip_address(remote)
    except ValueError:
        return remote
    return str(ip_network(f"{found}/64", strict=False)) if found.version == 6 else str(found)

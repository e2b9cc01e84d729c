"""How many wrong passwords are heard, by account, network and device, in bounded memory.

A device that the account's owner has used before has an allowance of its own: strangers who guess, from however many
networks, use up theirs and the account's, and never the owner's.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.net.limits import TokenBuckets

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_KEYS = 20_000
"""Buckets of each sort that are remembered; the oldest goes first."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many wrong tries at once, and one more every so many seconds."""

    tries: int
    seconds_each: float

    def buckets(self) -> TokenBuckets:
        """An empty memory of who used how much of it."""
        return TokenBuckets(burst=self.tries, per_second=1 / self.seconds_each, max_keys=MAX_KEYS)


@dataclass(frozen=True, slots=True)
class Allowances:
    """What is granted at one door."""

    of_place: Allowance
    """A network, whatever names it tries."""
    of_pair: Allowance
    """A network with one name."""
    of_account: Allowance
    """All strangers together with one name."""
    of_device: Allowance = Allowance(20, 10)
    """A known device, apart from all others."""


MAIL_DOOR = Allowances(Allowance(30, 20), Allowance(30, 20), Allowance(100, 30))
"""A misconfigured phone tries often: a burst for it, then three a minute."""
WEB_DOOR = Allowances(Allowance(60, 5), Allowance(5, 60), Allowance(30, 30))
"""People type: five times, then once a minute."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Who tries from where."""

    login: str
    network: str
    """Of `net.limits.network_of`."""
    trusted: bool = False
    """Whether the network may try as many names as it likes."""
    device: str = ""
    """The known device; empty for a stranger."""


class Guesses:
    """Wrong passwords of late; one object a process and door. May be used from several threads."""

    def __init__(self, now: Callable[[], float], allowances: Allowances = MAIL_DOOR) -> None:
        """`now` counts seconds."""
        self._now = now
        self._places = allowances.of_place.buckets()
        self._pairs = allowances.of_pair.buckets()
        self._accounts = allowances.of_account.buckets()
        self._devices = allowances.of_device.buckets()
        self._lock = threading.Lock()

    def wait(self, guess: Guess) -> int:
        """Seconds until another try of theirs is heard; 0 is at once."""
        now = self._now()
        with self._lock:
            return math.ceil(max(buckets.wait(key, now) for buckets, key in self._counted(guess)))

    def failed(self, guess: Guess) -> None:
        """Count a wrong password."""
        now = self._now()
        with self._lock:
            for buckets, key in self._counted(guess):
                buckets.take(key, now)

    def succeeded(self, guess: Guess) -> None:
        """Whoever knows the password was no guesser here; strangers elsewhere stay counted."""
        with self._lock:
            for buckets, key in self._counted(guess):
                if buckets is self._pairs or buckets is self._devices:
                    buckets.forget(key)

    def _counted(self, guess: Guess) -> list[tuple[TokenBuckets, str]]:
        login = guess.login.casefold()
        if guess.device:
            return [(self._devices, f"{login}\0{guess.device}")]
        counted = [(self._pairs, f"{login}\0{guess.network}"), (self._accounts, login)]
        return counted if guess.trusted else [*counted, (self._places, guess.network)]

    @property
    def remembered(self) -> int:
        """Buckets held, of all sorts."""
        return sum(map(len, (self._places, self._pairs, self._accounts, self._devices)))

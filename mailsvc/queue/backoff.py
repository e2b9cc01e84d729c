"""How long a place that did not answer is left alone, however many letters there are for it. Pure: times are handed in."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsvc.smtp.wire.reply import Reply

FIRST_SECONDS = 30.0
LONGEST_SECONDS = 600.0
"""Longer would delay letters beyond what their own schedule says."""
MAX_PLACES = 10_000


@dataclass(frozen=True, slots=True)
class _Silence:
    until: float
    seconds: float
    reply: Reply


class Backoff:
    """Places that failed lately, and what they said; bounded in memory."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, _Silence] = OrderedDict()

    def failed(self, place: str, reply: Reply, now: float) -> None:
        """Nobody answered there: each time the pause doubles."""
        before = self._places.pop(place, None)
        seconds = FIRST_SECONDS if before is None else min(before.seconds * 2, LONGEST_SECONDS)
        self._places[place] = _Silence(now + seconds, seconds, reply)
        if len(self._places) > MAX_PLACES:
            self._places.popitem(last=False)

    def succeeded(self, place: str) -> None:
        """It answers again."""
        self._places.pop(place, None)

    def blocked(self, place: str, now: float) -> Reply | None:
        """What it said last, while it is left alone; None: ask."""
        silence = self._places.get(place)
        return silence.reply if silence is not None and now < silence.until else None

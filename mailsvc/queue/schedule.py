"""When to try again, when to tell the sender, when to give up. Pure: times are handed in (RFC 5321 §4.5.4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsvc.smtp.wire.reply import Reply

_MINUTE = 60
_HOUR = 3600
INTERVALS = (5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR)
"""Seconds after each failed try; the last one repeats. RFC 5321 §4.5.4.1 asks for 30 minutes at least, after some
quicker tries at first: a server that is only restarting, or that greylists, is back in minutes."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a letter may wait; seconds."""

    lifetime: int
    delay_notice: int


class Fate(Enum):
    """What becomes of one recipient after a try."""

    SENT = "sent"
    FAILED = "failed"
    """Refused for good, or given up."""
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write down, and whether to tell the sender."""

    fate: Fate
    next_attempt: int
    tell_delay: bool = False
    gave_up: bool = False
    """FAILED because the time is over, though the last reply was a temporary one."""


def judge(
    reply: Reply, *, now: int, created_at: int, attempts: int, delay_told: bool, patience: Patience
) -> Verdict:
    """The fate of a recipient whose try number `attempts + 1` was answered like this."""
    if reply.is_positive:
        return Verdict(Fate.SENT, now)
    if reply.code >= 500:
        return Verdict(Fate.FAILED, now)
    ends_at = created_at + patience.lifetime
    if now >= ends_at:
        return Verdict(Fate.FAILED, now, gave_up=True)
    interval = INTERVALS[min(attempts, len(INTERVALS) - 1)]
    tell = not delay_told and now - created_at >= patience.delay_notice
    return Verdict(Fate.WAITING, min(now + interval, ends_at), tell_delay=tell)

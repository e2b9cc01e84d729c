"""Danh sách xám: a stranger is asked to come again (RFC 6647); who did is known, and whom proof stands behind is soon.

Strangers are counted as (network, sender, recipient). A domain that SPF or DKIM proves is known after one letter that
came again, a network after several.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailsvc.storage import greylist
from mailsvc.storage.greylist import Known, Triplet, Visit

if TYPE_CHECKING:
    from config.settings import GreylistSettings
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

HOUR, DAY = 3600, 86_400
MAX_RECIPIENTS: Final = 100
"""Of a letter; the others share the fate of these."""
_NUMBERS = re.compile(r"[0-9]+")
_MAX_SENDER: Final = 320


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who knocks with a letter."""

    network: str
    """As `net.limits.network_of` gives it: who sends much comes again from a neighbouring address."""
    reverse_path: str
    recipients: tuple[str, ...]
    proven: tuple[str, ...]
    """Domains for which SPF or a signature passed."""

    def triplets(self) -> tuple[Triplet, ...]:
        """Numbers in a sender count as one: lists name each letter by another (RFC 6647 §2.3)."""
        local, _, domain = self.reverse_path.rpartition("@")
        sender = f"{_NUMBERS.sub('#', local)}@{domain}".lower()[:_MAX_SENDER] if domain else ""
        recipients = dict.fromkeys(one.lower() for one in self.recipients[:MAX_RECIPIENTS])
        return tuple(Triplet(self.network, sender, one) for one in recipients)


def is_known(db: Reader, stranger: Stranger, settings: GreylistSettings) -> bool:
    """Whether they were here before, and lately enough that nothing needs to be written down."""
    since = db.clock() - min(settings.keep_days * DAY // 2, DAY)
    return any(
        found is not None and found.successes >= wanted and found.last_at >= since
        for found, wanted in _known(db, stranger, settings)
    )


def knock(uow: UnitOfWork, stranger: Stranger, settings: GreylistSettings) -> bool:
    """True lets the letter in; False asks to come again."""
    now = uow.clock()
    since = now - settings.keep_days * DAY
    for (found, wanted), subject in zip(_known(uow, stranger, settings), _subjects(stranger), strict=True):
        if found is not None and found.successes >= wanted and found.last_at >= since:
            greylist.put_known(uow, subject, Known(now, found.successes))
            return True
    visits = {triplet: _visit(uow, triplet, settings) for triplet in stranger.triplets()}
    came_again = [visit.passed or now - visit.first_at >= settings.delay_seconds for visit in visits.values()]
    if not all(came_again):
        return False
    is_first = not all(visit.passed for visit in visits.values())
    for triplet, visit in visits.items():
        greylist.put(uow, triplet, Visit(visit.first_at, now, passed=True))
    if is_first:
        for subject in _subjects(stranger):
            before = greylist.known(uow, subject)
            counted = before.successes if before is not None and before.last_at >= since else 0
            greylist.put_known(uow, subject, Known(now, counted + 1))
    return True


def forget(uow: UnitOfWork, settings: GreylistSettings) -> bool:
    """Housekeeping, a step at a time; True if there may be more."""
    now = uow.clock()
    return greylist.forget(
        uow,
        waiting_before=now - settings.retry_hours * HOUR,
        passed_before=now - settings.keep_days * DAY,
    )


def _visit(uow: UnitOfWork, triplet: Triplet, settings: GreylistSettings) -> Visit:
    """What is kept of it and still counts; else the first visit, which is now."""
    now = uow.clock()
    visit = greylist.get(uow, triplet)
    if visit is not None:
        lasts = settings.keep_days * DAY if visit.passed else settings.retry_hours * HOUR
        if now - visit.last_at <= lasts:
            return visit
    visit = Visit(now, now, passed=False)
    greylist.put(uow, triplet, visit)
    return visit


def _subjects(stranger: Stranger) -> tuple[str, ...]:
    return (*(f"d{domain.lower()}" for domain in stranger.proven), f"n{stranger.network}")


def _known(db: Reader, stranger: Stranger, settings: GreylistSettings) -> list[tuple[Known | None, int]]:
    """What is kept of each subject, and how many successes make it known."""
    return [
        (greylist.known(db, subject), 1 if subject.startswith("d") else settings.known_after)
        for subject in _subjects(stranger)
    ]

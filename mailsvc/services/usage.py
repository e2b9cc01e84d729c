r"""That people use their boxes: a bit a day, from which adoption is counted. What they read is never written down.

A read counts when a letter is opened: a page of webmail, FETCH of a body, STORE of \Seen. BODY.PEEK does not, for
clients fetch ahead with it; nor do NOOP, STATUS and IDLE, which nobody looks at.
"""

from __future__ import annotations

from enum import IntFlag
from threading import Lock
from typing import TYPE_CHECKING

from directory.model import AccountKind, vietnam_day
from directory.repository import boxes as directory_boxes
from mailsvc.model.ids import AccountId
from mailsvc.model.mailbox import SpecialUse
from mailsvc.storage import usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mailsvc.services.permissions import Place, Principal
    from mailsvc.services.submit import OutgoingLetter
    from mailsvc.storage.entries import Range
    from mailsvc.storage.unit_of_work import UnitOfWork
    from mailsvc.storage.usage import Use

SECONDS_A_DAY = 86_400
VIETNAM_SECONDS = 7 * 3600
NOT_INCOMING = frozenset({SpecialUse.SENT, SpecialUse.DRAFTS, SpecialUse.JUNK})
"""Mailboxes whose letters a unit did not receive, or should not read."""


class UsageBit(IntFlag):
    """What somebody did with a box on a day."""

    SIGNED_IN = 1
    READ = 2
    SENT = 4


class Usage:
    """Notes of this process that wait to be written: each box, person and bit once a day. For any thread.

    A process that dies loses the notes of its last seconds; the next letter that the person opens brings them back.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._day = -1
        self._known: dict[tuple[int, int], int] = {}
        self._waiting: dict[tuple[int, int], int] = {}
        self._lock = Lock()

    def note(self, account: AccountId, viewer: AccountId, bit: UsageBit) -> None:
        """Somebody used a box; costs a look into a table when it is known already."""
        if (self._clock() + VIETNAM_SECONDS) // SECONDS_A_DAY == self._day and (
            self._known.get((account, viewer), 0) & bit
        ):
            return
        self._keep((account, viewer), bit)

    def _keep(self, key: tuple[int, int], bit: UsageBit) -> None:
        with self._lock:
            today = (self._clock() + VIETNAM_SECONDS) // SECONDS_A_DAY
            if today != self._day:
                # What waits from before midnight is written as today's: at most some seconds of it.
                self._day = today
                self._known = {}
            self._known[key] = self._known.get(key, 0) | bit
            self._waiting[key] = self._waiting.get(key, 0) | bit

    def take(self) -> list[Use]:
        """What waits, to be written by `write`; it waits no more."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        day = vietnam_day(self._clock()).isoformat()
        return [(day, account, viewer, bits) for (account, viewer), bits in waiting.items()]

    def give_back(self, uses: list[Use]) -> None:
        """They could not be written: let them wait again."""
        with self._lock:
            for _, account, viewer, bits in uses:
                key = (account, viewer)
                self._waiting[key] = self._waiting.get(key, 0) | bits


def write(uow: UnitOfWork, uses: list[Use]) -> None:
    """Keep what was taken."""
    usage.add(uow, uses)


def signed_in(uow: UnitOfWork, person: AccountId) -> None:
    """A person signed in to webmail, in the transaction that opens the session."""
    day = vietnam_day(uow.clock()).isoformat()
    usage.add(uow, [(day, person, person, UsageBit.SIGNED_IN.value)])


def opened(uow: UnitOfWork, place: Place, ranges: Sequence[Range]) -> None:
    """Letters of a shared box are read by somebody: the first time counts for the unit's diligence."""
    if place.mailbox.special_use not in NOT_INCOMING:
        usage.opened(uow, place.mailbox.account_id, place.mailbox.id, place.viewer, ranges)


def sent(uow: UnitOfWork, principal: Principal, letter: OutgoingLetter) -> None:
    """A letter that a person wrote goes out, in the transaction that sends it; automatic mail does not count."""
    summary = letter.content.summary
    if principal.kind is not AccountKind.PERSONAL or letter.reverse_path is None or summary.is_automatic:
        return
    viewer = account = AccountId(principal.account_id)
    if letter.reverse_path.key != principal.address.key:
        box = directory_boxes.account_by_address(uow.conn, letter.reverse_path.key)
        account = viewer if box is None else AccountId(box.id)
    day = vietnam_day(uow.clock()).isoformat()
    usage.add_sent(uow, day, account, viewer, UsageBit.SENT.value, inside=not letter.remote)
    if account != viewer and summary.in_reply_to:
        usage.answered(uow, account, viewer, summary.in_reply_to)

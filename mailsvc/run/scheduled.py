"""Sends what is due: drafts that wait a few seconds after Send, and those that were given a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from mailsvc.model.errors import ScannerUnavailable, SendingTooFast, ServiceError, StoreUnavailable
from mailsvc.services import scheduled
from mailsvc.storage import scheduled_sends

if TYPE_CHECKING:
    from config.settings import Settings
    from mailsvc.net.bridge import Bridge
    from mailsvc.services.permissions import Principal
    from mailsvc.services.scheduled import Notice
    from mailsvc.services.submit import OutgoingLetter
    from mailsvc.storage.scheduled_sends import ScheduledSend
    from mailsvc.storage.store import Store

log = structlog.get_logger()
LOOK_SECONDS = 2.0
"""What the web process plans is seen after so long at the latest."""
AT_ONCE = 50
TROUBLE_SECONDS = 10.0


class ScheduledSends:
    """One for a mail process; composes in a thread, writes in one unit a letter."""

    def __init__(self, settings: Settings, store: Store, bridge: Bridge) -> None:
        self._settings = settings
        self._store = store
        self._bridge = bridge

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                pause = self._until_next()
            except StoreUnavailable as error:
                log.warning("letters wait to be sent", why=str(error))
                pause = TROUBLE_SECONDS
            await asyncio.sleep(pause)

    async def look(self) -> None:
        """Send what is due now."""
        for one in self._bridge.read(scheduled_sends.due, self._store.clock(), AT_ONCE):
            try:
                await self._send(one)
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("a letter could not be sent at its time", author=int(one.author_id))
                await self._bridge.write(scheduled.postpone, one)  # the others do not wait for it

    def _until_next(self) -> float:
        due = self._bridge.read(scheduled_sends.next_due)
        return LOOK_SECONDS if due is None else min(LOOK_SECONDS, max(0.05, due - self._store.clock()))

    async def _send(self, one: ScheduledSend) -> None:
        try:
            principal, letter = await self._bridge.slow(self._prepare, one)
            if await self._bridge.write(scheduled.send_now, one, principal, letter):
                log.info("sent at its time", author=int(one.author_id), late=self._store.clock() - one.due_at)
        except (SendingTooFast, ScannerUnavailable):
            await self._bridge.write(scheduled.postpone, one)
        except StoreUnavailable:
            raise
        except ServiceError as refusal:
            notice = await self._bridge.slow(self._notice, one, refusal)
            problem, _ = scheduled.problem_of(refusal)
            await self._bridge.write(scheduled.fail, one, problem, notice)
            log.info("not sent at its time", author=int(one.author_id), why=problem)

    def _prepare(self, one: ScheduledSend) -> tuple[Principal, OutgoingLetter]:
        with self._store.read() as db:
            principal = scheduled.writer_of(db, one)
            order = scheduled.order_of(one)
            return principal, scheduled.letter_of(
                db, principal, one.draft_id, one.account_id, order, self._settings, self._store.pieces
            )

    def _notice(self, one: ScheduledSend, refusal: ServiceError) -> Notice | None:
        with self._store.read() as db:
            return scheduled.notice_of(db, one, refusal, self._store.pieces, self._settings.domain)

"""Runs what a day brings to the staff: looks every ten minutes, works in a thread, writes in short units."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from directory.model import vietnam_day
from directory.policies import Defaults
from directory.repository.rows import chunks
from mailsvc.model.errors import ServiceError
from mailsvc.services import staff_days, unused
from mailsvc.services.housekeeping import steady_now

if TYPE_CHECKING:
    from config.settings import Settings
    from directory.life import Unused
    from mailsvc.net.bridge import Bridge
    from mailsvc.services.unused import PreparedNotice
    from mailsvc.storage.store import Store

log = structlog.get_logger()
LOOK_SECONDS = 600.0
LETTERS_AT_ONCE = 50
"""Notices to clerks in one transaction: other letters do not wait for all of them."""


class StaffDays:
    """The archiving of kept boxes, computed groups and accounts that nobody uses."""

    def __init__(self, settings: Settings, store: Store, bridge: Bridge) -> None:
        self._defaults = Defaults.from_settings(settings)
        self._store = store
        self._bridge = bridge

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except ServiceError as error:
                log.warning("the day's work on the staff waits", why=str(error))
            except Exception:
                log.exception("the day's work on the staff failed; it is tried again")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Do what is due now."""
        at = self._bridge.read(steady_now)
        if not self._bridge.read(staff_days.is_new_day, at):
            return
        while await self._bridge.write(staff_days.archive_due, at):
            pass
        await self._bridge.write(staff_days.refresh_groups, at)
        found, prepared = await self._bridge.slow(self._look_for_unused, at)
        for some in chunks(prepared, LETTERS_AT_ONCE):
            await self._bridge.write(unused.deliver, some, at)
        locked = await self._bridge.write(unused.lock, found, at)
        await self._bridge.write(staff_days.finish_day, vietnam_day(at))
        log.info(
            "the day's work on the staff is done", unused=len(found), letters=len(prepared), locked=locked
        )

    def _look_for_unused(self, at: int) -> tuple[list[Unused], list[PreparedNotice]]:
        with self._store.read() as db:
            found = unused.look(db, at, self._defaults)
            notices = unused.notices(db, found, at)
            return found, unused.prepare_notices(notices, self._store.pieces, at, unused.home_domain(db))

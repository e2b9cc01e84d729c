"""Keeps the figures of each month when it is over: counted in a thread, written in one short unit of work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from mailsvc.model.errors import ServiceError
from mailsvc.services import statistics

if TYPE_CHECKING:
    from config.settings import Settings
    from mailsvc.net.bridge import Bridge
    from mailsvc.services.statistics import Month
    from mailsvc.services.statistics.keep import ByUnit
    from mailsvc.storage.store import Store

log = structlog.get_logger()
LOOK_SECONDS = 3600.0


class MonthKeeper:
    """Looks once an hour whether a month has to be kept."""

    def __init__(self, settings: Settings, store: Store, bridge: Bridge) -> None:
        self._settings = settings
        self._store = store
        self._bridge = bridge

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.keep_what_is_due()
            except ServiceError as error:
                log.warning("statistics wait", why=str(error))

    async def keep_what_is_due(self) -> Month | None:
        """Keep the month before this one, if that has to be done; which one it was. Old days of use go then."""
        month = self._bridge.read(statistics.due)
        if month is None:
            return None
        by_unit = await self._bridge.slow(self._count, month)
        await self._bridge.write(statistics.keep, month, by_unit)
        while await self._bridge.write(statistics.forget_some):
            pass
        log.info("month kept", month=str(month), units=len(by_unit))
        return month

    def _count(self, month: Month) -> ByUnit:
        with self._store.read() as db:
            by_unit, _ = statistics.Books(self._settings).figures(db, month)
        return by_unit

"""What runs behind the mail: the search index that follows, and housekeeping."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from mailsvc.model.errors import ServiceError
from mailsvc.services import greylist, index_mail, reading_access, web_sessions
from mailsvc.services.housekeeping import forget_old
from mailsvc.services.imports import drop_left_behind

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import SearchSettings, Settings
    from mailsvc.net.bridge import Bridge
    from mailsvc.services.watch import Watch
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork
    from search.engine import Engine

log = structlog.get_logger()
HOUSEKEEPING_SECONDS = 600
REFRESHED_LETTERS = 500
"""Letters that got owners later and are indexed again in one round."""
GATHER_SECONDS = 0.05
"""Letters that come in this time are indexed in one transaction."""
FULL_SECONDS = 1.0
YIELD_SECONDS = 1.0
"""How long deliveries may keep the indexer waiting: it shares the interpreter with them, a search does not wait for it."""
MAX_LAG = 5_000
"""Letters behind which the indexer waits no more."""


class Indexer:
    """Keeps the index just behind the commits, in a thread of the bridge's pool."""

    def __init__(
        self, settings: SearchSettings, store: Store, bridge: Bridge, watch: Watch, engine: Engine
    ) -> None:
        self._settings = settings
        self._store = store
        self._bridge = bridge
        self._engine = engine
        self._news = asyncio.Event()
        self._reader: Reader | None = None
        """Its own and kept: to open one takes longer than to index a letter."""
        watch.everything(self._news.set)

    async def run(self) -> None:
        """Until cancelled."""
        self._news.set()
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._news.clear()
            try:
                # Most changes are of flags: whether letters wait costs a few microseconds here, a thread much more.
                more = self._bridge.read(index_mail.lag, self._engine) > 0
                while more:
                    self._store.room.look()
                    if self._store.room.is_short:  # what is left of the disk is for deleting
                        await asyncio.sleep(FULL_SECONDS)
                        continue
                    await self._let_deliveries_pass()
                    more = await self._bridge.slow(self._step)
            except Exception:
                log.exception("indexer failed; it tries again")
                await asyncio.sleep(10)
                self._news.set()

    async def _let_deliveries_pass(self) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + YIELD_SECONDS
        while self._bridge.is_busy and loop.time() < ends_at:
            if self._bridge.read(index_mail.lag, self._engine) > MAX_LAG:
                return
            await asyncio.sleep(GATHER_SECONDS)

    def _step(self) -> bool:
        if self._reader is None:
            self._reader = self._store.reader()
        return index_mail.step(
            self._reader, self._engine, batch=self._settings.batch, max_text=self._settings.max_text_bytes
        )

    def close(self) -> None:
        """Give the reader back, once nothing runs any more."""
        if self._reader is not None:
            self._reader.close()


class Housekeeping:
    """Forgets what nobody needs any more."""

    def __init__(self, settings: Settings, store: Store, bridge: Bridge, engine: Engine) -> None:
        self._settings = settings
        self._store = store
        self._bridge = bridge
        self._engine = engine

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            try:
                await self._bridge.write(forget_old, self._settings.storage.recover_days)
                await self._bridge.write(index_mail.forget_feed, self._engine)
                await self._bridge.write(reading_access.end_expired)
                await self._bridge.write(web_sessions.close_idle, self._settings.web.session_hours * 3600)
                await self._bridge.write(drop_left_behind)
                while await self._bridge.write(greylist.forget, self._settings.greylist):
                    pass  # a step at a time: others write between two
                await self._bridge.write(await self._bridge.slow(_lock_unchanged))
                await self._bridge.slow(self._apply_due)
                await self._bridge.slow(self._refresh_index)
                await self._bridge.slow(self._engine.optimise)
            except ServiceError as error:
                log.warning("housekeeping waits", why=str(error))

    def _apply_due(self) -> None:
        from mailsvc.services import (
            due_plans,  # reads XLSX: a second that a restart after a crash does not have
        )

        due_plans.apply_due(self._store, self._settings)

    def _refresh_index(self) -> None:
        reader = self._bridge.store.reader()
        try:
            index_mail.refresh(reader, self._engine, REFRESHED_LETTERS, self._settings.search.max_text_bytes)
        finally:
            reader.close()


def _lock_unchanged() -> Callable[[UnitOfWork], object]:
    from mailsvc.services.slips import lock_unchanged  # writes PDF: the same

    return lock_unchanged

"""Slow work behind the mail, in a thread of its own: collection, the scrub, holds, retention.

Reading is this thread's; what changes mailboxes goes through the bridge, so that everyone who looks at them is told.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import structlog

from mailsvc.model.errors import ServiceError
from mailsvc.services import collect, hold, housekeeping, retention, scrub
from mailsvc.services.pace import Pace
from mailsvc.storage import mailboxes, packed_snapshots, snapshots

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import Settings
    from mailsvc.net.bridge import Bridge
    from mailsvc.storage.store import Store
    from search.engine import Engine

log = structlog.get_logger()
LOOK_SECONDS = 60.0
RULES_SECONDS = 3600.0
END_SECONDS = 5.0


class Upkeep:
    """Looks once a minute at what is due."""

    def __init__(self, settings: Settings, store: Store, bridge: Bridge, engine: Engine) -> None:
        self._settings = settings.storage
        self._store = store
        self._bridge = bridge
        self._engine = engine
        self._stop = threading.Event()
        self._rules_due = 0.0

    async def run(self) -> None:
        """Until cancelled; then what is under way ends with its present step."""
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="upkeep")
        work: asyncio.Future[None] | None = None
        try:
            scrub.load(self._store)
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                work = loop.run_in_executor(thread, self._look, loop)
                try:
                    await asyncio.shield(work)
                except ServiceError as error:
                    log.warning("upkeep waits", why=str(error))
                except Exception:
                    log.exception("upkeep failed; it tries again")
        finally:
            self._stop.set()
            if work is not None and not work.done():
                await asyncio.wait(
                    [work], timeout=END_SECONDS
                )  # the loop goes on: a step may wait for the bridge
            thread.shutdown(wait=False)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._store.refuse_if_failed()
        self._store.room.keep()
        if time.monotonic() >= self._rules_due:
            self._rules(loop)
            self._rules_due = time.monotonic() + RULES_SECONDS
        self._collect()
        self._scrub()

    def _rules(self, loop: asyncio.AbstractEventLoop) -> None:
        """Holds first: nothing is forgotten that one of them would have kept."""

        def write(unit: Callable[..., Any], *args: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(self._bridge.write(unit, *args), loop).result()

        reader = self._store.reader()
        try:
            hold.refresh(reader, self._engine, write)
            deleted = retention.apply(reader, write(housekeeping.steady_clock), write)
            if deleted:
                log.info("retention rules deleted letters", rules=deleted)
            for account, octets in housekeeping.over_cap(reader).items():
                write(housekeeping.forget_oldest, account, octets)
            for mailbox in packed_snapshots.due(reader):
                if self._stop.is_set():
                    return
                with reader.consistent():
                    found = snapshots.snapshot(reader, mailboxes.by_id(reader, mailbox))
                write(packed_snapshots.keep, found, packed_snapshots.pack(found))
        finally:
            reader.close()

    def _collect(self) -> None:
        with self._store.read() as db:
            last = collect.last(db)
            if last is not None and db.clock() - last[0] < self._settings.collect_hours * 3600:
                return
        run = collect.Collector(self._store, stop=self._stop, on_letters=self._engine.delete)
        done = run.run()
        log.info(
            "collected",
            letters=done.letters,
            pieces=done.pieces,
            moved=done.moved_octets,
            freed=done.freed_octets,
        )

    def _scrub(self) -> None:
        with self._store.read() as db:
            if not scrub.is_due(db, self._settings.scrub_days):
                return
            pace = Pace(scrub.rate(db, self._settings.scrub_days), self._stop)
        before = self._store.damaged
        until = time.monotonic() + LOOK_SECONDS
        while scrub.step(self._store, pace) and time.monotonic() < until:
            pass
        if self._store.damaged - before:
            log.error("damaged pieces", count=len(self._store.damaged), see="congvu verify")

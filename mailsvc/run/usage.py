"""Keeps what the mail process noted of use: some seconds' notes in one unit of work, beside whatever else is written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from mailsvc.model.errors import ServiceError
from mailsvc.services import usage

if TYPE_CHECKING:
    from mailsvc.net.bridge import Bridge
    from mailsvc.services.usage import Usage

log = structlog.get_logger()
GATHER_SECONDS = 5.0


class UsageWriter:
    """Writes the notes of a process; `stop` writes the last ones."""

    def __init__(self, notes: Usage, bridge: Bridge) -> None:
        self._notes = notes
        self._bridge = bridge

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(GATHER_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what waits."""
        waiting = self._notes.take()
        if not waiting:
            return
        try:
            await self._bridge.write(usage.write, waiting)
        except ServiceError as error:
            self._notes.give_back(waiting)
            log.warning("usage waits", why=str(error))

"""What the way in and out needs done now and then: reports to other domains, and certificates that were renewed."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import structlog

from mailsvc.model.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.net.bridge import Bridge
    from mailsvc.net.tls import CertificateFiles
    from mailsvc.queue.daily_reports import DailyReports
    from mailsvc.queue.ledgers import Ledgers

log = structlog.get_logger("congvu.run")
FLUSH_SECONDS = 60.0
REPORT_SECONDS = 3600.0
LOOK_SECONDS = 30.0


class Reporting:
    """Writes down each minute what was seen of other domains, and reports finished days."""

    def __init__(self, ledgers: Ledgers, reports: DailyReports, bridge: Bridge) -> None:
        self._ledgers = ledgers
        self._reports = reports
        self._bridge = bridge

    async def run(self) -> None:
        """Until cancelled; what was seen last is then written too."""
        loop = asyncio.get_running_loop()
        next_report = loop.time()
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                try:
                    await self.flush()
                    if loop.time() >= next_report:
                        next_report = loop.time() + REPORT_SECONDS
                        await self._reports.send()
                except ServiceError as error:
                    log.warning("reports_wait", error=str(error))
                except Exception:
                    log.exception("reports_unexpected")
        finally:
            await self.flush()

    async def flush(self) -> None:
        """Write down what was seen."""
        unit = self._ledgers.take()
        if unit is not None:
            await self._bridge.write(unit)


class CertificateWatch:
    """Takes renewed certificates into use without a restart; connections that are open keep the old one."""

    def __init__(self, files: CertificateFiles, on_reload: Callable[[], None]) -> None:
        self._files = files
        self._on_reload = on_reload

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Load what has changed; a pair that does not fit together is told, and the old one stays."""
        path = str(self._files.certificate)
        try:
            if self._files.reload():
                self._on_reload()
                log.info("certificate_reloaded", path=path)
        except (OSError, ssl.SSLError) as error:
            log.warning("certificate_not_loaded", path=path, error=str(error))

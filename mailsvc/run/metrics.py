"""Figures of the mail process for Prometheus, on a listener of their own: counts, never a name or an address."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from prometheus_client import Counter as Total

from config.settings import host_port
from mailsvc.model.changes import MailboxChanged
from mailsvc.services import index_mail, queue_view

if TYPE_CHECKING:
    from config.settings import MetricsSettings
    from mailsvc.model.changes import Change
    from mailsvc.net.bridge import Bridge
    from mailsvc.storage.store import Store
    from search.engine import Engine

MAX_REQUEST = 8192
REQUEST_SECONDS = 10.0


class Metrics:
    """Counts what the store tells of, and looks at the rest when it is asked."""

    def __init__(self, settings: MetricsSettings, store: Store, bridge: Bridge, engine: Engine) -> None:
        self._listen = settings.listen
        self._store = store
        self._bridge = bridge
        self._engine = engine
        self._server: asyncio.Server | None = None
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._changed = Total(
            "congvu_mailbox_changes", "mailboxes that commits changed", registry=self._registry
        )
        self._waiting = Gauge(
            "congvu_queue_waiting", "recipients that wait in the queue", registry=self._registry
        )
        self._lag = Gauge(
            "congvu_index_lag", "letters that the search index has not seen", registry=self._registry
        )
        self._failed = Gauge(
            "congvu_store_failed", "1: no more mail is taken until a restart", registry=self._registry
        )
        store.subscribe(self._count)

    def _count(self, changes: tuple[Change, ...]) -> None:
        self._changed.inc(sum(isinstance(change, MailboxChanged) for change in changes))

    async def start(self) -> None:
        """Accept connections, if the settings name a listener."""
        if self._listen:
            host, port = host_port(self._listen)
            self._server = await asyncio.start_server(self._answer, host, port, limit=MAX_REQUEST)

    async def stop(self) -> None:
        """Accept no more."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One GET, whatever its path (RFC 9112 §3); nothing of the request is used."""
        try:
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REQUEST_SECONDS)
            body = self.text()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            writer.write(body)
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # not a request; nothing to tell anyone
        finally:
            writer.close()

    def text(self) -> bytes:
        """The figures now, in Prometheus' text format."""
        self._waiting.set(self._bridge.read(queue_view.count_waiting))
        self._lag.set(self._bridge.read(index_mail.lag, self._engine))
        self._failed.set(int(bool(self._store.failed)))
        return generate_latest(self._registry)

"""What the queue reads from the store and writes into it: contents, results, reports."""

from __future__ import annotations

import asyncio
import secrets
import threading
from functools import partial
from typing import TYPE_CHECKING

import structlog

from mailsvc.model.errors import StoreUnavailable
from mailsvc.queue import settle
from mailsvc.queue.dsn import Sender
from mailsvc.queue.schedule import Patience
from mailsvc.queue.signer import Signer
from mailsvc.services.dkim_keys import DkimKeys
from mailsvc.services.receive import prepare
from mailsvc.storage import messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.settings import Settings
    from mailsvc.net.bridge import Bridge
    from mailsvc.queue.settle import Tried
    from mailsvc.storage.outbound import QueuedLetter
    from mailsvc.storage.store import Store

log = structlog.get_logger("congvu.queue")

_PAUSE_SECONDS = 2.0
"""Between tries to write while the store cannot take it."""


class Recorder:
    """One for a queue worker; it keeps a connection of its own, for the threads that read contents."""

    def __init__(self, settings: Settings, store: Store, bridge: Bridge) -> None:
        queue = settings.queue
        self._bridge = bridge
        self._patience = Patience(queue.lifetime_hours * 3600, queue.delay_notice_hours * 3600)
        self.reporter = settle.Reporter(
            sender=Sender(settings.hostname, f"postmaster@{settings.domain}"),
            token=lambda: secrets.token_hex(12),
            prepare=lambda content: prepare(content, store.pieces),
        )
        self._signer = Signer(DkimKeys(store.data_dir), authserv_id=settings.hostname, domain=settings.domain)
        self._reader = store.reader()
        self._reading = threading.Lock()
        self._is_stopping = False
        self._is_closed = False

    def stop(self) -> None:
        """Wait no longer for a store that cannot take results."""
        self._is_stopping = True

    def close(self) -> None:
        """Give the connection back."""
        if not self._is_closed:
            self._is_closed = True
            with self._reading:
                self._reader.close()

    def content(self, letter: QueuedLetter) -> bytes:
        """The octets of a letter as they were sent to us; for a thread."""
        with self._reading:
            return messages.content(self._reader, letter.message_id)

    def octets(self, letter: QueuedLetter) -> bytes:
        """The octets that go out, signed; for a thread."""
        content = self.content(letter)
        return self._signer.fields(letter, content, now=self._reader.clock()) + letter.trace + content

    async def record(self, letter: QueuedLetter, tries: Sequence[Tried]) -> None:
        """Make the results durable, with what the sender is told; raises only for a bug, or when it must stop."""
        if not tries:
            return
        now = self._bridge.reader.clock()
        settled = settle.judge_all(letter, tries, now=now, patience=self._patience)
        reports = await self._reports(letter, settled, now)
        await self._make_durable(letter, settled, reports)
        for one in tries:
            log.info("queue_tried", letter=letter.id, recipient=one.recipient.id, reply=str(one.reply)[:200])

    async def _reports(
        self, letter: QueuedLetter, settled: Sequence[settle.Settled], now: int
    ) -> list[settle.Notice]:
        make = partial(
            settle.notices,
            letter,
            settled,
            partial(self.content, letter),
            reporter=self.reporter,
            now=now,
            patience=self._patience,
        )
        try:
            return await self._bridge.slow(make)
        except Exception:
            # A report that cannot be written must not keep the results from being kept.
            log.exception("queue_no_report", letter=letter.id)
            return []

    async def _make_durable(
        self, letter: QueuedLetter, settled: Sequence[settle.Settled], reports: Sequence[settle.Notice]
    ) -> None:
        """Write the results. While the store cannot take them they are held: trying again would double the letter.

        Anything else that goes wrong here is a bug; the recipients then stay in flight until the next start.
        """
        while True:
            try:
                await self._bridge.write(settle.settle, letter, settled, reports)
            except StoreUnavailable as error:
                log.warning("queue_store_unavailable", letter=letter.id, error=str(error))
                if self._is_stopping:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return

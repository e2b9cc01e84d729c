"""The queue's worker: takes what is due, sorts it by the way it goes, and has each result written down.

Nothing of the queue lives only in memory: what was not settled when the process ended is due again when it starts, and
any number of workers share one queue, since each claims what it tries (RFC 5321 §4.5.4.1).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

import structlog

from mailsvc.model.changes import QueueChanged
from mailsvc.model.errors import MailboxMissing, ServiceError
from mailsvc.queue.lanes import RECIPIENTS_A_LETTER, TRANSACTION_SECONDS, Job, Lanes
from mailsvc.queue.outside import Outside
from mailsvc.queue.recorder import Recorder
from mailsvc.queue.settle import Tried
from mailsvc.queue.way import Demand, way_of
from mailsvc.services.queue_routes import routes_now
from mailsvc.services.receive import deliver_queued
from mailsvc.smtp.wire.reply import Reply
from mailsvc.storage import outbound, outbound_claims

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine, Sequence

    from config.settings import Settings
    from mailsvc.model.changes import Change
    from mailsvc.net.bridge import Bridge
    from mailsvc.net.resolver import Resolver
    from mailsvc.smtp.client import Deadlines
    from mailsvc.storage.outbound import QueuedLetter, QueuedRecipient
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import UnitOfWork

log = structlog.get_logger("congvu.queue")

_BATCH = 500
"""Recipients claimed at a time."""
_ROOM = 10_000
"""Recipients in memory at most."""
_CLAIM_SECONDS = 3600
_BUSY_PAUSE_SECONDS = 0.2
_LOOK_SECONDS = 60.0
_HOUSEKEEPING_SECONDS = 3600
_KEPT_SECONDS = 7 * 86_400
"""How long finished letters stay, so that `queue list` and traces can tell what became of them."""
_STOP_SECONDS = 10.0

BOX_FULL = Reply(452, "4.2.2", "The mailbox is full")
BOX_GONE = Reply(550, "5.1.1", "The mailbox is gone")
DELIVERED = Reply(250, "2.0.0", "delivered")


class QueueWorker:
    """One for a mail process; `run` until cancelled or stopped."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        bridge: Bridge,
        resolver: Resolver,
        *,
        tls: ssl.SSLContext | None = None,
        deadlines: Deadlines | None = None,
        name: str = "",
        outside: Outside | None = None,
    ) -> None:
        queue = settings.queue
        self._bridge = bridge
        self._queue = queue
        self._name = name or f"{socket.gethostname()}:{store.data_dir.resolve()}"
        self.recorder = Recorder(settings, store, bridge)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lanes = Lanes(
            outside or Outside(settings, resolver, tls=tls, deadlines=deadlines),
            per_domain=queue.max_connections_per_domain,
            at_once=queue.max_connections,
            idle_seconds=queue.idle_seconds,
            content=self._octets,
            record=self._record,
            give_back=self._give_back,
            spawn=self._spawn,
        )
        self._routes: dict[str, str] | None = None
        self._in_hand = 0
        self._last_sender = -1
        self._news = asyncio.Event()
        self._is_stopping = False
        self._cleaned_at = 0
        store.subscribe(self._on_change)

    # -- the loop

    async def run(self) -> None:
        """Work the queue until it is cancelled or stopped; what is under way then is brought to its end."""
        try:
            await self.take_back()
            await self._run()
        finally:
            await self.stop()

    async def take_back(self) -> None:
        """What a worker of this name had when it died is due now."""
        again = await self._bridge.write(outbound_claims.give_back_all, self._name)
        if again:
            log.info("queue_taken_back", recipients=again)

    async def _run(self) -> None:
        while not self._is_stopping:
            self._news.clear()
            seconds = _LOOK_SECONDS
            try:
                taken = await self._dispatch()
                await self._clean()
                seconds = 0.0 if taken and self._in_hand < _ROOM else self._seconds_to_wait()
            except Exception:
                log.exception("queue_unexpected")
            if self._in_hand >= _BATCH:
                await asyncio.sleep(_BUSY_PAUSE_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait()

    async def stop(self) -> None:
        """Begin nothing new; give transactions under way a while to end, so that their results are kept."""
        if self._is_stopping:
            return
        self._is_stopping = True
        self.recorder.stop()
        self._news.set()
        with contextlib.suppress(ServiceError):
            await self._lanes.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self.recorder.close()

    async def work_off(self) -> None:
        """Try all that is due now, once, and return when that is settled."""
        self._lanes.waits_for_more = False
        await self._dispatch()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _on_change(self, changes: tuple[Change, ...]) -> None:
        if any(isinstance(change, QueueChanged) for change in changes):
            self._routes = None
            self._news.set()

    def _seconds_to_wait(self) -> float:
        due = self._bridge.read(outbound.next_due)
        if due is None:
            return _LOOK_SECONDS
        # What is due and was left out for want of room: a finished job will ring.
        left = due - self._bridge.reader.clock()
        return min(max(float(left), 1.0), _LOOK_SECONDS)

    async def _clean(self) -> None:
        now = self._bridge.reader.clock()
        if now - self._cleaned_at >= _HOUSEKEEPING_SECONDS:
            self._cleaned_at = now
            await self._bridge.write(outbound.drop_finished, now - _KEPT_SECONDS)

    async def _dispatch(self) -> int:
        """Claim what is due and give it to the lanes; how many recipients."""
        room = min(_BATCH, _ROOM - self._in_hand)
        now = self._bridge.reader.clock()
        due = self._bridge.read(outbound.next_due)
        if room <= 0 or due is None or due > now or self._is_stopping:
            return 0
        claimed = await self._bridge.write(self._claim, room)
        self._in_hand += len(claimed)
        begin_before = time.monotonic() + _CLAIM_SECONDS - TRANSACTION_SECONDS - 300
        self._routes = routes = self._routes or self._bridge.read(routes_now, self._queue)
        jobs: dict[tuple[int, Any], list[QueuedRecipient]] = {}
        letters: dict[int, QueuedLetter] = {}
        for recipient in claimed:
            letter = letters.get(recipient.outbound_id)
            if letter is None:
                letter = self._bridge.read(outbound.letter, recipient.outbound_id)
                assert letter is not None
                letters[letter.id] = letter
            way = None
            if recipient.local_account_id is None:
                way = way_of(
                    recipient.domain, Demand(letter.tls), routes=routes, smart_host=self._queue.smart_host
                )
            jobs.setdefault((letter.id, way), []).append(recipient)
        for (letter_id, way), recipients in jobs.items():
            letter = letters[letter_id]
            if way is None:
                self._spawn(self._deliver_here(letter, recipients))
                continue
            for at in range(0, len(recipients), RECIPIENTS_A_LETTER):
                part = tuple(recipients[at : at + RECIPIENTS_A_LETTER])
                self._lanes.put(way, Job(letter, part, begin_before))
        return len(claimed)

    def _claim(self, uow: UnitOfWork, room: int) -> list[QueuedRecipient]:
        claimed = outbound_claims.claim(
            uow, self._name, until=uow.clock() + _CLAIM_SECONDS, limit=room, after_sender=self._last_sender
        )
        if claimed:
            self._last_sender = claimed[-1].sender_id
        return claimed

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("queue_unexpected", exc_info=error)

    # -- what the lanes ask for

    async def _octets(self, letter: QueuedLetter) -> bytes:
        return await self._bridge.slow(self.recorder.octets, letter)

    async def _give_back(self, recipients: Sequence[QueuedRecipient]) -> None:
        now = self._bridge.reader.clock()
        ids = [one.id for one in recipients]
        await self._bridge.write(lambda uow: outbound_claims.give_back(uow, self._name, ids, due=now))
        self._in_hand -= len(ids)

    async def _record(self, letter: QueuedLetter, tried: Sequence[Tried]) -> None:
        """Until the results are durable the recipients stay claimed."""
        await self.recorder.record(letter, tried)
        self._in_hand -= len(tried)
        self._news.set()

    # -- boxes of our own

    async def _deliver_here(self, letter: QueuedLetter, recipients: Sequence[QueuedRecipient]) -> None:
        """Boxes that were full, and those of which the sender wants to hear: they get it now, or wait on."""
        tried: list[Tried] = []
        for recipient in recipients:
            try:
                if await self._bridge.write(self._deliver_and_settle, letter, recipient):
                    reply = DELIVERED
                else:
                    reply = BOX_FULL
            except MailboxMissing:
                reply = BOX_GONE
            except ServiceError as error:
                reply = Reply(451, "4.3.0", repr(error))
            tried.append(Tried(recipient, reply))
        await self._record(letter, tried)

    @staticmethod
    def _deliver_and_settle(uow: UnitOfWork, letter: QueuedLetter, recipient: QueuedRecipient) -> bool:
        """Both or neither: a crash between the two would deliver it twice."""
        assert recipient.local_account_id is not None
        if not deliver_queued(uow, letter, recipient.address, recipient.local_account_id):
            return False
        outbound.set_state(
            uow, recipient.id, "sent", next_attempt=uow.clock(), reply=str(DELIVERED), attempted=False
        )
        return True

"""The queue's worker: takes what is due, sorts it by where it goes, delivers, and has each result written down.

Nothing of the queue lives only in memory: what was not settled when the process ended is still due when it starts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from directory.address import AddressError, parse_address
from mailsvc.model.changes import QueueChanged
from mailsvc.model.errors import MailboxMissing, ServiceError
from mailsvc.queue.outside import BAD_ADDRESS, Outside
from mailsvc.queue.recorder import Recorder
from mailsvc.services.receive import deliver_queued
from mailsvc.smtp.client import Letter, SmtpClient, Unreachable
from mailsvc.smtp.wire.reply import Reply
from mailsvc.storage import outbound

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
"""Recipients taken from the store at a time."""
_ROOM = 10_000
"""Recipients in memory at most."""
_BUSY_PAUSE_SECONDS = 0.2
"""Between two looks at the store while much is in flight: each look passes over all of that."""
_LETTERS_A_CONNECTION = 100
_RECIPIENTS_A_LETTER = 100
"""What every server must take in one transaction (RFC 5321 §4.5.3.1.8)."""
_LOOK_SECONDS = 60.0
_HOUSEKEEPING_SECONDS = 3600
_KEPT_SECONDS = 7 * 86_400
"""How long finished letters stay, so that `queue list` and traces can tell what became of them."""
_STOP_SECONDS = 10.0

BOX_FULL = Reply(452, "4.2.2", "The mailbox is full")
BOX_GONE = Reply(550, "5.1.1", "The mailbox is gone")
OUR_FAULT = Reply(451, "4.3.0", "Local error")


@dataclass(frozen=True, slots=True)
class Job:
    """One letter for the recipients of one lane."""

    letter: QueuedLetter
    recipients: tuple[QueuedRecipient, ...]


@dataclass(slots=True)
class Lane:
    """Jobs that go the same way: to one domain, or to the smart host."""

    domain: str
    jobs: deque[Job] = field(default_factory=deque)
    workers: int = 0


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
    ) -> None:
        queue = settings.queue
        self._per_domain = queue.max_connections_per_domain
        self._bridge = bridge
        self._outside = Outside(settings, resolver, tls=tls, deadlines=deadlines)
        self.recorder = Recorder(settings, store, bridge)
        self._lanes: dict[str, Lane] = {}
        self._in_flight: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(queue.max_connections)
        self._news = asyncio.Event()
        self._stopping = False
        self._cleaned_at = 0
        store.subscribe(self._on_change)

    # -- the loop

    async def run(self) -> None:
        """Work the queue until it is cancelled or stopped; what is under way then is brought to its end."""
        try:
            await self._run()
        finally:
            await self.stop()

    async def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            seconds = _LOOK_SECONDS
            try:
                self._dispatch()
                await self._clean()
                seconds = self._seconds_to_wait()
            except Exception:
                log.exception("queue_unexpected")
            if len(self._in_flight) >= _BATCH:
                await asyncio.sleep(_BUSY_PAUSE_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait()

    async def stop(self) -> None:
        """Begin nothing new; give transactions under way a while to end, so that their results are kept."""
        self._stopping = True
        self.recorder.stop()
        self._news.set()
        for lane in self._lanes.values():
            lane.jobs.clear()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self.recorder.close()

    async def work_off(self) -> None:
        """Try all that is due now, once, and return when that is settled."""
        self._dispatch()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _on_change(self, changes: tuple[Change, ...]) -> None:
        if any(isinstance(change, QueueChanged) for change in changes):
            self._news.set()

    def _seconds_to_wait(self) -> float:
        due = self._bridge.read(outbound.next_due)
        if due is None:
            return _LOOK_SECONDS
        # What is due and not in flight was left out for want of room: a finished job will ring.
        left = due - self._bridge.reader.clock()
        return min(max(float(left), 1.0), _LOOK_SECONDS)

    async def _clean(self) -> None:
        now = self._bridge.reader.clock()
        if now - self._cleaned_at >= _HOUSEKEEPING_SECONDS:
            self._cleaned_at = now
            await self._bridge.write(outbound.drop_finished, now - _KEPT_SECONDS)

    def _dispatch(self) -> None:
        """Give what is due to the lanes."""
        if len(self._in_flight) >= _ROOM:
            return
        now = self._bridge.reader.clock()
        due = self._bridge.read(outbound.due, now, _BATCH + len(self._in_flight))
        jobs: dict[tuple[int, str], list[QueuedRecipient]] = {}
        for recipient in due:
            if recipient.id not in self._in_flight:
                name = (
                    "" if recipient.local_account_id is not None else self._outside.lane_of(recipient.domain)
                )
                jobs.setdefault((recipient.outbound_id, name), []).append(recipient)
        for (letter_id, name), recipients in jobs.items():
            letter = self._bridge.read(outbound.letter, letter_id)
            assert letter is not None
            self._in_flight.update(recipient.id for recipient in recipients)
            if not name:
                self._spawn(self._deliver_here(letter, recipients))
                continue
            lane = self._lanes.setdefault(name, Lane(name))
            for at in range(0, len(recipients), _RECIPIENTS_A_LETTER):
                lane.jobs.append(Job(letter, tuple(recipients[at : at + _RECIPIENTS_A_LETTER])))
            if lane.workers < self._per_domain:
                lane.workers += 1
                self._spawn(self._work(lane))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("queue_unexpected", exc_info=error)

    # -- one lane

    async def _work(self, lane: Lane) -> None:
        try:
            async with self._places:
                while lane.jobs and not self._stopping:
                    await self._one_connection(lane)
        finally:
            lane.workers -= 1
            if not lane.workers and not lane.jobs:
                self._lanes.pop(lane.domain, None)

    async def _one_connection(self, lane: Lane) -> None:
        """Connect, and send what waits in the lane; where nobody answers, all of it waits for another time."""
        try:
            client = await self._outside.open(lane.domain)
        except Exception:
            log.exception("queue_unexpected", domain=lane.domain)
            client = OUR_FAULT
        if isinstance(client, Reply):
            jobs = tuple(lane.jobs)
            lane.jobs.clear()
            for job in jobs:
                await self._record(job.letter, [(recipient, client) for recipient in job.recipients])
            return
        is_open = True
        try:
            for _ in range(_LETTERS_A_CONNECTION):
                if not lane.jobs or self._stopping or not is_open:
                    break
                is_open = await self._send(client, lane.jobs.popleft())
        finally:
            if is_open:
                await client.quit()
            else:
                client.abort()

    async def _send(self, client: SmtpClient, job: Job) -> bool:
        """One letter over an open connection; False if the connection is of no more use."""
        is_open = True
        try:
            replies = await self._hand_over(client, job)
        except Unreachable as error:
            is_open = False
            reply = error.reply if 400 <= error.reply.code < 500 else Reply(451, "4.4.2", str(error.reply))
            replies = [(recipient, reply) for recipient in job.recipients]
        except Exception:
            log.exception("queue_unexpected", letter=job.letter.id)
            is_open = False
            replies = [(recipient, OUR_FAULT) for recipient in job.recipients]
        await self._record(job.letter, replies)
        return is_open

    async def _hand_over(self, client: SmtpClient, job: Job) -> list[tuple[QueuedRecipient, Reply]]:
        letter = job.letter
        replies: list[tuple[QueuedRecipient, Reply]] = []
        known = []
        for recipient in job.recipients:
            try:
                known.append((recipient, parse_address(recipient.address)))
            except AddressError:
                replies.append((recipient, BAD_ADDRESS))
        if known:
            content = letter.trace + await self._bridge.slow(self.recorder.content, letter)
            reverse_path = parse_address(letter.reverse_path) if letter.reverse_path else None
            said = await client.send(Letter(reverse_path, content), [address for _, address in known])
            replies += [(recipient, reply) for (recipient, _), reply in zip(known, said, strict=True)]
        return replies

    # -- results

    async def _deliver_here(self, letter: QueuedLetter, recipients: Sequence[QueuedRecipient]) -> None:
        """Boxes of our own that were full: they get it now, or wait on."""
        replies: list[tuple[QueuedRecipient, Reply]] = []
        for recipient in recipients:
            try:
                if await self._bridge.write(_deliver_and_settle, letter, recipient):
                    self._in_flight.discard(recipient.id)
                    continue
                replies.append((recipient, BOX_FULL))
            except MailboxMissing:
                replies.append((recipient, BOX_GONE))
            except ServiceError as error:
                replies.append((recipient, Reply(451, "4.3.0", repr(error))))
        await self._record(letter, replies)

    async def _record(self, letter: QueuedLetter, replies: Sequence[tuple[QueuedRecipient, Reply]]) -> None:
        """Until the results are durable the recipients stay in flight."""
        await self.recorder.record(letter, replies)
        self._in_flight.difference_update(recipient.id for recipient, _ in replies)
        self._news.set()


def _deliver_and_settle(uow: UnitOfWork, letter: QueuedLetter, recipient: QueuedRecipient) -> bool:
    assert recipient.local_account_id is not None
    if not deliver_queued(uow, letter, recipient.address, recipient.local_account_id):
        return False
    outbound.set_state(uow, recipient.id, "sent", next_attempt=uow.clock(), reply="250 2.0.0 delivered")
    return True

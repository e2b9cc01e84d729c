"""Lanes: the letters that go the same way, and the connections that carry them, reused while there is something to send."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from directory.address import AddressError, parse_address
from mailsvc.queue.backoff import Backoff
from mailsvc.queue.fair import FairQueue
from mailsvc.queue.outside import BAD_ADDRESS
from mailsvc.queue.settle import Tried
from mailsvc.smtp.client import Letter, SmtpClient, Unreachable
from mailsvc.smtp.wire.outgoing import Destination
from mailsvc.smtp.wire.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from mailsvc.queue.outside import Outside
    from mailsvc.queue.way import Way
    from mailsvc.storage.outbound import QueuedLetter, QueuedRecipient

log = structlog.get_logger("congvu.queue")

LETTERS_A_CONNECTION = 100
RECIPIENTS_A_LETTER = 100
"""What every server must take in one transaction (RFC 5321 §4.5.3.1.8)."""
TRANSACTION_SECONDS = 1500.0
"""However slow the other side: a transaction must end well before the claim on its recipients does."""
OUR_FAULT = Reply(451, "4.3.0", "Local error")
TOO_SLOW = Reply(451, "4.4.2", "The other side took too long")


@dataclass(frozen=True, slots=True)
class Job:
    """One letter for the recipients of one lane."""

    letter: QueuedLetter
    recipients: tuple[QueuedRecipient, ...]
    begin_before: float
    """A moment of the monotonic clock: begun later, it could outlast the claim."""


@dataclass(slots=True)
class Lane:
    """Jobs that go the same way."""

    way: Way
    jobs: FairQueue[Job] = field(default_factory=FairQueue)
    workers: int = 0
    idle: int = 0
    """Workers that hold an open connection and wait."""
    insists: bool = False
    """A letter waits in it that was tried before: its own schedule, or an operator, says that it is time."""
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Lanes:
    """All lanes of a worker."""

    def __init__(
        self,
        outside: Outside,
        *,
        per_domain: int,
        at_once: int,
        idle_seconds: float,
        content: Callable[[QueuedLetter], Awaitable[bytes]],
        record: Callable[[QueuedLetter, Sequence[Tried]], Awaitable[None]],
        give_back: Callable[[Sequence[QueuedRecipient]], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._outside = outside
        self._per_domain = per_domain
        self._idle_seconds = idle_seconds
        self._places = asyncio.Semaphore(at_once)
        self._content = content
        self._record = record
        self._give_back = give_back
        self._spawn = spawn
        self._lanes: dict[Way, Lane] = {}
        self._backoff = Backoff()
        self._is_stopping = False
        self.waits_for_more = True
        """False while only what is there now shall be sent: no connection is then held open."""

    def put(self, way: Way, job: Job) -> None:
        """Send it when its turn comes."""
        lane = self._lanes.get(way)
        if lane is None:
            lane = self._lanes[way] = Lane(way)
        lane.jobs.put(job.letter.account_id or 0, job)
        lane.insists = lane.insists or any(one.attempts for one in job.recipients)
        if lane.idle:
            lane.news.set()
        if len(lane.jobs) > lane.idle and lane.workers < self._per_domain:
            lane.workers += 1
            self._spawn(self._work(lane))

    async def stop(self) -> None:
        """Begin nothing new."""
        self._is_stopping = True
        for lane in self._lanes.values():
            for job in lane.jobs.drain():
                await self._give_back(job.recipients)
            lane.news.set()

    async def _work(self, lane: Lane) -> None:
        try:
            async with self._places:
                while lane.jobs and not self._is_stopping:
                    await self._one_connection(lane)
        finally:
            lane.workers -= 1
            if not lane.workers and not lane.jobs:
                self._lanes.pop(lane.way, None)

    async def _one_connection(self, lane: Lane) -> None:
        """Connect, and send what waits in the lane; where nobody answers, all of it waits for another time."""
        client = await self._open(lane)
        if isinstance(client, Reply):
            for job in lane.jobs.drain():
                await self._record(job.letter, [Tried(one, client) for one in job.recipients])
            return
        is_open = True
        try:
            for number in range(LETTERS_A_CONNECTION):
                if not is_open or self._is_stopping or not (lane.jobs or await self._has_more(lane, client)):
                    break
                job = lane.jobs.take()
                if time.monotonic() > job.begin_before:
                    await self._give_back(job.recipients)
                    continue
                is_open = await self._send(client, job, lane if number else None)
        finally:
            if is_open:
                await client.quit()
            else:
                client.abort()

    async def _has_more(self, lane: Lane, client: SmtpClient) -> bool:
        """Hold the open connection for a moment: most letters of a morning go to the same few domains."""
        if not self.waits_for_more or not self._idle_seconds or self._places.locked():
            return False
        lane.idle += 1
        lane.news.clear()
        try:
            async with asyncio.timeout(self._idle_seconds):
                await lane.news.wait()
        except TimeoutError:
            return False
        finally:
            lane.idle -= 1
        # A server that hung up meanwhile is no failure of the next letter: it goes over a new connection.
        return bool(lane.jobs) and client.is_alive

    async def _open(self, lane: Lane) -> SmtpClient | Reply:
        way, now = lane.way, time.monotonic()
        blocked = None if lane.insists else self._backoff.blocked(way.name, now)
        lane.insists = False
        if blocked is not None:
            return blocked
        try:
            client = await self._outside.open(way)
        except Exception:
            log.exception("queue_unexpected", way=way.name)
            return OUR_FAULT
        if not isinstance(client, Reply):
            self._backoff.succeeded(way.name)
        elif client.code < 500 and client.enhanced == "4.4.1":
            self._backoff.failed(way.name, client, now)
        return client

    async def _send(self, client: SmtpClient, job: Job, again_in: Lane | None) -> bool:
        """One letter over an open connection; False if the connection is of no more use.

        A server may end a connection between two letters: that is no failure of the second one, which goes back
        into its lane.
        """
        is_open = True
        try:
            async with asyncio.timeout(TRANSACTION_SECONDS):
                tried = await self._hand_over(client, job)
        except Unreachable as error:
            is_open = False
            if again_in is not None and not client.has_begun and not self._is_stopping:
                again_in.jobs.put(job.letter.account_id or 0, job)
                return is_open
            reply = error.reply if 400 <= error.reply.code < 500 else Reply(451, "4.4.2", str(error.reply))
            tried = [Tried(one, reply) for one in job.recipients]
        except TimeoutError:
            is_open = False
            tried = [Tried(one, TOO_SLOW) for one in job.recipients]
        except Exception:
            log.exception("queue_unexpected", letter=job.letter.id)
            is_open = False
            tried = [Tried(one, OUR_FAULT) for one in job.recipients]
        await self._record(job.letter, tried)
        return is_open

    async def _hand_over(self, client: SmtpClient, job: Job) -> list[Tried]:
        letter = job.letter
        tried: list[Tried] = []
        known: list[tuple[QueuedRecipient, Destination]] = []
        for recipient in job.recipients:
            try:
                path = parse_address(recipient.address)
            except AddressError:
                tried.append(Tried(recipient, BAD_ADDRESS))
            else:
                known.append((recipient, Destination(path, recipient.notify, recipient.original_recipient)))
        if known:
            sent = Letter(
                parse_address(letter.reverse_path) if letter.reverse_path else None,
                await self._content(letter),
                envelope_id=letter.envelope_id,
                return_full=letter.return_full,
                require_tls=letter.tls == "required",
            )
            said = await client.send(sent, [destination for _, destination in known])
            tells = "DSN" in client.extensions
            tried += [
                Tried(recipient, reply, server=client.server.host, tells_itself=tells)
                for (recipient, _), reply in zip(known, said, strict=True)
            ]
        return tried

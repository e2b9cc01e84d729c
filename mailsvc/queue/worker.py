"""The queue's worker: takes what is due, sorts it by where it goes, delivers, and has each result written down.

Nothing of the queue lives only in memory: what was not settled when the process ended is still due when it starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from config.settings import host_port
from directory.address import AddressError, parse_address
from mailsvc.model.changes import QueueChanged
from mailsvc.model.errors import MailboxMissing, ServiceError, StoreUnavailable
from mailsvc.net.tls import opportunistic_context
from mailsvc.queue import settle
from mailsvc.queue.dsn import Sender
from mailsvc.queue.route import servers_of
from mailsvc.queue.schedule import Patience
from mailsvc.services.receive import deliver_queued, prepare
from mailsvc.smtp.client import Deadlines, Letter, Server, SmtpClient, TlsFailed, Unreachable, connect
from mailsvc.smtp.wire.reply import Reply
from mailsvc.smtp.wire.sasl import Credentials
from mailsvc.storage import messages, outbound

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from config.settings import Settings
    from mailsvc.model.changes import Change
    from mailsvc.net.bridge import Bridge
    from mailsvc.net.resolver import Resolver
    from mailsvc.storage.outbound import QueuedLetter, QueuedRecipient
    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import UnitOfWork

log = structlog.get_logger("congvu.queue")

_BATCH = 500
"""Recipients taken from the store at a time."""
_LETTERS_A_CONNECTION = 100
_LOOK_SECONDS = 60.0
_HOUSEKEEPING_SECONDS = 3600
_KEPT_SECONDS = 7 * 86_400
"""How long finished letters stay, so that `queue list` and traces can tell what became of them."""
_STOP_SECONDS = 10.0
_STORE_PAUSE_SECONDS = 2.0

BAD_ADDRESS = Reply(553, "5.1.3", "The address is malformed")
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
        self._settings = queue
        self._hostname = settings.hostname
        self._store = store
        self._bridge = bridge
        self._resolver = resolver
        self._tls = tls or opportunistic_context()
        self._deadlines = deadlines or Deadlines()
        self._patience = Patience(queue.lifetime_hours * 3600, queue.delay_notice_hours * 3600)
        self._reporter = settle.Reporter(
            sender=Sender(settings.hostname, f"postmaster@{settings.domain}"),
            token=lambda: secrets.token_hex(12),
            prepare=lambda content: prepare(content, store.pieces),
        )
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
            try:
                self._dispatch()
                await self._clean()
            except Exception:
                log.exception("queue_unexpected")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds_to_wait()):
                    await self._news.wait()

    async def stop(self) -> None:
        """Begin nothing new; give transactions under way a while to end, so that their results are kept."""
        self._stopping = True
        self._news.set()
        for lane in self._lanes.values():
            lane.jobs.clear()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

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
        now = self._bridge.reader.clock()
        due = self._bridge.read(outbound.due, now, _BATCH + len(self._in_flight))
        jobs: dict[tuple[int, str], list[QueuedRecipient]] = {}
        for recipient in due:
            if recipient.id not in self._in_flight:
                name = "" if recipient.local_account_id is not None else self._lane_of(recipient)
                jobs.setdefault((recipient.outbound_id, name), []).append(recipient)
        for (letter_id, name), recipients in jobs.items():
            letter = self._bridge.read(outbound.letter, letter_id)
            assert letter is not None
            self._in_flight.update(recipient.id for recipient in recipients)
            if not name:
                self._spawn(self._deliver_here(letter, recipients))
                continue
            lane = self._lanes.setdefault(name, Lane(name))
            lane.jobs.append(Job(letter, tuple(recipients)))
            if lane.workers < self._settings.max_connections_per_domain:
                lane.workers += 1
                self._spawn(self._work(lane))

    def _lane_of(self, recipient: QueuedRecipient) -> str:
        return self._settings.smart_host or recipient.domain

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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
            self._news.set()

    async def _one_connection(self, lane: Lane) -> None:
        """Connect, and send what waits in the lane; where nobody answers, all of it waits for another time."""
        try:
            client = await self._reach(lane.domain)
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

    async def _reach(self, domain: str) -> SmtpClient | Reply:
        """The first server of the lane that answers, or why there is none."""
        credentials = None
        if self._settings.smart_host:
            servers = await self._smart_host()
            if self._settings.smart_host_user:
                credentials = Credentials(self._settings.smart_host_user, self._settings.smart_host_password)
        else:
            try:
                servers = await servers_of(
                    domain, self._resolver, our_name=self._hostname, port=self._settings.port
                )
            except ValueError:
                servers = BAD_ADDRESS
        if isinstance(servers, Reply):
            return servers
        reply = OUR_FAULT
        for server in servers:
            try:
                return await self._connect(server, credentials)
            except Unreachable as error:
                # Whatever one server says of itself, the letter can wait for a better day (RFC 5321 §4.5.4.1).
                reply = error.reply
                log.info("queue_unreachable", domain=domain, host=server.host, reply=str(reply))
        return reply if 400 <= reply.code < 500 else Reply(451, "4.4.1", str(reply))

    async def _connect(self, server: Server, credentials: Credentials | None) -> SmtpClient:
        dial = partial(
            connect, server, our_name=self._hostname, credentials=credentials, deadlines=self._deadlines
        )
        # A password goes over the network under TLS only.
        must_encrypt = credentials is not None and not server.address.startswith(("127.", "::1"))
        try:
            return await dial(tls=self._tls, must_encrypt=must_encrypt)
        except TlsFailed:
            if must_encrypt:
                raise
            return await dial(tls=None)  # RFC 7435 §3: opportunistic, better in clear than not at all

    async def _smart_host(self) -> list[Server] | Reply:
        host, port = host_port(self._settings.smart_host)
        try:
            async with asyncio.timeout(self._deadlines.connect):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
        except (OSError, TimeoutError) as error:
            return Reply(451, "4.4.3", f"{host}: {error}")
        return [Server(host, str(address[4][0]), port) for address in found]

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
            content = letter.trace + await self._bridge.slow(self._content, letter)
            reverse_path = parse_address(letter.reverse_path) if letter.reverse_path else None
            said = await client.send(Letter(reverse_path, content), [address for _, address in known])
            replies += [(recipient, reply) for (recipient, _), reply in zip(known, said, strict=True)]
        return replies

    def _content(self, letter: QueuedLetter) -> bytes:
        with self._store.read() as db:
            return messages.content(db, letter.message_id)

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
        self._news.set()

    async def _record(self, letter: QueuedLetter, replies: Sequence[tuple[QueuedRecipient, Reply]]) -> None:
        """Make the results durable, with what the sender is told. Until that is done the recipients stay in flight."""
        if not replies:
            return
        now = self._bridge.reader.clock()
        settled = settle.judge_all(letter, replies, now=now, patience=self._patience)
        try:
            await self._make_durable(letter, settled, now)
        except Exception:
            log.exception("queue_not_recorded", letter=letter.id)
        finally:
            self._in_flight.difference_update(recipient.id for recipient, _ in replies)
        for recipient, reply in replies:
            log.info("queue_tried", letter=letter.id, recipient=recipient.id, reply=str(reply)[:200])

    async def _make_durable(self, letter: QueuedLetter, settled: Sequence[settle.Settled], now: int) -> None:
        """Write the results. While the store cannot take them they are held: trying again would double the letter."""
        reports = await self._bridge.slow(
            partial(
                settle.notices,
                letter,
                settled,
                partial(self._content, letter),
                reporter=self._reporter,
                now=now,
                patience=self._patience,
            )
        )
        while True:
            try:
                await self._bridge.write(settle.settle, settled, reports)
            except StoreUnavailable as error:
                log.warning("queue_store_unavailable", letter=letter.id, error=str(error))
                if self._stopping:
                    raise
                await asyncio.sleep(_STORE_PAUSE_SECONDS)
            else:
                return


def _deliver_and_settle(uow: UnitOfWork, letter: QueuedLetter, recipient: QueuedRecipient) -> bool:
    assert recipient.local_account_id is not None
    if not deliver_queued(uow, letter, recipient.address, recipient.local_account_id):
        return False
    outbound.set_state(uow, recipient.id, "sent", next_attempt=uow.clock(), reply="250 2.0.0 delivered")
    return True

"""Moving mailboxes in from an old server: many accounts at once, resumable, again and again until the day of the change.

Each pass brings what is new there and follows what was done there since. What could not be brought is told by account,
mailbox and letter, with the reason; nothing is left out in silence.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from directory.repository import boxes as directory_boxes
from mailsvc.imap.client import LINES, ConnectionLost, OldServer, OldServerError, RemoteFlags
from mailsvc.model.errors import ServiceError, StoreBusy
from mailsvc.model.ids import AccountId
from mailsvc.services import move_in
from mailsvc.services.move_in import Coming, Fate, Source
from mailsvc.storage import mailboxes

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from mailsvc.imap.client import RemoteLetter, RemoteMailbox
    from mailsvc.storage.store import Store

BATCH_BYTES = 4 << 20
"""Octets asked for at once, a larger letter alone."""
ATTEMPTS = 6
PAUSE_SECONDS = 1.0
"""After a lost connection, doubled each time."""
MAX_REFUSED = 1000
"""Letters named in a report; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Server:
    """The old server."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Move:
    """One account to be moved: its box here, and how to sign in there."""

    address: str
    login: str
    password: str
    box_there: str
    """Whose letters they are: what the login stands for, without a master user."""


@dataclass(slots=True)
class MailboxMoved:
    """What one pass did with one mailbox."""

    name: str
    to: str
    letters: int = 0
    moved: int = 0
    here_already: int = 0
    flags_changed: int = 0
    deleted: int = 0
    not_moved: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, uid: int, why: str) -> None:
        """A letter that is not here, and why."""
        self.not_moved += 1
        if len(self.refused) < MAX_REFUSED:
            self.refused.append({"uid": uid, "why": why})


@dataclass(slots=True)
class AccountMoved:
    """What one pass did with one account."""

    address: str
    mailboxes: list[MailboxMoved] = field(default_factory=list)
    octets: int = 0
    attempts: int = 0
    seconds: float = 0.0
    error: str = ""
    """Why the pass did not come to its end; empty if it did."""

    @property
    def moved(self) -> int:
        """Letters that this pass brought."""
        return sum(one.moved for one in self.mailboxes)

    @property
    def not_moved(self) -> int:
        """Letters that are there and not here."""
        return sum(one.not_moved for one in self.mailboxes)


async def move_all(
    store: Store,
    server: Server,
    moves: Sequence[Move],
    *,
    parallel: int = 8,
    progress: Callable[[AccountMoved], None] = lambda _done: None,
) -> list[AccountMoved]:
    """One pass over all accounts, so many at once; a report for each, in their order."""
    places = asyncio.Semaphore(parallel)

    async def one(move: Move) -> AccountMoved:
        async with places:
            done = await move_account(store, server, move)
        progress(done)
        return done

    return list(await asyncio.gather(*(one(move) for move in moves)))


async def move_account(store: Store, server: Server, move: Move) -> AccountMoved:
    """One pass over one account; a lost connection is made again and goes on where it was."""
    started = time.monotonic()
    report = AccountMoved(move.address)
    with store.read() as db:
        account = directory_boxes.account_by_login(db.conn, move.address)
    if account is None:
        report.error = f"không có hộp thư {move.address} / there is no box {move.address}"
        return report
    pause = PAUSE_SECONDS
    for attempt in range(1, ATTEMPTS + 1):
        report.attempts = attempt
        report.error = ""
        brought = sum(one.moved for one in report.mailboxes)
        try:
            await _Pass(store, server, move, AccountId(account.id), report).run()
            break
        except (ConnectionLost, StoreBusy) as error:
            report.error = str(error)
            if sum(one.moved for one in report.mailboxes) > brought:
                pause = PAUSE_SECONDS  # it went well for a while
            if attempt < ATTEMPTS:
                await asyncio.sleep(pause)
                pause *= 2
        except (OldServerError, ServiceError) as error:
            report.error = (
                f"{type(error).__name__}: {error}" if isinstance(error, ServiceError) else str(error)
            )
            break
    report.seconds = round(time.monotonic() - started, 3)
    return report


class _Pass:
    """One connection's work."""

    def __init__(
        self, store: Store, server: Server, move: Move, account: AccountId, report: AccountMoved
    ) -> None:
        self._store = store
        self._server = server
        self._move = move
        self._account = account
        self._report = report
        self._source = f"{server.host}:{server.port}/{move.box_there}"

    async def run(self) -> None:
        where = self._server
        async with OldServer(where.host, where.port, where.tls, where.seconds) as server:
            await server.login(self._move.login, self._move.password)
            there = [
                box
                for box in await server.mailboxes()
                if box.levels and not box.attributes & {"\\noselect", "\\nonexistent"}
            ]
            names = await asyncio.to_thread(self._names, there)
            for mailbox, name in zip(there, names, strict=True):
                await self._mailbox(server, mailbox, name)

    def _names(self, there: Sequence[RemoteMailbox]) -> list[str]:
        with self._store.read() as db:
            own = mailboxes.of_account(db, self._account)
        return move_in.names_here([(box.levels, box.attributes) for box in there], own)

    def _report_of(self, mailbox: RemoteMailbox, name: str) -> MailboxMoved:
        """The same line for every attempt; what is counted as there and as refused begins anew."""
        spelt = "/".join(mailbox.levels)
        for one in self._report.mailboxes:
            if one.name == spelt:
                one.not_moved, one.refused, one.letters, one.here_already = 0, [], 0, 0
                return one
        self._report.mailboxes.append(MailboxMoved(spelt, name))
        return self._report.mailboxes[-1]

    async def _mailbox(self, server: OldServer, mailbox: RemoteMailbox, name: str) -> None:
        report = self._report_of(mailbox, name)
        validity, uids = await server.examine(mailbox)
        there = {one.uid: one for one in await server.flags(uids)}
        spelt = mailbox.wire_name.decode("utf-8", "replace")
        source = Source(self._account, self._source, spelt, validity)
        held = await asyncio.to_thread(self._follow, source, there, set(uids), report)
        report.letters = len(uids)
        new = [there[uid] for uid in uids if uid in there and uid not in held]
        report.here_already = len(uids) - len(new)
        for batch in _batches(new):
            letters = await server.letters([one.uid for one in batch])
            await asyncio.to_thread(self._bring, source, name, letters, report)
            for uid in {one.uid for one in batch} - {letter.uid for letter in letters}:
                report.refuse(uid, "không còn ở máy chủ cũ / gone from the old server")

    def _follow(
        self, source: Source, there: dict[int, RemoteFlags], uids: set[int], report: MailboxMoved
    ) -> set[int]:
        """What was done there since the last pass; the UIDs that are here already."""
        with self._store.read() as db:
            held = move_in.known(db, source)
        changed = {uid: there[uid].flags for uid in held.keys() & there.keys()}
        gone = sorted(held.keys() - uids)
        for start in range(0, max(len(gone), 1), 200):
            with self._store.write() as uow:
                flagged, deleted = move_in.follow(
                    uow, source, changed if not start else {}, gone[start : start + 200]
                )
            report.flags_changed += flagged
            report.deleted += deleted
        return held.keys() & uids

    def _bring(
        self, source: Source, name: str, letters: Sequence[RemoteLetter], report: MailboxMoved
    ) -> None:
        coming = [
            Coming(
                letter.uid,
                move_in.prepare(letter.octets, self._store.pieces),
                letter.flags,
                letter.internal_date,
            )
            for letter in letters
        ]
        with self._store.write() as uow:
            to = move_in.ensure_mailbox(uow, self._account, name)
            fates = move_in.bring(uow, source, to, coming)
        for letter, fate in zip(letters, fates, strict=True):
            if fate is Fate.MOVED:
                report.moved += 1
                self._report.octets += len(letter.octets)
            elif fate is Fate.KNOWN:
                report.here_already += 1
            else:
                report.refuse(letter.uid, "hộp thư đầy / the box is full")


def _batches(letters: Sequence[RemoteFlags]) -> Iterator[list[RemoteFlags]]:
    batch: list[RemoteFlags] = []
    octets = 0
    for letter in letters:
        if batch and (octets + letter.size > BATCH_BYTES or len(batch) == LINES):
            yield batch
            batch, octets = [], 0
        batch.append(letter)
        octets += letter.size
    if batch:
        yield batch

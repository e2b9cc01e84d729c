"""The store: one installation's database and piece files, and who is told of changes."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mailsvc.model.changes import DirectoryChanged, MailboxChanged, MailboxListChanged, QueueChanged
from mailsvc.model.errors import StoreUnavailable
from mailsvc.model.ids import AccountId, MailboxId
from mailsvc.storage import migrate, tables
from mailsvc.storage.database import Database
from mailsvc.storage.doorbell import Doorbell, Ringer
from mailsvc.storage.pieces import PieceFiles
from mailsvc.storage.room import Room
from mailsvc.storage.statement import Statement
from mailsvc.storage.unit_of_work import KINDS, Reader, UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from config.settings import StorageSettings
    from mailsvc.model.changes import Change

_changes = tables.changes
NEWEST_CHANGE = Statement(select(func.coalesce(func.max(_changes.c.seq), 0)))
CHANGES_SINCE = Statement(
    select(_changes.c.seq, _changes.c.kind, _changes.c.account_id, _changes.c.mailbox_id)
    .where(_changes.c.seq > bindparam("seq"))
    .order_by(_changes.c.seq)
)
FORGET_CHANGES = Statement(delete(_changes).where(_changes.c.seq <= bindparam("seq")))
CHANGES_KEPT = 100_000


class Store:
    """Everything durable of one installation. Cheap to make; one a process."""

    def __init__(
        self,
        data_dir: Path,
        settings: StorageSettings,
        *,
        clock: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        self.data_dir = data_dir
        self.settings = settings
        self.clock = clock
        self.database = Database(data_dir, settings.url, wait_seconds=settings.wait_seconds)
        self.ringer = Ringer(data_dir)
        self.pieces = PieceFiles(data_dir, settings.segment_bytes, settings.large_piece_bytes)
        self.room = Room(data_dir, settings.reserve_bytes)
        if data_dir.exists():
            self.room.look()  # even opening takes some room
        self.damaged: frozenset[int] = frozenset()
        """Pieces that the scrub could not read: whoever brings their octets again mends them."""
        self._listeners: list[Callable[[tuple[Change, ...]], None]] = []
        self._failed = ""
        self._failure_listeners: list[Callable[[], None]] = []

    # -- reading and writing

    def reader(self) -> Reader:
        """A reader to keep; close it in the end."""
        return Reader(self, self.database.connect())

    def writer(self) -> UnitOfWork:
        """A unit of work to keep and to begin and commit by hand (the bridge does)."""
        try:
            connection = self.database.connect()
            if self.database.is_sqlite:
                connection.exec_driver_sql("PRAGMA busy_timeout=0")  # `begin` waits, so that a loop need not
        except DBAPIError as error:
            raise StoreUnavailable(str(error.orig)) from error
        return UnitOfWork(self, connection)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A reader for a while, all of whose statements see one moment."""
        reader = self.reader()
        try:
            with reader.consistent():
                yield reader
        finally:
            reader.close()

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """One unit of work: committed when the block ends, undone when it raises."""
        uow = self.writer()
        try:
            self.database.lock()
            try:
                uow.begin()
                try:
                    yield uow
                    uow.write_changes()
                except BaseException:
                    with suppress(SQLAlchemyError):  # a server that has gone has undone it already
                        uow.rollback()
                    raise
                uow.commit()
            finally:
                self.database.unlock()
            uow.tell()
        finally:
            uow.close()

    def feed(self, reader: Reader) -> ChangeFeed:
        """What others change from now on."""
        return ChangeFeed(reader)

    def bell(self) -> Doorbell:
        """Rings when another process has committed."""
        return Doorbell(self.data_dir)

    # -- failure

    def fail(self, why: str) -> None:
        """Stop taking changes: after a failed sync nobody knows what is on disk."""
        if not self._failed:
            self._failed = why
            for listener in self._failure_listeners:
                listener()

    def on_failure(self, listener: Callable[[], None]) -> None:
        """Call `listener` once, from whatever thread, when the store has failed."""
        self._failure_listeners.append(listener)

    def settle(self) -> bool:
        """Whether all that was committed is in the database file and on disk, and the disk takes octets.

        After a failed sync of the WAL nobody knows which of its frames are on disk; those of the transaction that
        failed may even look whole to the next process. With the WAL emptied, nothing depends on them any more.
        """
        try:
            self.pieces.probe()
            if self.database.is_sqlite:
                with self.database.connect() as connection:
                    row = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
                    return not row[0]
        except (OSError, DBAPIError):
            return False
        return True

    @property
    def failed(self) -> str:
        """Why the store takes no more changes; empty while it does."""
        return self._failed

    def refuse_if_failed(self) -> None:
        """Raise if the store takes no more changes."""
        if self._failed:
            raise StoreUnavailable(f"a sync failed, restart the service: {self._failed}")

    # -- changes

    def subscribe(self, listener: Callable[[tuple[Change, ...]], None]) -> None:
        """Call `listener` after each commit with what it changed."""
        self._listeners.append(listener)

    def publish(self, changes: tuple[Change, ...]) -> None:
        """Tell the listeners of this process."""
        for listener in self._listeners:
            listener(changes)

    # -- life

    def create(self) -> None:
        """Make an empty store, or bring an old one to this version's schema."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("segments", "pieces", "run"):
            (self.data_dir / name).mkdir(mode=0o700, exist_ok=True)
        self.database.lock()
        try:
            migrate.upgrade(self.database)
        finally:
            self.database.unlock()

    def close(self) -> None:
        """Close files and connections."""
        self.ringer.close()
        self.pieces.close()
        self.database.close()


class ChangeFeed:
    """What other processes changed since the last look."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        row = reader.one(NEWEST_CHANGE, {})
        self.seq = int(row[0]) if row is not None else 0

    def news(self) -> tuple[Change, ...]:
        """Changes since the last call, each once. Those of this process come again: listeners look, then compare."""
        found: dict[Change, None] = {}
        for seq, kind, account_id, mailbox_id in self._reader.rows(CHANGES_SINCE, {"seq": self.seq}):
            self.seq = seq
            found[_change(kind, AccountId(account_id), MailboxId(mailbox_id))] = None
        return tuple(found)


def _change(kind: int, account_id: AccountId, mailbox_id: MailboxId) -> Change:
    if kind == KINDS[MailboxChanged]:
        return MailboxChanged(account_id, mailbox_id)
    if kind == KINDS[MailboxListChanged]:
        return MailboxListChanged(account_id)
    return QueueChanged() if kind == KINDS[QueueChanged] else DirectoryChanged()


def forget_old_changes(uow: UnitOfWork) -> None:
    """Housekeeping: keep the newest changes only."""
    newest = uow.one(NEWEST_CHANGE, {})
    if newest is not None and newest[0] > CHANGES_KEPT:
        uow.run(FORGET_CHANGES, {"seq": newest[0] - CHANGES_KEPT})

"""Readers and units of work: what a service is handed to look at, or to change, the store.

A unit of work is a plain function of a `UnitOfWork`; it neither begins nor commits. Whoever opened the transaction
commits it: `Store.write()` one unit, the mail process's bridge many at once, each in a savepoint of its own.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import bindparam, delete, insert, select, update

from mailsvc.model.changes import DirectoryChanged, MailboxChanged, MailboxListChanged, QueueChanged
from mailsvc.model.errors import StoreBusy, StoreUnavailable, TransactionLost
from mailsvc.storage import tables
from mailsvc.storage.database import CHECKPOINT_PAGES
from mailsvc.storage.pieces import SyncFailed
from mailsvc.storage.statement import Row, Statement
from mailsvc.storage.upkeep_tables import damaged_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from mailsvc.model.changes import Change
    from mailsvc.storage.pieces import PreparedPiece
    from mailsvc.storage.store import Store

T = TypeVar("T")
BUSY_STEP = 0.01

_pieces, _segments = tables.pieces, tables.segments
PIECE_BY_KEY = Statement(select(_pieces.c.id).where(_pieces.c.key == bindparam("key")))
ADD_PIECE = Statement(
    insert(_pieces)
    .values({name: bindparam(name) for name in ("key", "segment_id", "offset", "stored", "size", "coding")})
    .returning(_pieces.c.id)
)
MEND_PIECE = Statement(
    update(_pieces)
    .where(_pieces.c.key == bindparam("key"))
    .values({name: bindparam(name) for name in ("segment_id", "offset", "stored", "size", "coding")})
    .returning(_pieces.c.id)
)
FORGET_DAMAGE = Statement(delete(damaged_pieces).where(damaged_pieces.c.piece_id == bindparam("piece")))
OPEN_SEGMENT = Statement(
    select(_segments.c.id, _segments.c.length)
    .where(_segments.c.sealed == 0)
    .order_by(_segments.c.id.desc())
    .limit(1)
)
ADD_SEGMENT = Statement(insert(_segments).values(length=bindparam("length")).returning(_segments.c.id))
SET_SEGMENT = Statement(
    update(_segments)
    .where(_segments.c.id == bindparam("segment"))
    .values(length=bindparam("length"), sealed=bindparam("sealed"))
)
ADD_CHANGE = Statement(
    insert(tables.changes).values(
        kind=bindparam("kind"), account_id=bindparam("account_id"), mailbox_id=bindparam("mailbox_id")
    )
)
KINDS = {MailboxChanged: 1, MailboxListChanged: 2, QueueChanged: 3, DirectoryChanged: 4}


PORTION = 4096
DURABLE = ("PRAGMA synchronous=FULL", f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
SOON = ("PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=0")
"""Without a sync, and without a checkpoint, which would sync: these commits happen on the event loop."""


class Reader:
    """A connection to look at the store with; each statement sees the newest commit."""

    __slots__ = ("_cursor", "_dialect", "_in_transaction", "conn", "store")

    def __init__(self, store: Store, conn: Connection) -> None:
        self.store = store
        self.conn = conn
        self._dialect = store.database.dialect
        driver: Any = conn.connection.driver_connection
        self._cursor = driver.cursor()
        self._in_transaction = False

    def clock(self) -> int:
        """Seconds since 1970, UTC."""
        return self.store.clock()

    def rows(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        """All rows of a prepared statement."""
        text, values = statement.bind(self._dialect, params)
        rows: list[Row] = self._cursor.execute(text, values).fetchall()
        return rows

    def portions(self, statement: Statement, params: Mapping[str, Any]) -> Iterator[list[Row]]:
        """All rows, some thousands at a time: a million tuples at once cost the collector more than the database."""
        text, values = statement.bind(self._dialect, params)
        cursor = self._cursor.execute(text, values)
        while rows := cursor.fetchmany(PORTION):
            yield rows

    def one(self, statement: Statement, params: Mapping[str, Any]) -> Row | None:
        """The first row of a prepared statement, if there is one."""
        text, values = statement.bind(self._dialect, params)
        cursor = self._cursor.execute(text, values)
        row: Row | None = cursor.fetchone()
        if row is not None and self.store.database.is_sqlite:
            cursor.fetchall()  # ends the statement, and with it its hold on the WAL
        return row

    @contextmanager
    def consistent(self) -> Iterator[None]:
        """Several statements that see one and the same moment; within another such block, that one's."""
        if self._in_transaction:
            yield
            return
        self._cursor.execute(
            "BEGIN" if self.store.database.is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ"
        )
        self._in_transaction = True
        try:
            yield
        finally:
            self._in_transaction = False
            self._cursor.execute("COMMIT")

    def close(self) -> None:
        """Give the connection back."""
        self._cursor.close()
        self.conn.close()


class UnitOfWork(Reader):
    """A transaction to change the store in; see the module's text for who commits it."""

    __slots__ = ("_is_soon", "_savepoints", "_segment", "changes")

    def __init__(self, store: Store, conn: Connection) -> None:
        super().__init__(store, conn)
        self._in_transaction = True  # `begin` opens it before any statement runs
        self.changes: dict[Change, None] = {}
        self._segment: tuple[int, int] | None = None
        self._savepoints = 0
        self._is_soon = False

    # -- statements

    def run(self, statement: Statement, params: Mapping[str, Any]) -> int:
        """Run a prepared change; the number of rows it touched."""
        text, values = statement.bind(self._dialect, params)
        count: int = self._cursor.execute(text, values).rowcount
        return count

    def many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a prepared change once for each row."""
        text, values = statement.bind_many(self._dialect, rows)
        if values:
            self._cursor.executemany(text, values)

    def record(self, change: Change) -> None:
        """Tell others of this after the commit, once however often it is recorded."""
        self.changes[change] = None

    # -- pieces

    def put_piece(self, piece: PreparedPiece, *, is_large: bool) -> int:
        """The id of a piece, stored now if it is new. Large ones are files already (`PieceFiles.put_large`)."""
        known = self.one(PIECE_BY_KEY, {"key": piece.key})
        is_damaged = known is not None and known[0] in self.store.damaged
        if known is not None and not is_damaged:
            return int(known[0])
        self.store.room.need()
        segment_id: int | None = None
        offset = 0
        if is_large:
            # A file already, unless it is damaged, or collection took it for garbage meanwhile.
            self.store.pieces.put_large(piece, replace=is_damaged)
            self.store.pieces.referred(piece.key)
        else:
            segment_id, offset = self.place(piece.record)
        row = self.one(
            ADD_PIECE if known is None else MEND_PIECE,
            {
                "key": piece.key,
                "segment_id": segment_id,
                "offset": offset,
                "stored": len(piece.stored),
                "size": piece.size,
                "coding": piece.coding,
            },
        )
        assert row is not None
        if is_damaged:
            self.run(FORGET_DAMAGE, {"piece": row[0]})
            self.store.damaged -= {row[0]}
        return int(row[0])

    def place(self, record: bytes) -> tuple[int, int]:
        """Put a record at the end of the open segment: where it lies once this transaction is committed."""
        segment_id, offset = self._allot(len(record))
        try:
            self.store.pieces.append(segment_id, offset, record)
        except SyncFailed as error:
            self.store.fail(str(error))
            raise
        return segment_id, offset

    def _allot(self, octets: int) -> tuple[int, int]:
        if self._segment is None:
            row = self.one(OPEN_SEGMENT, {})
            self._segment = (int(row[0]), int(row[1])) if row is not None else self._new_segment()
        segment_id, length = self._segment
        if length and length + octets > self.store.pieces.segment_bytes:
            self.run(SET_SEGMENT, {"segment": segment_id, "length": length, "sealed": 1})
            segment_id, length = self._new_segment()
        self._segment = (segment_id, length + octets)
        return segment_id, length

    def _new_segment(self) -> tuple[int, int]:
        row = self.one(ADD_SEGMENT, {"length": 0})
        assert row is not None
        return int(row[0]), 0

    # -- the transaction, for those who open it

    def begin(self, seconds: float | None = None, *, soon: bool = False) -> None:
        """Begin; the writers' lock is held already. StoreBusy if somebody without that lock writes for so long.

        What is committed `soon` is visible at once and on disk with the next commit or flush (ADR 0009).
        """
        self.store.refuse_if_failed()
        if soon is not self._is_soon:
            self._is_soon = soon
            for pragma in SOON if soon else DURABLE:
                self._cursor.execute(pragma)
        self.store.room.look()
        self.changes = {}
        self._segment = None
        deadline = time.monotonic() + (self.store.database.wait_seconds if seconds is None else seconds)
        while True:
            try:
                self._cursor.execute("BEGIN IMMEDIATE" if self.store.database.is_sqlite else "BEGIN")
            except self.store.database.driver_error as error:
                if not self.store.database.is_busy(error):
                    raise StoreUnavailable(str(error)) from error
                if time.monotonic() >= deadline:
                    raise StoreBusy(str(error)) from error
                time.sleep(BUSY_STEP)
            else:
                return

    def attempt(self, unit: Callable[..., T], *args: Any) -> T:
        """Run one unit in a savepoint: what it raises undoes it and nothing else."""
        self._savepoints += 1
        name = f"unit_{self._savepoints}"
        before, segment = dict(self.changes), self._segment
        self._cursor.execute(f"SAVEPOINT {name}")
        try:
            result = unit(self, *args)
        except BaseException:
            self.changes = before
            if segment is None or self._segment is None or self._segment[0] != segment[0]:
                self._segment = segment  # a segment that the unit began goes with it
            # Else the place of its pieces stays unused, for those that other units put behind them.
            try:
                self._cursor.execute(f"ROLLBACK TO {name}")
                self._cursor.execute(f"RELEASE {name}")
            except self.store.database.driver_error as lost:
                # A full disk or an I/O error makes SQLite undo the whole transaction by itself.
                raise TransactionLost(str(lost)) from lost
            raise
        self._cursor.execute(f"RELEASE {name}")
        return result

    def write_changes(self) -> None:
        """Vouch for the octets put into the segment, and leave a row for others of what this transaction changed."""
        if self._segment is not None:
            self.run(SET_SEGMENT, {"segment": self._segment[0], "length": self._segment[1], "sealed": 0})
        self.many(
            ADD_CHANGE,
            [
                {
                    "kind": KINDS[type(change)],
                    "account_id": getattr(change, "account_id", 0),
                    "mailbox_id": getattr(change, "mailbox_id", 0),
                }
                for change in self.changes
            ],
        )

    def commit(self) -> None:
        """Make it durable: pieces first, then the rows that refer to them."""
        try:
            self.store.pieces.sync()
        except OSError as error:
            self.store.fail(f"fdatasync: {error.strerror}")
            self.rollback()
            raise StoreUnavailable(str(error)) from error
        try:
            self._cursor.execute("COMMIT")
        except self.store.database.driver_error as error:
            # After a failed sync nobody knows what is on disk: stop, and let the restart's recovery decide.
            if "disk I/O error" in str(error):
                self.store.fail(str(error))
            self.rollback()
            raise StoreUnavailable(str(error)) from error

    def rollback(self) -> None:
        """Undo the transaction; harmless if the database has undone it already."""
        self.changes = {}
        self._segment = None
        driver: Any = self.conn.connection.driver_connection
        if not self.store.database.is_sqlite or driver.in_transaction:
            try:
                self._cursor.execute("ROLLBACK")
            except self.store.database.driver_error as error:
                self.store.fail(str(error))

    def tell(self) -> None:
        """After the commit: tell this process's listeners, and ring for the others."""
        if self.changes:
            changes = tuple(self.changes)
            self.changes = {}
            self.store.publish(changes)
            self.store.ringer.ring()

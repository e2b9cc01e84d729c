"""The database: its connections, and the one fair lock that its writers share.

Connections are in the driver's autocommit mode; transactions are begun and ended by name, so that a unit of work
is exactly the statements between BEGIN IMMEDIATE and COMMIT.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pysqlite3
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from mailsvc.model.errors import StoreBusy, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

OLDEST_SQLITE = (3, 51, 3)
"""Older ones can lose a committed transaction of the WAL."""
WAIT_SECONDS = 10.0
"""How long a change may wait for others before whoever asked is told to try again later."""
CHECKPOINT_PAGES = 4_000
"""Pages of the WAL from which a commit writes them to their places."""
LONG_WAL = 2 * CHECKPOINT_PAGES * 4096
BUSY_MS = int(WAIT_SECONDS * 1000)


class Database:
    """One store's engine. SQLite when `url` is empty, at `data_dir/congvu.db`."""

    def __init__(self, data_dir: Path, url: str = "", *, wait_seconds: float = WAIT_SECONDS) -> None:
        self.data_dir = data_dir
        self.wait_seconds = wait_seconds
        self.is_sqlite = not url
        if self.is_sqlite:
            if pysqlite3.sqlite_version_info < OLDEST_SQLITE:
                raise StoreUnavailable(
                    f"SQLite {pysqlite3.sqlite_version} < 3.51.3: pip install -U pysqlite3"
                )
            self.path = data_dir / "congvu.db"
            self.engine: Engine = create_engine(
                f"sqlite+pysqlite:///{self.path}",
                module=pysqlite3,
                poolclass=NullPool,
                connect_args={"check_same_thread": False, "isolation_level": None, "cached_statements": 512},
            )
            event.listen(self.engine, "connect", _tune_sqlite)
        else:
            self.engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self.dialect = self.engine.dialect
        self.driver_error: type[Exception] = (
            pysqlite3.OperationalError if self.is_sqlite else psycopg.OperationalError
        )
        self._mutex = threading.Lock()  # flock() does not keep threads of one process apart
        self._lock_fd = -1
        self._waiter: _Waiter | None = None

    def connect(self) -> Connection:
        """A connection outside of any transaction."""
        connection = self.engine.connect()
        if self.is_sqlite:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        return connection

    def is_busy(self, error: Exception) -> bool:
        """Whether somebody else holds the database: a backup tool, a shell, another version's command."""
        return self.is_sqlite and "locked" in str(error)

    def try_lock(self) -> bool:
        """Take the writers' lock if it is free."""
        if not self._mutex.acquire(blocking=False):
            return False
        try:
            taken = self._take()
        except BaseException:
            self._mutex.release()
            raise
        if not taken:
            self._mutex.release()
        return taken

    def lock(self, seconds: float | None = None) -> None:
        """Wait for the writers' lock, in turn (measured: SQLite's own lock starves some writers); StoreBusy in the end.

        With PostgreSQL too: its rows know of each other's transactions, the segments' files do not.
        """
        deadline = time.monotonic() + (self.wait_seconds if seconds is None else seconds)
        if not self._mutex.acquire(timeout=max(deadline - time.monotonic(), 0)):
            raise StoreBusy("another change is being made")
        try:
            if not self._take():
                self._wait(deadline)
        except BaseException:
            self._mutex.release()
            raise

    def unlock(self) -> None:
        """Let the next writer in."""
        fcntl.flock(self._lock_fd, fcntl.LOCK_UN)
        self._mutex.release()

    @property
    def can_commit_soon(self) -> bool:
        """Whether a commit need not wait for the disk; PostgreSQL is always asked over a connection that waits."""
        return self.is_sqlite

    def flush(self) -> None:
        """Put on disk what was committed soon, as SQLite's next durable commit would; slow, for a thread."""
        descriptor = os.open(
            f"{self.path}-wal", os.O_RDONLY | os.O_CLOEXEC
        )  # nobody locks the WAL's file itself
        try:
            os.fdatasync(descriptor)
            is_long = os.fstat(descriptor).st_size > LONG_WAL
        finally:
            os.close(descriptor)
        if is_long:  # where only flags change, no durable commit comes by to write the pages to their places
            with self.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def _take(self) -> bool:
        try:
            if self._lock_fd < 0:
                self._lock_fd = self._open_lock()
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise StoreUnavailable(f"writer.lock: {error.strerror}") from error
        return True

    def _wait(self, deadline: float) -> None:
        waiter = self._waiter
        if waiter is None or not waiter.adopt():
            waiter = _Waiter(self._open_lock())
            waiter.start()
        self._waiter = None
        if not waiter.got(max(deadline - time.monotonic(), 0)):
            self._waiter = waiter
            raise StoreBusy("another process holds the writers' lock")
        os.close(self._lock_fd)
        self._lock_fd = waiter.descriptor

    def _open_lock(self) -> int:
        return os.open(self.data_dir / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        """Give the lock's file and the pool back."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1
        self.engine.dispose()


class _Waiter(threading.Thread):
    """Waits in flock(2), which is in turn but knows no time limit; whoever gave up lets the next one take it over.

    The lock belongs to the open file, so the descriptor that has it is handed over.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(name="writer-lock", daemon=True)
        self.descriptor = descriptor
        self._guard = threading.Lock()
        self._has_it = threading.Event()
        self._is_given_up = False
        self._is_over = False

    def run(self) -> None:
        """Until it has the lock, which it gives back at once if nobody waits for it any more."""
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        with self._guard:
            if self._is_given_up:
                self._is_over = True
                os.close(self.descriptor)
            else:
                self._has_it.set()

    def adopt(self) -> bool:
        """Wait on where another has given up; False if it came to its end meanwhile."""
        with self._guard:
            self._is_given_up = False
            return not self._is_over

    def got(self, seconds: float) -> bool:
        """Whether the lock came in time; else this waiter is given up."""
        if self._has_it.wait(seconds):
            return True
        with self._guard:
            self._is_given_up = not self._has_it.is_set()
            return not self._is_given_up


def _tune_sqlite(connection: Any, _record: Any) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a COMMIT that returned is on disk
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
        "temp_store=MEMORY",
        "cache_size=-16384",  # KiB
        "mmap_size=268435456",
        f"wal_autocheckpoint={CHECKPOINT_PAGES}",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}")

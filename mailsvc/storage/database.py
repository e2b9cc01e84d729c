"""The database: its connections, and the one fair lock that its writers share.

Connections are in the driver's autocommit mode; transactions are begun and ended by name, so that a unit of work
is exactly the statements between BEGIN IMMEDIATE and COMMIT.
"""

from __future__ import annotations

import fcntl
import os
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pysqlite3
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from mailsvc.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

OLDEST_SQLITE = (3, 51, 3)
"""Older ones can lose a committed transaction of the WAL."""
BUSY_MS = 10_000


class Database:
    """One store's engine. SQLite when `url` is empty, at `data_dir/congvu.db`."""

    def __init__(self, data_dir: Path, url: str = "") -> None:
        self.data_dir = data_dir
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

    def connect(self) -> Connection:
        """A connection outside of any transaction."""
        connection = self.engine.connect()
        if self.is_sqlite:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        return connection

    def try_lock(self) -> bool:
        """Take the writers' lock if it is free; PostgreSQL needs none."""
        if not self.is_sqlite:
            return True
        if not self._mutex.acquire(blocking=False):
            return False
        try:
            fcntl.flock(self._lock(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._mutex.release()
            if isinstance(error, BlockingIOError):
                return False
            raise
        return True

    def lock(self) -> None:
        """Wait for the writers' lock, in turn (measured: SQLite's own lock starves some writers)."""
        if self.is_sqlite:
            self._mutex.acquire()
            fcntl.flock(self._lock(), fcntl.LOCK_EX)

    def unlock(self) -> None:
        """Let the next writer in."""
        if self.is_sqlite:
            fcntl.flock(self._lock(), fcntl.LOCK_UN)
            self._mutex.release()

    def _lock(self) -> int:
        if self._lock_fd < 0:
            self._lock_fd = os.open(
                self.data_dir / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        return self._lock_fd

    def close(self) -> None:
        """Give the lock's file and the pool back."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1
        self.engine.dispose()


def _tune_sqlite(connection: Any, _record: Any) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a COMMIT that returned is on disk
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
        "temp_store=MEMORY",
        "cache_size=-16384",  # KiB
        "mmap_size=268435456",
        "wal_autocheckpoint=4000",  # pages
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}")

"""The writers' lock, and a database that somebody else holds."""

import os
import subprocess
import sys
import threading

import pysqlite3
import pytest

from mailsvc.model.errors import StoreBusy, StoreUnavailable
from mailsvc.storage.database import Database
from tests.support.mail import make_store

HOLDER = (
    "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, 2); print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def holder(database):
    """Another process that holds the writers' lock until its input ends."""
    database.lock()
    database.unlock()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database.data_dir / "writer.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process


def test_a_writer_waits_so_long_and_no_longer(database, holder):
    assert not database.try_lock()
    with pytest.raises(StoreBusy):
        database.lock(0.05)
    with pytest.raises(StoreBusy):
        database.lock(0.05)  # takes over where the first one waited
    holder.stdin.close()
    database.lock(5)
    database.unlock()
    assert database.try_lock()
    database.unlock()


def test_who_gave_up_never_keeps_the_lock_from_others(database, holder):
    with pytest.raises(StoreBusy):
        database.lock(0.01)
    holder.stdin.close()
    other = Database(database.data_dir)
    other.lock(5)
    other.unlock()
    other.close()


def test_threads_of_one_process_take_turns(database):
    database.lock()
    with pytest.raises(StoreBusy):
        database.lock(0.01)
    got = threading.Event()
    waits = threading.Thread(target=lambda: (database.lock(5), got.set(), database.unlock()))
    waits.start()
    database.unlock()
    assert got.wait(5)
    waits.join()


def test_a_database_that_a_foreign_program_holds_is_refused_for_now_and_still_read(tmp_path):
    store = make_store(tmp_path / "data")
    foreign = pysqlite3.connect(store.database.path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    uow = store.writer()
    with pytest.raises(StoreBusy, match="locked"):
        uow.begin(0.05)
    with store.read() as db:
        assert db.conn.exec_driver_sql("SELECT COUNT(*) FROM boxes").scalar() is not None
    foreign.execute("ROLLBACK")
    uow.begin(0.05)
    uow.rollback()
    uow.close()
    foreign.close()
    store.close()


def test_a_lock_file_that_cannot_be_opened_is_a_refusal_and_no_crash(database, monkeypatch):
    def refuses(*_arguments):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", refuses)
    with pytest.raises(StoreUnavailable, match="Read-only"):
        database.lock()
    with pytest.raises(StoreUnavailable, match="Read-only"):
        database.try_lock()
    monkeypatch.undo()
    database.lock()
    database.unlock()

"""The bridge: changes that wait share a commit, are told of it only after it, and fail alone (design §2)."""

import asyncio

import pysqlite3
import pytest

from mailsvc.model.errors import MailboxExists, StoreBusy, StoreUnavailable
from mailsvc.net.bridge import Bridge
from mailsvc.storage import mailboxes
from tests.support.mail import add_account, make_store


@pytest.fixture
async def bridge(tmp_path):
    store = make_store(tmp_path / "data")
    bridge = Bridge(store)
    yield bridge
    await bridge.close()
    store.close()


async def test_units_that_wait_together_share_one_commit(bridge):
    account = await bridge.write(add_account, "an")
    commits = []
    bridge._writer = _Counting(bridge._writer, commits)
    made = await asyncio.gather(*(bridge.write(mailboxes.create, account, f"Hop {n}") for n in range(50)))
    assert len({box.id for box in made}) == 50
    assert len(commits) <= 2


class _Counting:
    """A transaction that notes its commits."""

    def __init__(self, inner, commits):
        self._inner, self._commits = inner, commits

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def commit(self):
        self._commits.append(1)
        self._inner.commit()


async def test_a_unit_that_fails_fails_alone(bridge):
    account = await bridge.write(add_account, "an")
    results = await asyncio.gather(
        bridge.write(mailboxes.create, account, "Mot"),
        bridge.write(mailboxes.create, account, "Mot"),
        bridge.write(mailboxes.create, account, "Hai"),
        return_exceptions=True,
    )
    assert isinstance(results[1], MailboxExists)
    names = {box.name for box in bridge.read(mailboxes.of_account, account)}
    assert {"Mot", "Hai"} <= names


async def test_what_was_told_is_visible_to_the_reader_at_once(bridge):
    account = await bridge.write(add_account, "an")
    for number in range(20):
        box = await bridge.write(mailboxes.create, account, f"Hop {number}")
        assert bridge.read(mailboxes.by_id, box.id) == box


async def test_after_a_failed_sync_nothing_is_acknowledged_until_a_restart(bridge, monkeypatch):
    account = await bridge.write(add_account, "an")

    def fails():
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(bridge.store.pieces, "sync", fails)
    with pytest.raises(StoreUnavailable):
        await bridge.write(mailboxes.create, account, "Mot")
    monkeypatch.undo()
    with pytest.raises(StoreUnavailable):
        await bridge.write(mailboxes.create, account, "Hai")
    assert {box.name for box in bridge.read(mailboxes.of_account, account)}.isdisjoint({"Mot", "Hai"})


async def test_listeners_are_told_after_the_commit(bridge):
    account = await bridge.write(add_account, "an")
    seen = []
    bridge.store.subscribe(lambda _changes: seen.append(len(bridge.read(mailboxes.of_account, account))))
    await bridge.write(mailboxes.create, account, "Mot")
    assert seen == [7]


async def test_a_letter_from_another_process_rings_here(bridge, tmp_path):
    """Design §3: another process learns of changes within 50 ms; here a second store stands for it."""
    account = await bridge.write(add_account, "an")
    bridge.listen()
    heard = asyncio.Event()
    bridge.store.subscribe(lambda _changes: heard.set())
    heard.clear()
    with make_other(bridge.store).write() as uow:
        mailboxes.create(uow, account, "Mot")
    await asyncio.wait_for(heard.wait(), 3)


def make_other(store):
    from mailsvc.storage.store import Store

    return Store(store.data_dir, store.settings, clock=store.clock)


async def test_the_loop_lives_while_somebody_else_holds_the_database(bridge):
    """Writers are told to try later, readers read on."""
    account = await bridge.write(add_account, "an")
    foreign = pysqlite3.connect(bridge.store.database.path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    bridge.store.database.wait_seconds = 0.3
    waiting = asyncio.create_task(bridge.write(mailboxes.create, account, "Mot"))
    turns = 0
    while not waiting.done():
        assert len(bridge.read(mailboxes.of_account, account)) == 6
        await asyncio.sleep(0.01)
        turns += 1
    with pytest.raises(StoreBusy):
        await waiting
    assert turns > 10
    foreign.execute("ROLLBACK")
    foreign.close()
    await bridge.write(mailboxes.create, account, "Mot")


async def test_flags_are_answered_without_the_disk_and_flushed_soon(bridge, monkeypatch):
    """ADR 0009: seen by everybody at once, on disk a moment later; what follows durably takes them along."""
    account = await bridge.write(add_account, "an")
    box = bridge.read(mailboxes.by_name, account, "INBOX")
    flushed = asyncio.Event()
    loop = asyncio.get_running_loop()
    flush = bridge.store.database.flush

    def noted():
        flush()
        loop.call_soon_threadsafe(flushed.set)

    monkeypatch.setattr(bridge.store.database, "flush", noted)
    _, mod_seq = await bridge.write_soon(mailboxes.count, box.id)
    assert bridge.read(mailboxes.by_id, box.id).highest_mod_seq == mod_seq
    assert not bridge.is_busy
    async with asyncio.timeout(10):
        await flushed.wait()
    assert pragma(bridge, "synchronous") == 1
    await bridge.write(mailboxes.create, account, "Mot")
    assert pragma(bridge, "synchronous") == 2  # a letter is durable when it is answered


def pragma(bridge, name):
    return bridge._writer.conn.exec_driver_sql(f"PRAGMA {name}").scalar()


async def test_a_soon_change_that_fails_is_undone_and_says_why(bridge):
    account = await bridge.write(add_account, "an")

    def fails(uow):
        mailboxes.create(uow, account, "Mot")
        raise MailboxExists("Mot")

    with pytest.raises(MailboxExists):
        await bridge.write_soon(fails)
    names = {box.name for box in bridge.read(mailboxes.of_account, account)}
    assert "Mot" not in names
    await bridge.write_soon(mailboxes.create, account, "Hai")


async def test_a_failed_flush_stops_all_changes(bridge, monkeypatch):
    account = await bridge.write(add_account, "an")
    failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fails():
        loop.call_soon_threadsafe(failed.set)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(bridge.store.database, "flush", fails)
    await bridge.write_soon(mailboxes.create, account, "Mot")
    async with asyncio.timeout(10):
        await failed.wait()
    await loop.run_in_executor(bridge._committer, bridge.store.pieces.sync)  # after the flush, in its thread
    with pytest.raises(StoreUnavailable):
        await bridge.write(mailboxes.create, account, "Hai")

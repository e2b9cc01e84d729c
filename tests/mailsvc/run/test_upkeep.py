"""Slow work behind the mail: done when it is due, told to those who look, and ended with the service."""

import asyncio
import contextlib

import pytest

from config.settings import Settings
from directory.scope import SERVER
from mailsvc.model.changes import MailboxChanged
from mailsvc.net.bridge import Bridge
from mailsvc.run import upkeep
from mailsvc.run.upkeep import Upkeep
from mailsvc.services import collect, retention, scrub
from mailsvc.services.open_store import open_index
from tests.support.mail import add_account, deliver, letter, make_store


@pytest.fixture
async def parts(tmp_path, monkeypatch):
    monkeypatch.setattr(upkeep, "LOOK_SECONDS", 0.02)
    store = make_store(tmp_path / "data")
    bridge, engine = Bridge(store), open_index(tmp_path)
    yield store, bridge, engine
    await bridge.close()
    engine.close()
    store.close()


async def until(true):
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not in time")


async def test_collection_scrub_and_rules_run_and_whoever_looks_is_told(parts):
    store, bridge, engine = parts
    account = await bridge.write(add_account, "an")
    deliver(store, letter(1), account)
    store.clock.now += 5 * 86_400
    with store.write() as uow:
        retention.add(uow, SERVER, delete_after_days=1, actor="test")
    told = []
    store.subscribe(told.extend)
    running = asyncio.create_task(Upkeep(Settings(), store, bridge, engine).run())

    def all_done():
        with store.read() as db:
            return scrub.state(db).ended_at and collect.last(db)

    await until(all_done)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert {type(change) for change in told} >= {MailboxChanged}
    with store.read() as db:
        assert retention.rules(db, SERVER)
        assert db.conn.exec_driver_sql("SELECT COUNT(*) FROM entries").scalar() == 0


async def test_a_step_that_waits_for_the_loop_does_not_hold_up_the_end(parts):
    store, bridge, engine = parts
    running = asyncio.create_task(Upkeep(Settings(), store, bridge, engine).run())
    await asyncio.sleep(0.03)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(running, 4)


async def test_a_store_that_failed_is_left_alone(parts):
    store, bridge, engine = parts
    store.fail("fdatasync: Input/output error")
    running = asyncio.create_task(Upkeep(Settings(), store, bridge, engine).run())
    await asyncio.sleep(0.1)
    assert not running.done()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    with store.read() as db:
        assert collect.last(db) is None

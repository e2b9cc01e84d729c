"""A month that is over is kept by the service itself, once."""

import asyncio
from datetime import UTC, datetime

from config.settings import Settings
from mailsvc.net.bridge import Bridge
from mailsvc.run.months import MonthKeeper
from mailsvc.run.usage import UsageWriter
from mailsvc.services import statistics
from mailsvc.services.usage import Usage, UsageBit
from mailsvc.storage.tables import usage_days
from tests.directory.rosters import import_units
from tests.support.mail import make_store


def test_a_month_is_kept_once_by_the_service(tmp_path):
    store = make_store(tmp_path / "data")
    with store.write() as uow:
        import_units(uow.conn, on=datetime(2026, 1, 5, tzinfo=UTC).date())
    store.clock.now = int(datetime(2026, 11, 4, tzinfo=UTC).timestamp())

    async def twice():
        bridge = Bridge(store)
        keeper = MonthKeeper(Settings(), store, bridge)
        found = [await keeper.keep_what_is_due(), await keeper.keep_what_is_due()]
        await bridge.close()
        return found

    assert asyncio.run(twice()) == [statistics.Month(2026, 10), None]
    with store.read() as db:
        assert statistics.Books(Settings()).figures(db, statistics.Month(2026, 10))[1]
    store.close()


def test_notes_of_use_are_written_together(tmp_path):
    store = make_store(tmp_path / "data")
    notes = Usage(store.clock)

    async def write():
        bridge = Bridge(store)
        writer = UsageWriter(notes, bridge)
        notes.note(1, 1, UsageBit.READ)
        notes.note(2, 2, UsageBit.SIGNED_IN)
        await writer.write()
        await writer.write()
        await bridge.close()

    asyncio.run(write())
    with store.read() as db:
        assert [(row[1], row[3]) for row in db.conn.execute(usage_days.select())] == [(1, 2), (2, 1)]
    store.close()

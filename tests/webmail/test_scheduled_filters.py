"""A letter from the page meets the virus scanner before it goes; one that may not go stays a draft, and its writer is told."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.settings import AntivirusSettings
from mailsvc.model.mailbox import SpecialUse
from mailsvc.net.bridge import Bridge
from mailsvc.run.scheduled import ScheduledSends
from tests.support.filters import EICAR, clamd
from tests.webmail.test_scheduled import UNDO, write
from tests.webmail.test_services import Office, text


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path / "data", undo_seconds=UNDO)
    yield office
    office.close()


def look(office, rule):
    """What the mail process does with this scanner when the time has come."""
    settings = office.settings.model_copy(update={"antivirus": rule})

    async def once():
        bridge = Bridge(office.store)
        try:
            await ScheduledSends(settings, office.store, bridge).look()
        finally:
            await bridge.close()

    office.store.clock.now += 120
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, once()).result()


def test_an_infected_letter_stays_a_draft_and_its_writer_is_told(office, tmp_path):
    reader = office.reader()
    with clamd(tmp_path / "clamd") as (_, address):
        rule = AntivirusSettings(clamd=address)
        write(office, reader, text=EICAR.decode())
        look(office, rule)
        assert office.box("huong").exists == 0
        assert office.box("an", SpecialUse.DRAFTS).exists == 1
        assert "mã độc" in text(reader.get("/scheduled"))
        write(office, reader, text="Gửi chị.")
        look(office, rule)
        assert office.box("huong").exists == 1


def test_without_the_scanner_it_waits_until_there_is_one_or_goes_with_a_mark(office, tmp_path):
    nobody = f"unix:{tmp_path}/nobody"
    write(office, office.reader())
    look(office, AntivirusSettings(clamd=nobody))
    assert (office.box("huong").exists, office.box("an", SpecialUse.DRAFTS).exists) == (0, 1)
    look(office, AntivirusSettings(clamd=nobody, unavailable="accept"))
    assert (office.box("huong").exists, office.box("an", SpecialUse.DRAFTS).exists) == (1, 0)

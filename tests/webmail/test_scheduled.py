"""A letter waits on the server after Send, can be taken back, and goes once at its time whatever happens."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from directory.model import AccountState
from directory.tables import accounts
from mailsvc.model.mailbox import SpecialUse
from mailsvc.net.bridge import Bridge
from mailsvc.run.scheduled import ScheduledSends
from mailsvc.services import scheduled
from mailsvc.storage import scheduled_sends
from tests.support.mail import DOMAIN
from tests.webmail.test_compose import open_composer
from tests.webmail.test_services import Office, text
from webmail.views.moments import local_text

UNDO = 15


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path / "data", undo_seconds=UNDO)
    yield office
    office.close()


def write(office, reader, **more):
    """Write to a colleague and press Send; the answer."""
    form = {
        **open_composer(reader),
        "account": str(office.ids["an"]),
        "to": f"huong@{DOMAIN}",
        "bcc": f"daron@{DOMAIN}",
        "subject": "Lịch trực",
        "text": "Gửi chị lịch trực.",
        "do": "send",
        **more,
    }
    return reader.post_json("/compose", form).get_json()


def look(office):
    """What the mail process does when time has passed."""

    async def once():
        bridge = Bridge(office.store)
        try:
            await ScheduledSends(office.settings, office.store, bridge).look()
        finally:
            await bridge.close()

    with ThreadPoolExecutor(1) as thread:  # the browser's driver has a loop in this one
        thread.submit(asyncio.run, once()).result()


def counts(office):
    return {
        "huong": office.box("huong").exists,
        "drafts": office.box("an", SpecialUse.DRAFTS).exists,
        "sent": office.box("an", SpecialUse.SENT).exists,
    }


WAITS = {"huong": 0, "drafts": 1, "sent": 0}
GONE = {"huong": 1, "drafts": 0, "sent": 1}


def test_a_sent_letter_waits_and_then_goes_once(office):
    reader = office.reader()
    answer = write(office, reader)
    assert answer["undo"]["seconds"] == UNDO
    look(office)
    assert counts(office) == WAITS
    assert "Lịch trực" in text(reader.get("/scheduled"))
    office.store.clock.now += UNDO
    look(office)
    look(office)
    assert counts(office) == GONE
    huong = office.reader("huong")
    source = huong.get(f"/mail/{office.box('huong').id}/1/source").data
    assert b"\r\nBcc:" not in source
    assert "Lịch trực" not in text(reader.get("/scheduled"))


def test_a_letter_taken_back_is_a_draft_again_and_never_goes(office):
    reader = office.reader()
    draft = write(office, reader)["undo"]["id"]
    assert reader.post_json("/scheduled/cancel", {"draft": draft}).get_json()["ok"]
    office.store.clock.now += UNDO
    look(office)
    assert counts(office) == WAITS
    page = text(reader.get(f"/compose?draft={draft}"))
    assert "Gửi chị lịch trực." in page
    assert f"daron@{DOMAIN}" in page


def test_who_is_too_late_is_told(office):
    reader = office.reader()
    draft = write(office, reader)["undo"]["id"]
    office.store.clock.now += UNDO
    look(office)
    answer = reader.post_json("/scheduled/cancel", {"draft": draft}).get_json()
    assert answer == {"ok": False, "error": "Thư đã gửi, không hoàn tác được nữa."}


def test_a_crash_before_the_commit_sends_nothing_and_after_it_nothing_again(office):
    reader = office.reader()
    write(office, reader)
    office.store.clock.now += UNDO
    with office.store.read() as db:
        (one,) = scheduled_sends.due(db, office.store.clock(), 9)
        principal = scheduled.writer_of(db, one)
        letter = scheduled.letter_of(
            db,
            principal,
            one.draft_id,
            one.account_id,
            scheduled.order_of(one),
            office.settings,
            office.store.pieces,
        )
    with pytest.raises(RuntimeError), office.store.write() as uow:
        assert scheduled.send_now(uow, one, principal, letter)
        raise RuntimeError("power")
    assert counts(office) == WAITS
    with office.store.write() as uow:
        assert scheduled.send_now(uow, one, principal, letter)
    with office.store.write() as uow:
        assert not scheduled.send_now(uow, one, principal, letter)
    assert counts(office) == GONE


def test_a_waiting_letter_is_not_changed_under_its_sender(office):
    reader = office.reader()
    form = {
        **open_composer(reader),
        "account": str(office.ids["an"]),
        "to": f"huong@{DOMAIN}",
        "subject": "x",
        "do": "send",
    }
    reader.post_json("/compose", form)
    again = reader.post_json("/compose", {**form, "revision": "1", "text": "khác", "do": "save"})
    assert again.status_code == 409
    assert "đang chờ gửi" in again.get_json()["error"]
    assert reader.post_json("/compose", {**form, "do": "discard"}).status_code == 409
    assert "Sẽ gửi lúc" in text(reader.get(f"/compose?draft={form['draft']}"))


def test_a_writer_who_was_locked_meanwhile_sends_no_more(office):
    write(office, office.reader())
    with office.store.write() as uow:
        uow.conn.execute(
            accounts.update().where(accounts.c.id == office.ids["an"]).values(state=AccountState.LOCKED.value)
        )
    office.store.clock.now += UNDO
    look(office)
    assert counts(office) == WAITS
    with office.store.read() as db:
        (left,) = scheduled_sends.of_box(db, office.ids["an"], 9)
    assert left.send.problem == "not_permitted"


def test_a_letter_that_cannot_go_stays_a_draft_and_its_writer_gets_a_letter(office):
    reader = office.reader()
    draft = write(office, reader)["undo"]["id"]
    office.store.clock.now += UNDO
    drafts = office.box("an", SpecialUse.DRAFTS)
    reader.post("/act", {"letter": f"{drafts.id}-1", "act": "delete"})  # as another client would
    look(office)
    look(office)
    assert office.box("an").exists == 1
    assert "Chưa gửi được" in text(reader.get(f"/mail/{office.box('an').id}"))
    assert "thư nháp không còn" in text(reader.get("/scheduled"))
    assert reader.post("/scheduled/cancel", {"draft": draft}).status_code == 303


def test_a_letter_goes_at_the_time_that_was_chosen_or_changed(office):
    reader = office.reader()
    with office.app.test_request_context():
        tomorrow = local_text(office.store.clock() + 86_400)
        later = local_text(office.store.clock() + 2 * 86_400)
        past = local_text(office.store.clock() - 3_600)
    assert write(office, reader, do="at", at=past)["ok"] is False
    answer = write(office, reader, do="at", at=tomorrow)
    assert "Thư sẽ đi lúc" in answer["text"]
    draft = answer["undo"]["id"]
    assert reader.post("/scheduled/move", {"draft": draft, "at": later}).status_code == 303
    assert reader.post("/scheduled/move", {"draft": draft, "at": past}).status_code == 422
    assert reader.post("/scheduled/move", {"draft": draft, "at": "mai"}).status_code == 422
    office.store.clock.now += 86_400
    look(office)
    assert counts(office)["huong"] == 0
    office.store.clock.now += 86_400
    look(office)
    assert counts(office)["huong"] == 1


def test_nobody_else_sees_or_stops_a_letter_of_ones_own(office):
    draft = write(office, office.reader())["undo"]["id"]
    huong = office.reader("huong")
    assert "Lịch trực" not in text(huong.get("/scheduled"))
    assert huong.post("/scheduled/cancel", {"draft": draft}).status_code == 404
    assert huong.post("/scheduled/move", {"draft": draft, "at": "2026-12-30T07:30"}).status_code == 404


def test_colleagues_of_a_unit_box_see_what_it_is_going_to_send(office):
    write(office, office.reader(), account=str(office.ids["daron"]), bcc="")
    huong = office.reader("huong")
    page = text(huong.get("/scheduled"))
    assert "Lịch trực" in page
    draft = re.search(r'name="draft" value="(\w+)"', page)[1]
    assert huong.post("/scheduled/cancel", {"draft": draft}).status_code == 303


def test_without_scripts_the_page_leads_to_where_it_can_be_taken_back(office):
    reader = office.reader()
    form = {
        **open_composer(reader),
        "account": str(office.ids["an"]),
        "to": f"huong@{DOMAIN}",
        "subject": "Không có script",
        "do": "send",
    }
    answer = reader.post("/compose", form)
    assert answer.headers["Location"] == "/scheduled"
    assert "Hoàn tác" in text(reader.get("/scheduled"))

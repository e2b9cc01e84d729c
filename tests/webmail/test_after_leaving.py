"""Somebody who left reads the own box in the page until it is archived, and does nothing else with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from directory.model import AccountState
from directory.tables import accounts
from tests.webmail.test_compose import open_composer
from tests.webmail.test_services import Office, text


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "data")
    office.deliver("an", subject="Thư cũ", body="Nội dung cũ")
    with office.store.write() as uow:
        uow.conn.execute(
            update(accounts).where(accounts.c.id == office.ids["an"]).values(state=AccountState.LEFT.value)
        )
    yield office
    office.close()


def test_old_letters_are_read(office: Office) -> None:
    reader, inbox = office.reader(), office.box("an")
    assert "Thư cũ" in text(reader.get(f"/mail/{inbox.id}"))
    assert reader.get(f"/mail/{inbox.id}/1").status_code == 200
    assert "Nội dung cũ" in text(reader.get(f"/mail/{inbox.id}/1/body"))


def test_nothing_is_sent_and_nothing_is_thrown_away(office: Office) -> None:
    reader, inbox = office.reader(), office.box("an")
    form = {
        **open_composer(reader),
        "account": str(office.ids["an"]),
        "to": "huong@lamdong.example",
        "subject": "Sau khi nghỉ",
        "text": "x",
    }
    sent = reader.post_json("/compose", {**form, "do": "send"})
    assert (sent.status_code, office.box("huong").exists) == (403, 0)
    gone = reader.post("/act", {"letter": [f"{inbox.id}-1"], "act": "delete", "back": f"/mail/{inbox.id}"})
    assert (gone.status_code, office.box("an").exists) == (403, 1)

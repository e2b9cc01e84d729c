"""A letter to very many is a question first, and is sent when the answer is yes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.address import Address
from directory.repository import groups
from directory.repository.groups import Part
from tests.support.mail import DOMAIN, NOW, add_account
from tests.webmail.test_compose import open_composer
from tests.webmail.test_services import Office, text

WIDE = 51


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "data")
    with office.store.write() as uow:
        members = [office.ids["huong"], *(add_account(uow, f"p{number}") for number in range(WIDE - 1))]
        office.group = groups.create_group(
            uow.conn, name="Toàn tỉnh", address=Address("toantinh", DOMAIN), at=NOW, members=members
        )
    yield office
    office.close()


def form_of(office: Office, reader: object) -> dict[str, str]:
    return {
        **open_composer(reader),
        "account": str(office.ids["an"]),
        "to": f"toantinh@{DOMAIN}",
        "subject": "Gửi tất cả",
        "text": "x",
        "do": "send",
    }


def test_without_the_right_it_is_refused(office: Office) -> None:
    reader = office.reader()
    answer = reader.post_json("/compose", {**form_of(office, reader), "confirmed": "1"})
    assert (answer.status_code, f"toantinh@{DOMAIN}" in answer.json["error"]) == (403, True)
    assert office.box("huong").exists == 0


def test_with_the_right_it_is_asked_first_and_then_sent(office: Office) -> None:
    with office.store.write() as uow:
        groups.give_part(uow.conn, office.group, office.ids["an"], Part.SENDER)
    reader = office.reader()
    form = form_of(office, reader)
    asked = reader.post_json("/compose", form)
    assert (asked.status_code, asked.json["confirm"], str(WIDE) in asked.json["error"]) == (409, True, True)
    assert office.box("huong").exists == 0
    again = {**form, "revision": str(asked.json["revision"]), "confirmed": "1"}
    assert reader.post_json("/compose", again).json["done"]
    assert office.box("huong").exists == 1


def test_without_scripts_the_page_shows_a_box_to_tick(office: Office) -> None:
    with office.store.write() as uow:
        groups.give_part(uow.conn, office.group, office.ids["an"], Part.OWNER)
    reader = office.reader()
    page = reader.post("/compose", form_of(office, reader))
    assert page.status_code == 409
    assert 'name="confirmed"' in text(page)

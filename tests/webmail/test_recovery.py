"""Letters deleted for good are found and had back, over the real services."""

import re

import pytest

from mailsvc.model.mailbox import SpecialUse
from tests.support.mail import add_account
from tests.webmail.test_services import Office, text


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path / "data")
    yield office
    office.close()


@pytest.fixture
def reader(office):
    """Three letters that came, were moved to Trash and deleted there."""
    reader = office.reader()
    for subject in ("Cong van 1245", "=?utf-8?q?Gi=E1=BA=A5y_m=E1=BB=9Di_h=E1=BB=8Dp?=", "Bao cao"):
        office.deliver("an", subject=subject)
    inbox, trash = office.box("an"), office.box("an", SpecialUse.TRASH)
    reader.post("/act", {"letter": [f"{inbox.id}-{uid}" for uid in (1, 2, 3)], "act": "delete"})
    reader.post("/act", {"letter": [f"{trash.id}-{uid}" for uid in (1, 2, 3)], "act": "delete"})
    assert office.box("an").exists == office.box("an", SpecialUse.TRASH).exists == 0
    reader.get("/recover")
    return reader


def found(reader, query=""):
    page = text(reader.get(f"/recover?q={query}"))
    return re.findall(r'name="letter" value="([\d-]+)"', page)


def test_they_are_listed_and_found_without_marks(office, reader):
    everything = text(reader.get("/recover"))
    assert "Giấy mời họp" in everything
    trash = office.box("an", SpecialUse.TRASH).id
    assert found(reader) == [f"{trash}-{n}" for n in (3, 2, 1)]
    assert found(reader, "giay+moi")
    assert found(reader, "vp@tinh.example")
    assert not found(reader, "khong+co")


def test_several_come_back_at_once_and_only_once(office, reader):
    trash = office.box("an", SpecialUse.TRASH).id
    chosen = {"letter": [f"{trash}-1", f"{trash}-2"]}
    answer = reader.post("/recover", chosen)
    assert answer.status_code == 303
    assert "Đã khôi phục 2 thư" in text(reader.get(answer.headers["Location"]))
    assert office.box("an").exists == 2
    assert reader.post("/recover", chosen).status_code == 404
    assert office.box("an").exists == 2


def test_they_come_back_into_a_chosen_folder(office, reader):
    trash, archive = office.box("an", SpecialUse.TRASH).id, office.box("an", SpecialUse.ARCHIVE).id
    assert reader.post("/recover", {"letter": f"{trash}-3", "target": str(archive)}).status_code == 303
    assert office.box("an", SpecialUse.ARCHIVE).exists == 1
    assert office.box("an").exists == 0


def test_what_is_wrong_is_said_and_nothing_is_done(office, reader):
    trash = office.box("an", SpecialUse.TRASH).id
    unit = office.box("daron").id
    assert reader.post("/recover", {}).status_code == 422
    assert reader.post("/recover", {"letter": f"{trash}-3", "target": str(unit)}).status_code == 400
    assert reader.post("/recover", {"letter": f"{trash}-99"}).status_code == 404


def test_another_persons_letters_are_not_there(office, reader):
    with office.store.write() as uow:
        office.ids["la"] = add_account(uow, "la")
    trash = office.box("an", SpecialUse.TRASH).id
    huong = office.reader("huong")
    assert huong.get(f"/recover?box={office.ids['an']}").status_code == 403
    assert huong.post("/recover", {"letter": f"{trash}-1"}).status_code in {403, 404}
    assert office.box("an").exists == 0

"""The forms of rules over the real services: what is filled in happens to the letters that come then."""

import re

import pytest
from sqlalchemy import func, select

from mailsvc.model.flags import FLAGGED, SEEN
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services.rules import keeping
from mailsvc.storage import entries, scripts, tables
from mailsvc.storage.scripts import Owner, OwnerKind
from tests.support.mail import DOMAIN, add_account
from tests.webmail.test_services import Office, text

FOREIGN = b'require "fileinto";\r\nfileinto "Archive";\r\n'


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path / "data")
    yield office
    office.close()


@pytest.fixture
def reader(office):
    reader = office.reader()
    reader.get("/rules")
    return reader


def save(office, reader, section, box="an", **values):
    return reader.post("/rules", {"section": section, "box": str(office.ids[box]), **values})


def folder(office, reader, name):
    reader.post("/folders", {"box": str(office.ids["an"]), "folder_name": name})
    page = text(reader.get("/rules"))
    return re.search(rf'<option value="(\d+)">{name}</option>', page)[1]


def own(office):
    return Owner(OwnerKind.BOX, int(office.ids["an"]))


def test_a_rule_files_and_marks_what_comes(office, reader):
    target = folder(office, reader, "Bão lũ")
    answer = save(office, reader, "rule", subject='bão số "5"', target=target, flag="1", read="1")
    assert answer.status_code == 303
    page = text(reader.get("/rules"))
    assert "bão số &#34;5&#34;" in page
    office.deliver("an", subject="=?utf-8?q?Tin_b=C3=A3o_s=E1=BB=91_=225=22_m=E1=BB=9Bi?=")
    office.deliver("an", subject="khac")
    assert office.box("an").exists == 1
    with office.store.read() as db:
        held = entries.one(db, int(target), 1)
    assert held.flags & FLAGGED
    assert held.flags & SEEN


def test_the_first_rule_that_matches_is_the_one_and_rules_change_places(office, reader):
    target = folder(office, reader, "Sau")
    save(office, reader, "rule", **{"from": "tinh.example"}, target="trash")
    save(office, reader, "rule", subject="hop", target=target)
    office.deliver("an", subject="hop mot")
    assert office.box("an", SpecialUse.TRASH).exists == 1
    which = re.findall(r'name="which" value="([^"]+)"', text(reader.get("/rules")))[-1]
    save(office, reader, "order", which=which, do="up")
    office.deliver("an", subject="hop hai")
    assert office.box("an", SpecialUse.TRASH).exists == 1
    stale = save(office, reader, "order", which=which, do="remove")
    assert stale.status_code == 303
    assert text(reader.get("/rules")).count('value="remove"') == 2
    edited = text(reader.get("/rules?edit=0"))
    assert 'name="number" value="0"' in edited


def test_an_answer_while_away_keeps_to_its_days(office, reader):
    clock = office.store.clock
    save(office, reader, "vacation", on="1", text="Tôi đi công tác.", since="2026-12-01", until="2026-12-03")
    office.deliver("an", subject="truoc")
    assert queued(office) == 0
    clock.now = 1_796_065_200  # 1 December 2026, 02:00 in Việt Nam; still November in UTC
    office.deliver("an", subject="trong")
    office.deliver("an", subject="lan hai")
    assert queued(office) == 1
    later = office.reader()
    later.get("/rules")
    assert save(office, later, "vacation").status_code == 303
    with office.store.read() as db:
        assert scripts.active(db, own(office)) is None


def queued(office):
    with office.store.read() as db:
        return db.conn.execute(select(func.count()).select_from(tables.outbound)).scalar()


def test_forwarding_goes_inside_always_and_outside_as_policy_says(office, reader):
    refused = save(office, reader, "forward", on="1", keep="1", address="toi@gmail.example")
    assert refused.status_code == 403
    assert "toi@gmail.example" in text(refused)
    assert save(office, reader, "forward", on="1", address=f"khongco@{DOMAIN}").status_code == 422
    assert save(office, reader, "forward", on="1", address=f"an@{DOMAIN}").status_code == 422
    assert save(office, reader, "forward", on="1", keep="1", address=f"huong@{DOMAIN}").status_code == 303
    office.deliver("an", subject="chuyen")
    assert office.box("an").exists == 1
    assert queued(office) == 1


def test_unwanted_senders_go_to_junk(office, reader):
    assert save(office, reader, "junk", senders='a" ]; discard; #').status_code == 422
    assert save(office, reader, "junk", senders="VP@tinh.example\nexample.net").status_code == 303
    office.deliver("an", subject="quang cao")
    assert office.box("an", SpecialUse.JUNK).exists == 1
    assert "vp@tinh.example" in text(reader.get("/rules"))


def test_a_script_of_another_program_is_shown_kept_and_not_written_over(office, reader):
    with office.store.write() as uow:
        keeping.put(uow, own(office), "thunderbird", FOREIGN)
        keeping.activate(uow, own(office), "thunderbird")
    assert "thunderbird" in text(reader.get("/rules"))
    assert save(office, reader, "junk", senders="example.net").status_code == 409
    with office.store.read() as db:
        assert scripts.active(db, own(office)) == FOREIGN
    assert save(office, reader, "junk", senders="example.net", replace="1").status_code == 303
    with office.store.read() as db:
        held = {one.name: one for one in scripts.of_owner(db, own(office))}
    assert held["thunderbird"].octets == FOREIGN
    assert not held["thunderbird"].is_active
    assert held["webmail"].is_active


def test_what_somebody_wrote_by_hand_under_our_name_gets_another(office, reader):
    with office.store.write() as uow:
        keeping.put(uow, own(office), "webmail", FOREIGN)
        keeping.activate(uow, own(office), "webmail")
    assert save(office, reader, "junk", senders="example.net").status_code == 409
    save(office, reader, "junk", senders="example.net", replace="1")
    with office.store.read() as db:
        assert {one.name for one in scripts.of_owner(db, own(office))} == {"webmail", "webmail 1"}


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("rule", {"subject": "x"}),
        ("rule", {"target": "trash"}),
        ("vacation", {"on": "1"}),
        ("vacation", {"on": "1", "text": "x", "since": "2026-12-02", "until": "2026-12-01"}),
        ("vacation", {"on": "1", "text": "x", "since": "mai"}),
        ("forward", {"on": "1"}),
    ],
)
def test_a_form_that_says_too_little_is_shown_again(office, reader, section, values):
    answer = save(office, reader, section, **values)
    assert answer.status_code == 422
    assert 'role="alert"' in text(answer)


def test_rules_of_a_box_that_is_not_ones_own_are_not_there(office, reader):
    with office.store.write() as uow:
        office.ids["la"] = add_account(uow, "la")
    assert reader.get(f"/rules?box={office.ids['la']}").status_code == 403
    assert save(office, reader, "junk", box="la", senders="example.net").status_code == 403
    assert reader.get(f"/rules?box={office.ids['daron']}").status_code == 200

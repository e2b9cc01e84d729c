import os
from datetime import timedelta
from pathlib import Path

import pytest

from config.load import load
from directory import scheduled
from directory.model import vietnam_day
from directory.policies import Defaults
from mailsvc.services import life as life_service
from mailsvc.services.open_store import open_store
from tests.mailsvc.cli.conftest import Congvu

STAFF = """\
address,full_name,unit,kind,role
syt,,SYT,unit,
dar,,DAR,unit,
annv,Nguyễn Văn An,DAR,personal,head
hanh,Ka Thị Hạnh,DAR,personal,records_clerk
"""


@pytest.fixture
def staffed(province: Congvu) -> Congvu:
    ran = province("account", "import", "staff.csv", "--yes", files={"staff.csv": STAFF})
    assert ran.code == 0, ran.err
    assert province("account", "grant", "dar", "--to", "annv").code == 0
    return province


def person(congvu: Congvu, address: str) -> dict[str, object]:
    return congvu("person", "show", address, "--json").json


def test_a_transfer_is_shown_then_done_then_undone(staffed: Congvu) -> None:
    words = ("person", "transfer", "annv", "--unit", "SYT", "--role", "deputy", "--share-unit-box")
    preview = staffed(*words, "--json").json
    assert (preview["move"], preview["applied"], preview["plan"]) == (1, False, None)
    done = staffed(*words, "--yes", "--json").json
    assert done["applied"]
    shown = person(staffed, "annv")
    assert [(post["unit"], post["primary"]) for post in shown["posts"] if post["valid_to"] is None] == [
        ("SYT", True)
    ]
    assert "annv@lamdong.gov.vn" in str(staffed("account", "show", "syt", "--json").json)
    assert staffed("plan", "undo", str(done["plan"])).code == 0
    assert staffed("verify").code == 0
    assert [post["unit"] for post in person(staffed, "annv")["posts"]] == ["DAR"]


def test_people_who_leave_are_told_until_when_their_box_is_kept(staffed: Congvu) -> None:
    assert "nothing was changed" in staffed("person", "retire", "annv").out
    done = staffed("person", "retire", "annv", "--yes")
    assert (done.code, "The box is kept until" in done.out) == (0, True)
    assert person(staffed, "annv")["state"] == "left"
    again = staffed("person", "leave", "annv", "--yes")
    assert (again.code, "person return" in again.err) == (1, True)
    assert staffed("person", "return", "annv", "--unit", "SYT", "--yes").code == 0
    assert person(staffed, "annv")["state"] == "active"


def test_who_comes_gets_an_address_by_the_rule(staffed: Congvu) -> None:
    ran = staffed("person", "join", "--name", "Trần Thị Bình", "--unit", "SYT", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert person(staffed, "binhtt")["posts"][0]["unit"] == "SYT"


def test_who_comes_on_a_day_to_come_is_waited_for(staffed: Congvu) -> None:
    words = ("person", "join", "--name", "Lê Văn Mới", "--unit", "SYT", "--role", "deputy", "--on")
    kept = staffed(*words, "2999-01-01", "--yes", "--json")
    assert (kept.code, kept.json["applied"], kept.json["create"]) == (0, False, 1), kept.err
    assert staffed("plan", "list", "--json").json[0]["state"] == "scheduled"
    assert staffed("person", "show", "moilv").code == 1


def test_a_day_to_come_is_waited_for_and_applied_as_it_was_shown(staffed: Congvu, tmp_path: Path) -> None:
    store = open_store(tmp_path / "data", load(tmp_path / "data", os.environ))
    with store.read() as db:
        day = vietnam_day(db.clock()) + timedelta(days=3)
    words = (
        "person",
        "second-post",
        "hanh",
        "--unit",
        "SYT",
        "--role",
        "specialist",
        "--on",
        day.isoformat(),
    )
    kept = staffed(*words, "--yes", "--json").json
    assert (kept["applied"], kept["scheduled"]) == (False, True)
    lost = staffed("person", "leave", "annv", "--on", day.isoformat(), "--yes", "--json").json
    assert staffed("account", "revoke", "dar", "--from", "annv").code == 0  # the leaving looks different now
    assert [item["state"] for item in staffed("plan", "list", "--json").json][:2] == [
        "scheduled",
        "scheduled",
    ]
    with store.read() as db:
        assert scheduled.due_plans(db.conn, vietnam_day(db.clock()), frozenset({"person"})) == []
        due = scheduled.due_plans(db.conn, day, frozenset({"person"}))
    outcomes = {}
    for waiting in due:
        with store.read() as db:
            plan = life_service.prepare_waiting(db, waiting, Defaults())
        with store.write() as uow:
            outcomes[waiting.id] = life_service.apply_waiting(uow, waiting, plan)
    store.close()
    assert outcomes == {kept["plan"]: True, lost["plan"]: False}
    assert len(person(staffed, "hanh")["posts"]) == 2
    assert person(staffed, "annv")["state"] == "active"
    states = {item["id"]: item["state"] for item in staffed("plan", "list", "--json").json}
    assert (states[kept["plan"]], states[lost["plan"]]) == ("applied", "drifted")
    assert staffed("plan", "undo", str(kept["plan"])).code == 0


def test_being_away_is_a_span(staffed: Congvu) -> None:
    assert staffed("person", "away", "hanh", "--kind", "maternity", "--yes").code == 0
    assert person(staffed, "hanh")["away"] is True
    refused = staffed("person", "away", "hanh", "--yes", "--json")
    assert (refused.code, refused.json["refused"][0]["reason"]) == (1, "overlaps")

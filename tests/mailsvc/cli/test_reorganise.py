import os
from datetime import timedelta
from pathlib import Path

import pytest

from config.load import load
from directory import scheduled
from directory.model import vietnam_day
from mailsvc.services import reorganise
from mailsvc.services.open_store import open_store
from tests.mailsvc.cli.conftest import Congvu

STAFF = """\
address,full_name,unit,kind,role
syt,,SYT,unit,
dar,,DAR,unit,
ub,,UBND,unit,
annv,Nguyễn Văn An,DAR,personal,head
it,Đỗ Thị Mai,UBND,personal,
"""


@pytest.fixture
def staffed(province: Congvu) -> Congvu:
    ran = province("account", "import", "staff.csv", "--yes", files={"staff.csv": STAFF})
    assert ran.code == 0, ran.err
    assert province("account", "grant", "dar", "--to", "annv").code == 0
    return province


def states(congvu: Congvu) -> dict[str, tuple[str, str]]:
    return {
        item["address"].split("@")[0]: (item["unit"], item["state"])
        for item in congvu("account", "list", "--json").json
    }


def test_a_merger_is_shown_then_done_then_undone(staffed: Congvu) -> None:
    before = states(staffed)
    preview = staffed("unit", "merge", "DAR", "--into", "SYT", "--json")
    assert (preview.code, preview.json["applied"], preview.json["end"]) == (0, False, 1)
    assert states(staffed) == before
    done = staffed("unit", "merge", "DAR", "--into", "SYT", "--yes", "--json").json
    assert done["applied"]
    assert states(staffed)["annv"] == ("SYT", "active")
    assert {unit["code"] for unit in staffed("unit", "list", "--json").json} == {"UBND", "SYT"}
    now = staffed("unit", "show", "DAR", "--json").json["now"]
    assert {(heir["aspect"], heir["code"]) for heir in now} == {
        (aspect, "SYT") for aspect in ("staff", "address", "archive")
    }
    shared = staffed("account", "show", "syt", "--json").json
    assert "dar@lamdong.gov.vn" in str(shared)
    assert "annv@lamdong.gov.vn" in str(shared)
    undone = staffed("plan", "undo", str(done["plan"]), "--json")
    assert undone.code == 0, undone.err
    assert states(staffed) == before
    assert staffed("verify").code == 0


def test_people_see_a_table_and_how_to_take_it_back(staffed: Congvu) -> None:
    ran = staffed("unit", "merge", "DAR", "--into", "SYT", "--yes")
    assert ran.code == 0
    assert "congvu plan undo" in ran.out
    assert "DAR → SYT" in ran.out


def test_what_cannot_be_is_refused_with_the_remedy(staffed: Congvu) -> None:
    ran = staffed("unit", "merge", "DAR", "KHONG", "--into", "SYT", "--yes", "--json")
    assert (ran.code, [item["reason"] for item in ran.json["details"]["refused"]]) == (1, ["unknown_unit"])
    assert staffed("unit", "move", "UBND", "--under", "DAR", "--yes").code == 1
    assert staffed("unit", "merge", "DAR", "--into", "SYT", "--effective", "hôm nay").code == 2


def test_a_day_to_come_is_waited_for(staffed: Congvu, tmp_path: Path) -> None:
    store = open_store(tmp_path / "data", load(tmp_path / "data", os.environ))
    with store.read() as db:
        day = vietnam_day(db.clock()) + timedelta(days=2)
    kept = staffed(
        "unit", "merge", "DAR", "--into", "SYT", "--effective", day.isoformat(), "--yes", "--json"
    ).json
    assert (kept["applied"], kept["scheduled"]) == (False, True)
    gone = staffed(
        "unit", "rename", "SYT", "--name", "Y", "--effective", day.isoformat(), "--yes", "--json"
    ).json
    assert states(staffed)["annv"] == ("DAR", "active")
    outcomes = {}
    with store.read() as db:
        due = scheduled.due_plans(db.conn, day, frozenset({"reorganisation"}))
    for waiting in due:
        with store.read() as db:
            plan = reorganise.prepare_waiting(db, waiting)
        with store.write() as uow:
            outcomes[waiting.id] = reorganise.apply_waiting(uow, waiting, plan)
    store.close()
    assert outcomes == {kept["plan"]: True, gone["plan"]: True}
    assert states(staffed)["annv"][0] == "SYT"
    for number in (gone["plan"], kept["plan"]):
        assert staffed("plan", "undo", str(number)).code == 0
    assert states(staffed)["annv"][0] == "DAR"


def test_rename_move_dissolve_and_split_are_commands(staffed: Congvu) -> None:
    assert staffed("unit", "rename", "SYT", "--name", "Sở Y tế và Dân số", "--yes").code == 0
    assert staffed("unit", "move", "DAR", "--under", "SYT", "--yes").code == 0
    units = {unit["code"]: unit for unit in staffed("unit", "list", "--json").json}
    assert (units["SYT"]["name"], units["DAR"]["parent"]) == ("Sở Y tế và Dân số", "SYT")
    split = staffed(
        "unit",
        "split",
        "DAR",
        "--into",
        "SYT",
        "--into",
        "UBND",
        "--staff",
        "who.csv",
        "--yes",
        files={"who.csv": "address,unit\nannv,UBND\n"},
    )
    assert split.code == 0, split.err
    assert states(staffed)["annv"][0] == "UBND"
    dissolved = staffed("unit", "dissolve", "SYT", "--into", "UBND", "--custodian", "it", "--yes")
    assert dissolved.code == 0, dissolved.err
    assert [unit["code"] for unit in staffed("unit", "list", "--json").json] == ["UBND"]
    for plan in (6, 5, 4, 3):
        assert staffed("plan", "undo", str(plan)).code == 0
    assert len(staffed("unit", "list", "--json").json) == 3


def test_a_spreadsheet_does_many_at_once(staffed: Congvu) -> None:
    lines = "action,code,into,custodian,name\nmerge,DAR,SYT,,\nrename,SYT,,,Sở Y tế mới\n"
    ran = staffed("unit", "reorganise", "many.csv", "--yes", "--json", files={"many.csv": lines})
    assert (ran.code, ran.json["end"], ran.json["change"]) == (0, 1, 1)
    broken = staffed("unit", "reorganise", "bad.csv", "--yes", files={"bad.csv": "action,code\nđập,X\n"})
    assert broken.code == 1

import pytest

from tests.mailsvc.cli.conftest import Congvu

STAFF = """\
address,full_name,unit,kind,role
dar,,DAR,unit,
syt,,SYT,unit,
annv,Nguyễn Văn An,DAR,personal,records_clerk
it,Đỗ Thị Mai,UBND,personal,
"""


@pytest.fixture
def staffed(province: Congvu) -> Congvu:
    assert province("account", "import", "staff.csv", "--yes", files={"staff.csv": STAFF}).code == 0
    return province


def test_a_fixed_group_and_a_group_in_it(staffed: Congvu) -> None:
    made = staffed("group", "create", "ld", "--name", "Lãnh đạo", "--member", "it", "--json")
    assert (made.code, made.json["members"]) == (0, 1)
    assert (
        staffed("group", "create", "tat", "--name", "Tất cả", "--member", "ld", "--member", "dar").code == 0
    )
    assert staffed("group", "add", "ld", "annv").code == 0
    shown = staffed("group", "show", "tat", "--json").json
    assert shown["boxes"] == [f"{name}@lamdong.gov.vn" for name in ("annv", "dar", "it")]
    assert shown["groups"] == ["ld@lamdong.gov.vn"]
    cycle = staffed("group", "add", "ld", "tat", "--json")
    assert (cycle.code, cycle.json["refused"][0]["reason"]) == (1, "group_cycle")
    assert staffed("group", "remove", "tat", "ld").code == 0
    assert staffed("group", "end", "ld").code == 0
    assert len(staffed("group", "list", "--json").json) == 2
    assert staffed("group", "end", "ld", "--yes").code == 0
    assert [item["address"] for item in staffed("group", "list", "--json").json] == ["tat@lamdong.gov.vn"]


def test_a_computed_group_follows_the_tree_and_its_exceptions_follow_mergers(staffed: Congvu) -> None:
    ran = staffed(
        "group", "create", "dv", "--name", "Đơn vị", "--branch", "state", "--except", "DAR", "--json"
    )
    assert (ran.code, ran.json["members"]) == (0, 1)
    done = staffed("unit", "merge", "DAR", "--into", "SYT", "--yes", "--json").json
    assert "rule_follows" in [item["reason"] for item in done["details"]["warnings"]]
    shown = staffed("group", "show", "dv", "--json").json
    assert ('"SYT"' in shown["rule"], shown["boxes"]) == (True, [])
    assert staffed("plan", "undo", str(done["plan"])).code == 0
    assert '"DAR"' in staffed("group", "show", "dv", "--json").json["rule"]
    assert staffed("group", "show", "dv", "--json").json["boxes"] == ["syt@lamdong.gov.vn"]


def test_who_may_send_and_who_owns(staffed: Congvu) -> None:
    assert staffed("group", "create", "ld", "--name", "Lãnh đạo", "--senders", "named").code == 0
    assert staffed("group", "grant", "ld", "--to", "it", "--part", "sender").code == 0
    shown = staffed("group", "show", "ld", "--json").json
    assert (shown["senders"], shown["people"]) == ("named", [["it@lamdong.gov.vn", "sender"]])
    assert staffed("group", "revoke", "ld", "--from", "it", "--part", "owner").code == 1
    assert staffed("group", "revoke", "ld", "--from", "it", "--part", "sender").code == 0
    assert staffed("group", "senders", "ld", "owners").code == 0
    assert staffed("group", "show", "khong").code == 1

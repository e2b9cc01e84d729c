import pytest

from tests.mailsvc.cli.conftest import UNITS, Congvu


def test_an_import_shows_a_plan_first_and_changes_nothing(congvu: Congvu) -> None:
    ran = congvu("unit", "import", "units.csv", files={"units.csv": UNITS})
    assert ran.code == 0
    assert "create 3" in ran.out
    assert "--yes" in ran.out
    assert congvu("unit", "list", "--json").json == []


def test_yes_applies_it_and_a_second_run_changes_nothing(congvu: Congvu) -> None:
    first = congvu("unit", "import", "units.csv", "--yes", "--json", files={"units.csv": UNITS}).json
    assert (first["create"], first["applied"]) == (3, True)
    second = congvu("--json", "unit", "import", "units.csv", "--yes").json
    assert (second["create"], second["unchanged"], second["applied"]) == (0, 3, False)
    codes = {unit["code"]: unit["parent"] for unit in congvu("unit", "list", "--json").json}
    assert codes == {"UBND": "", "SYT": "UBND", "DAR": "UBND"}


def test_one_bad_line_stops_the_whole_file_and_is_named_with_its_remedy(congvu: Congvu) -> None:
    bad = UNITS + "X,Phòng X,KHONG,province,state,\n"
    ran = congvu("unit", "import", "units.csv", "--yes", "--json", files={"units.csv": bad})
    assert ran.code == 1
    (refused,) = ran.json["details"]["refused"]
    assert (refused["line"], refused["field"], refused["reason"]) == (5, "parent", "unknown_parent")
    assert refused["remedy"]
    assert congvu("unit", "list", "--json").json == []


def test_refusals_are_told_in_vietnamese_too(congvu: Congvu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONGVU_LOCALE", "vi")
    ran = congvu("unit", "import", "units.csv", files={"units.csv": "code,name\n"})
    assert ran.code == 1
    assert "Thiếu cột" in ran.out


def test_a_missing_file_is_wrong_usage(congvu: Congvu) -> None:
    assert congvu("unit", "import", "nowhere.csv").code == 2


def test_one_unit_is_made_shown_and_ended(province: Congvu) -> None:
    words = ("--name", "Phòng Nghiệp vụ", "--parent", "SYT", "--tier", "province", "--branch", "state")
    assert province("unit", "create", "NVY", *words).code == 0
    again = province("unit", "create", "NVY", *words)
    assert (again.code, "congvu unit show NVY" in again.err) == (1, True)
    assert province("unit", "show", "NVY", "--json").json["parent"] == "SYT"
    assert province("unit", "remove", "NVY").code == 0
    assert "NVY" in province("unit", "list").out
    assert province("unit", "remove", "NVY", "--yes").code == 0
    assert "NVY" not in province("unit", "list").out


def test_a_unit_that_has_boxes_is_not_removed(province: Congvu) -> None:
    province("account", "create", "annv@lamdong.gov.vn", "--unit", "SYT", "--name", "Nguyễn Văn An")
    ran = province("unit", "remove", "SYT", "--yes")
    assert ran.code == 1
    assert "1 boxes" in ran.err
    assert province("unit", "show", "SYT").code == 0


def test_an_unknown_unit_is_refused_with_what_to_do(province: Congvu) -> None:
    for verb in ("show", "remove"):
        ran = province("unit", verb, "KHONG")
        assert (ran.code, "congvu unit list" in ran.err) == (1, True)


def test_bad_options_of_create_are_refused_as_a_line_of_a_file_is(province: Congvu) -> None:
    ran = province("unit", "create", "=1", "--name", "X", "--tier", "province", "--branch", "state", "--json")
    assert ran.code == 1
    assert ran.json["refused"][0]["reason"] == "formula"

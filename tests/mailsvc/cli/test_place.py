"""A place from its template in one plan: shown, made whole, undone; and the report of who is reached."""

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from directory.template import read_template, shipped
from tests.mailsvc.cli.conftest import Congvu

TREE = """code,name,parent,tier,branch,short_name
UBND,Ủy ban nhân dân tỉnh,,province,state,ubnd
TU,Tỉnh ủy,,province,party,tinhuy
HDND,Hội đồng nhân dân tỉnh,,province,council,hdnd
MTTQ,Ủy ban MTTQ Việt Nam tỉnh,,province,mass,mttq
"""


@pytest.fixture
def province(congvu: Congvu) -> Congvu:
    ran = congvu("unit", "import", "units.csv", "--yes", files={"units.csv": TREE})
    assert ran.code == 0, ran.err
    return congvu


def codes(congvu: Congvu) -> set[str]:
    return {unit["code"] for unit in congvu("unit", "list", "--json").json}


def test_a_commune_is_made_with_its_agencies_boxes_groups_and_administrators_in_one_plan(
    province: Congvu,
) -> None:
    people = "address,full_name,unit,kind\nannv,Nguyễn Văn An,UBND,personal\n"
    assert province("account", "import", "p.csv", "--yes", files={"p.csv": people}).code == 0
    words = (
        "unit",
        "create-place",
        "xã Đạ Ròn",
        "--administrator",
        "state=annv",
        "--administrator",
        "party=Trần Thị Bình",
    )
    preview = province(*words, "--json").json
    assert (preview["applied"], preview["unit"], preview["place"]) == (False, 11, 1)
    assert codes(province) == {"UBND", "TU", "HDND", "MTTQ"}
    made = province(*words, "--yes", "--json").json
    assert (made["applied"], made["box"], made["group"], made["person"], made["administrator"]) == (
        True,
        15,
        2,
        1,
        2,
    )
    tree = {unit["code"]: unit for unit in province("unit", "list", "--json").json}
    assert {code: tree[f"{code}.DARON"]["parent"] for code in ("UBND", "DU", "HDND", "MTTQ")} == {
        "UBND": "UBND",
        "DU": "TU",
        "HDND": "HDND",
        "MTTQ": "MTTQ",
    }
    assert tree["VP.DARON"]["parent"] == "UBND.DARON"
    boxes = {
        item["address"].split("@")[0]: item["kind"] for item in province("account", "list", "--json").json
    }
    assert (boxes["daron"], boxes["bithu.daron"], boxes["binhtt"]) == ("unit", "post", "personal")
    held = {
        (item["address"].split("@")[0], item["unit"]) for item in province("admin", "list", "--json").json
    }
    assert held == {("annv", "UBND.DARON"), ("binhtt", "DU.DARON")}


def test_it_is_undone_whole_and_can_be_made_again(province: Congvu) -> None:
    made = province("unit", "create-place", "phường Xuân Hương", "--yes", "--json").json
    assert "KT.XUANHUONG" in codes(province)
    undone = province("plan", "undo", str(made["plan"]), "--json")
    assert undone.code == 0, undone.err
    assert codes(province) == {"UBND", "TU", "HDND", "MTTQ"}
    other = province("unit", "create-place", "phường Xuân Hương", "--slug", "xh", "--yes", "--json")
    assert other.json["applied"] is True


def test_a_branch_without_a_root_a_taken_code_or_address_is_refused_with_the_remedy(congvu: Congvu) -> None:
    only = TREE.splitlines()[0] + "\n" + TREE.splitlines()[1] + "\n"
    assert congvu("unit", "import", "u.csv", "--yes", files={"u.csv": only}).code == 0
    ran = congvu("unit", "create-place", "xã Đạ Ròn", "--yes", "--json")
    assert (ran.code, ran.json["applied"]) == (1, False)
    assert {item["reason"] for item in ran.json["details"]["refused"]} == {"no_parent_in_branch"}
    assert "--under" in ran.json["details"]["refused"][0]["remedy"]
    assert congvu("unit", "create-place", "xã Đạ Ròn", "--branch", "state", "--yes").code == 0
    again = congvu("unit", "create-place", "xã Đạ Ròn", "--branch", "state", "--yes", "--json")
    assert {item["reason"] for item in again.json["details"]["refused"]} == {"code_taken", "address_taken"}
    assert congvu("unit", "create-place", "xã X", "--under", "state", "--yes").code == 2
    assert congvu("unit", "create-place", "xã X", "--template", "huyen", "--yes").code == 1
    nobody = congvu(
        "unit", "create-place", "xã X", "--branch", "state", "--administrator", "state=ai", "--json"
    )
    assert {item["reason"] for item in nobody.json["details"]["refused"]} == {"unknown_box"}


def test_coverage_counts_units_and_places_that_are_reached(province: Congvu, tmp_path: Path) -> None:
    assert province("unit", "create-place", "xã Đạ Ròn", "--yes").code == 0
    line = "code,name,parent,tier,branch,place\nTRAM,Trạm Y tế,UBND.DARON,commune,state,DARON\n"
    assert province("unit", "import", "t.csv", "--yes", files={"t.csv": line}).code == 0
    report = province("unit", "coverage", "--xlsx", "c.xlsx", "--json").json
    assert (report["units"], report["units_with_box"]) == (16, 11)
    assert (report["places"], report["places_reached"]) == (1, 0)
    (place,) = report["by_place"]
    assert (place["name"], place["units"], place["reached"]) == ("xã Đạ Ròn", 12, 11)
    assert {unit["code"] for unit in report["without_box"]} == {"UBND", "TU", "HDND", "MTTQ", "TRAM"}
    assert load_workbook(tmp_path / "c.xlsx").sheetnames == ["Đơn vị", "Địa bàn"]
    province("account", "create", "tramyt.daron", "--unit", "TRAM", "--name", "Trạm", "--kind", "unit")
    assert province("unit", "coverage", "--json").json["places_reached"] == 1


def test_a_template_is_shown_changed_dated_and_set(province: Congvu, tmp_path: Path) -> None:
    body = json.loads(province("template", "show", "commune").out)
    assert read_template(json.dumps(body)) == shipped("commune")
    body["agencies"] = [agency for agency in body["agencies"] if agency["branch"] == "state"][:1]
    body["groups"], body["administrators"] = [], []
    (tmp_path / "m.json").write_text(json.dumps(body), encoding="utf-8")
    assert province("template", "set", "m.json", "--json").code == 0
    made = province("unit", "create-place", "xã Nhỏ", "--yes", "--json").json
    assert (made["unit"], made["box"]) == (1, 2)
    assert province("template", "set", "m.json", "--effective", "2030-01-01").code == 0
    listed = province("template", "list", "--json").json
    assert [item["valid_from"] is None for item in listed] == [False, False, True]
    assert listed[1]["valid_to"] == listed[0]["valid_from"] == "2030-01-01"
    assert province("template", "show", "khong-co").code == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda body: body | {"tier": "village"}, "tier"),
        (lambda body: body | {"extra": 1}, "extra"),
        (lambda body: body["agencies"][0].update(name="{place.__class__}") or body, "agencies.0.name"),
        (lambda body: body["agencies"][0].update(box="Chữ hoa") or body, "agencies.0.box"),
        (lambda body: body["agencies"][1].update(parent="UBND.{code}") or body, "–"),
        (lambda body: body["agencies"].append(body["agencies"][0]) or body, "–"),
        (lambda body: body["agencies"][0].update(headcount=-1) or body, "agencies.0.headcount"),
    ],
)
def test_a_wrong_template_is_refused_with_the_field(
    province: Congvu, tmp_path: Path, change, said: str
) -> None:
    body = change(json.loads(province("template", "show", "commune").out))
    (tmp_path / "m.json").write_text(json.dumps(body), encoding="utf-8")
    ran = province("template", "set", "m.json", "--json")
    assert ran.code == 1
    assert said in {item["field"] for item in ran.json["refused"]}


def test_a_template_that_is_no_json_is_refused(province: Congvu) -> None:
    for text in ("", "{", "[1]", "\u0000"):
        assert province("template", "set", "m.json", files={"m.json": text}).code == 1

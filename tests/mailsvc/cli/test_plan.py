from tests.mailsvc.cli.conftest import Congvu

STAFF = "address,full_name,unit,kind\nannv,Nguyễn Văn An,SYT,personal\nsyt,,SYT,unit\n"


def test_an_applied_plan_is_listed_and_shown(province: Congvu) -> None:
    (listed,) = province("plan", "list", "--json").json
    assert (listed["kind"], listed["state"], listed["summary"]["create"]) == ("unit", "applied", 3)
    shown = province("plan", "show", str(listed["id"])).out
    assert all(code in shown for code in ("UBND", "SYT", "DAR"))


def test_the_details_of_a_plan_stand_once(province: Congvu) -> None:
    shown = province("plan", "show", "1", "--json").json
    assert [unit["code"] for unit in shown["details"]["create"]] == ["UBND", "SYT", "DAR"]
    assert "details" not in shown["details"]


def test_an_unknown_plan_is_refused(congvu: Congvu) -> None:
    assert congvu("plan", "show", "7").code == 1
    assert congvu("plan", "undo", "7").code == 1
    assert congvu("plan", "list").code == 0


def test_plans_are_undone_in_reverse_and_conflicts_are_listed(province: Congvu) -> None:
    made = province("account", "import", "staff.csv", "--yes", "--json", files={"staff.csv": STAFF}).json
    refused = province("plan", "undo", "1", "--json")
    assert refused.code == 1
    assert [(item["what"], item["reason"], item["count"]) for item in refused.json["conflicts"]] == [
        ("SYT", "in_use", 3)
    ]
    preview = province("plan", "undo", str(made["plan"]), "--dry-run", "--json").json
    assert (preview["undone"], preview["archived"]) == (False, 2)
    undone = province("plan", "undo", str(made["plan"]), "--json").json
    assert (undone["undone"], undone["archived"], undone["kept_boxes"]) == (True, 2, [])
    assert [item["state"] for item in province("account", "list", "--json").json] == ["archived"] * 2
    assert province("plan", "undo", "1").code == 0
    assert province("unit", "list", "--json").json == []
    assert {plan["state"] for plan in province("plan", "list", "--json").json} == {"undone"}
    again = province("plan", "undo", "1", "--json")
    assert (again.code, again.json["reason"]) == (1, "already_undone")

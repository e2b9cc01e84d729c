from tests.mailsvc.cli.conftest import Congvu


def test_an_applied_plan_is_listed_and_shown(province: Congvu) -> None:
    (listed,) = province("plan", "list", "--json").json
    assert (listed["kind"], listed["state"], listed["create"]) == ("unit", "applied", 3)
    shown = province("plan", "show", str(listed["id"]), "--json").json
    assert [line["code"] for line in shown["details"]["create"]] == ["UBND", "SYT", "DAR"]
    assert "SYT" in province("plan", "show", str(listed["id"])).out


def test_an_unknown_plan_is_refused(congvu: Congvu) -> None:
    assert congvu("plan", "show", "7").code == 1
    assert congvu("plan", "list").code == 0

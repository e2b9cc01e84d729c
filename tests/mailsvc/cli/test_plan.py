from tests.mailsvc.cli.conftest import Congvu


def test_an_applied_plan_is_listed_and_shown(province: Congvu) -> None:
    (listed,) = province("plan", "list", "--json").json
    assert (listed["kind"], listed["state"], listed["summary"]["create"]) == ("unit", "applied", 3)
    shown = province("plan", "show", str(listed["id"])).out
    assert all(code in shown for code in ("UBND", "SYT", "DAR"))


def test_an_unknown_plan_is_refused(congvu: Congvu) -> None:
    assert congvu("plan", "show", "7").code == 1
    assert congvu("plan", "list").code == 0

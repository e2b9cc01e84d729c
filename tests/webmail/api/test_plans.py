"""A roster by the API: planned, shown, applied with slips told once, undone."""

import base64

import pytest

from directory import upkeep
from directory.scope import SERVER
from tests.support.mail import DOMAIN, NOW
from tests.support.province import Province

ROSTER = "address,full_name,unit,kind\n,Vũ Thị Mới,PK,personal\n,Hà Văn Hai,SYT,personal\n"


def body(text: str) -> dict[str, str]:
    return {"roster": base64.b64encode(text.encode()).decode()}


def test_a_roster_is_planned_shown_applied_once_and_undone(as_) -> None:
    ask = as_("quantri")
    made = ask("POST", "/plans", body(ROSTER)).json
    assert (made["state"], made["summary"]["create"]) == ("shown", 2)
    assert ask("GET", "/accounts?words=moi").json["total"] == 0
    assert ask("GET", f"/plans/{made['id']}").json["details"] == made["details"]
    done = ask("POST", f"/plans/{made['id']}/apply").json
    assert {slip["address"] for slip in done["slips"]} == {f"moivt@{DOMAIN}", f"haihv@{DOMAIN}"}
    assert all(slip["password"] for slip in done["slips"])
    assert ask("POST", f"/plans/{made['id']}/apply").status_code == 409
    assert [plan["state"] for plan in ask("GET", "/plans").json] == ["applied"]
    assert ask("POST", f"/plans/{made['id']}/undo", {"dry_run": True}).json["undone"] is False
    assert ask("POST", f"/plans/{made['id']}/undo").json["archived"] == 2
    assert ask("POST", f"/plans/{made['id']}/undo").status_code == 409


def test_others_neither_see_nor_apply_a_plan_of_units_that_are_not_theirs(as_) -> None:
    made = as_("tinh")("POST", "/plans", body(ROSTER.replace("SYT", "STC"))).json
    for local in ("quantri", "quandang"):
        for method, path in (("GET", ""), ("POST", "/apply"), ("POST", "/undo")):
            assert as_(local)(method, f"/plans/{made['id']}{path}").status_code == 404
        assert as_(local)("GET", "/plans").json == []
    assert as_("hotro")("POST", f"/plans/{made['id']}/apply").status_code == 403


def test_a_roster_for_another_unit_is_refused_with_its_line(as_) -> None:
    answer = as_("quantri")("POST", "/plans", body(ROSTER.replace("SYT", "STC").replace("PK", "TU")))
    assert answer.status_code == 403
    assert [item["reason"] for item in answer.json["values"]["refused"]] == ["out_of_scope"] * 2


def test_a_plan_that_drifted_is_not_applied(as_, province: Province) -> None:
    ask = as_("quantri")
    made = ask("POST", "/plans", body("address,full_name,unit,kind\nan,Nguyễn Văn An,PK,personal\n")).json
    assert made["summary"]["move"] == 1
    assert ask("POST", "/accounts/an/transfer", {"unit": "PK"}).status_code == 200
    answer = ask("POST", f"/plans/{made['id']}/apply")
    assert (answer.status_code, answer.json["type"]) == (409, "urn:congvu:problem:conflict")


def test_whoever_lost_the_role_meanwhile_applies_nothing(as_, province: Province) -> None:
    ask = as_("quantri")
    made = ask("POST", "/plans", body(ROSTER)).json
    with province.store.write() as uow:
        upkeep.lock(uow.conn, SERVER, province.account("quantri"), actor="t", at=NOW)
    assert ask("POST", f"/plans/{made['id']}/apply").status_code == 401


@pytest.mark.parametrize(
    "text", ["", "x", "address,full_name,unit,kind,password\n,A B,SYT,personal,Abc-12345\n"]
)
def test_what_is_no_roster_or_holds_passwords_is_refused(as_, text: str) -> None:
    answer = as_("quantri")("POST", "/plans", body(text))
    assert answer.status_code == 422
    assert answer.json["values"]["refused"]


def test_a_roster_has_a_bounded_size(as_) -> None:
    assert as_("quantri")("POST", "/plans", body("x" * 9 * 1024 * 1024)).status_code in {400, 413}
    assert as_("quantri")("POST", "/plans", {"roster": "không phải base64"}).status_code == 400

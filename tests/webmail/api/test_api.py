"""The administration API: tokens, acts, problems and requests that count once."""

import re

import pytest

from directory.authenticate import Verifier, look_up
from directory.tokens import TokenScope
from mailsvc.services.administration import log
from tests.support.mail import DOMAIN
from tests.support.province import Province
from tests.webmail.api.conftest import Program

SLIP = re.compile(r"\S{8,}")


def test_without_a_token_nothing_is_told(app, province: Province) -> None:
    for token in ("", "cvt_wrong", province.token("tinh", TokenScope.MAIL), "x" * 5000):
        for path in ("/accounts", "/me", "/nowhere", "/accounts/an"):
            answer = Program(app, token)("GET", path)
            assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_session_cookie_is_no_token(app) -> None:
    client = app.test_client()
    client.set_cookie("congvu", "x")
    assert client.get("/api/v1/accounts").status_code == 401


def test_a_token_sees_the_scope_of_its_holder(as_) -> None:
    seen = as_("quantri")("GET", "/accounts").json
    assert seen["total"] == len(seen["accounts"]) == 6
    assert {item["unit"] for item in seen["accounts"]} == {"SYT", "PK"}
    assert {unit["code"] for unit in as_("quantri")("GET", "/units").json["units"]} == {"SYT", "PK"}
    found = as_("quantri")("GET", "/accounts?words=tran%20binh").json["accounts"]
    assert [item["address"] for item in found] == [f"binh@{DOMAIN}"]
    assert as_("an")("GET", "/accounts").status_code == 403


def test_pages_follow_one_another(as_) -> None:
    ask, found, after = as_("quantri"), [], 0
    while after is not None:
        page = ask("GET", f"/accounts?limit=4&offset={after}").json
        found += [item["address"] for item in page["accounts"]]
        after = page["next_offset"]
    assert len(found) == len(set(found)) == 6


def test_an_account_is_made_moved_locked_and_reset_by_the_unit(as_, province: Province) -> None:
    ask = as_("quantri")
    made = ask("POST", "/accounts", {"name": "Vũ Văn Mới", "unit": "SYT"}).json
    assert made["address"] == f"moivv@{DOMAIN}"
    assert SLIP.fullmatch(made["password"])
    assert ask("POST", "/accounts/moivv/transfer", {"unit": "PK"}).json["done"]
    assert ask("GET", "/accounts/moivv").json["unit"] == "PK"
    assert ask("POST", "/accounts/moivv/lock", {"reason": "nghỉ"}).json["done"]
    assert ask("GET", "/accounts/moivv").json["state"] == "locked"
    assert ask("POST", "/accounts/moivv/unlock").json["done"]
    slip = ask("POST", "/accounts/moivv/reset").json["password"]
    with province.store.read() as db:
        assert Verifier(lambda: 0.0, seconds=0).verify(look_up(db.conn, "moivv"), slip).account_id
    acts = [line.act for line in province.does(None, log.LIST, log.ReadLog(f"moivv@{DOMAIN}")).lines]
    assert acts == ["account.set_password", "account.active", "account.locked"]


def test_reset_goes_no_further_than_the_role(as_) -> None:
    for local, allowed in (
        ("hotro", 200),
        ("quantri", 200),
        ("tinh", 200),
        ("giamsat", 403),
        ("quandang", 404),
    ):
        assert as_(local)("POST", "/accounts/binh/reset").status_code == allowed, local
    assert as_("tinh")("POST", "/accounts/dang/reset").status_code == 404  # the Party's
    assert as_("hotro")("POST", "/accounts/quantri/reset").status_code == 403  # an administrator above
    assert as_("quantri")("POST", "/accounts/quantri/reset").status_code == 403  # oneself
    assert as_("quantri")("POST", "/accounts/chi/reset").status_code == 404  # beside
    assert as_("quantri")("POST", "/accounts/binh/reset", {"keep_password": True}).status_code == 403


def test_unit_boxes_are_made_by_the_province(as_) -> None:
    body = {"name": "Hộp mới", "unit": "PK", "kind": "unit", "address": "pk"}
    assert as_("quantri")("POST", "/accounts", body).status_code == 403
    assert as_("tinh")("POST", "/accounts", body).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/accounts?limit=501", None),
        ("GET", "/accounts?limit=x", None),
        ("GET", "/accounts?offset=-1", None),
        ("GET", "/accounts?wurst=1", None),
        ("GET", "/accounts?limit=1&limit=2", None),
        ("GET", "/accounts?state=asleep", None),
        ("POST", "/accounts", {"name": "A", "unit": "SYT", "kind": "system"}),
        ("POST", "/accounts", {"unit": "SYT"}),
        ("POST", "/accounts", {"name": "A" * 201, "unit": "SYT"}),
        ("POST", "/accounts", {"name": 5, "unit": "SYT"}),
        ("POST", "/accounts/an/lock", {"address": "binh"}),
        ("POST", "/accounts/an/lock?reason=x", None),
        ("POST", "/accounts/an/lock", ["x"]),
        ("GET", f"/accounts/{'x' * 400}", None),
        ("GET", "/audit?about=%00", None),
        ("POST", "/accounts/an/lock", {"reason": "a\0b"}),
    ],
)
def test_what_is_malformed_is_refused_with_the_field(as_, method: str, path: str, body: object) -> None:
    answer = as_("quantri")(method, path, body)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json["values"]["fields"][0]["field"]


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"a":NaN}', b"[" * 100_000, b'{"reason":"\\ud800"}'])
def test_what_is_no_json_is_refused(as_, raw: bytes) -> None:
    program = as_("quantri")
    answer = program.client.post(
        "/api/v1/accounts/an/lock", data=raw, headers={**program.headers, "Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 413}


def test_problems_are_told_in_the_language_that_is_asked_for(as_) -> None:
    vietnamese = as_("quantri")("GET", "/accounts/khong")
    english = as_("quantri")("GET", "/accounts/khong", **{"Accept-Language": "en"})
    assert (vietnamese.status_code, vietnamese.headers["Content-Language"]) == (404, "vi")
    assert english.json["detail"] == vietnamese.json["messages"]["en"] != vietnamese.json["detail"]
    assert vietnamese.json["type"] == english.json["type"] == "urn:congvu:problem:not_found"


def test_a_refused_line_says_why_and_what_to_do(as_) -> None:
    answer = as_("quantri")("POST", "/accounts", {"name": "A", "unit": "SYT", "address": "a@khac.vn"})
    assert answer.status_code == 422
    refused = answer.json["values"]["refused"][0]
    assert (refused["field"], refused["reason"]) == ("address", "foreign_domain")
    assert refused["remedy"] != refused["remedy_en"]


def test_a_request_with_a_key_counts_once(as_, province: Province) -> None:
    ask = as_("quantri")
    key = {"Idempotency-Key": "khoa-so-0001"}
    first = ask("POST", "/accounts/an/lock", {"reason": "x"}, **key)
    again = ask("POST", "/accounts/an/lock", {"reason": "x"}, **key)
    assert (first.status_code, first.json) == (again.status_code, again.json) == (200, first.json)
    lines = province.does(None, log.LIST, log.ReadLog(f"an@{DOMAIN}")).lines
    assert [line.act for line in lines] == ["account.locked"]
    assert ask("POST", "/accounts/an/lock", {"reason": "y"}, **key).status_code == 409
    assert ask("POST", "/accounts/an/unlock", **key).status_code == 409
    assert ask("POST", "/accounts/an/unlock", **{"Idempotency-Key": "ngắn"}).status_code == 422
    assert (
        as_("tinh")("POST", "/accounts/an/unlock", **key).status_code == 200
    )  # another's keys are another's


def test_a_one_time_password_is_kept_nowhere(as_, province: Province, tmp_path) -> None:
    ask, key = as_("quantri"), {"Idempotency-Key": "khoa-so-0002"}
    slip = ask("POST", "/accounts/an/reset", **key).json["password"]
    again = ask("POST", "/accounts/an/reset", **key)
    assert again.status_code == 409
    assert all(
        slip.encode() not in path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()
    )


def test_the_log_is_read_and_verified_by_those_who_may(as_) -> None:
    as_("quantri")("POST", "/accounts/an/lock")
    lines = as_("giamsat")("GET", "/audit?limit=1").json
    assert [line["act"] for line in lines["lines"]] == ["account.locked"]
    assert as_("giamsat")("GET", f"/audit?before={lines['next_before']}").status_code == 200
    report = as_("giamsat")("GET", "/audit/verification").json
    assert report["clean"]
    assert not as_("giamsat")("GET", f"/audit/verification?lines={report['lines'] + 1}").json["clean"]
    assert as_("quantri")("GET", "/audit").status_code == 403


def test_a_unit_code_with_a_slash_is_reached(as_, province: Province) -> None:
    assert as_("tinh")("GET", "/units/A%2FB").status_code == 404
    assert as_("tinh")("GET", "/units/SYT").json["history"]


def test_answers_are_not_kept_by_browsers(as_) -> None:
    headers = as_("quantri")("GET", "/me").headers
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers

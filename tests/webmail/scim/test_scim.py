"""SCIM within the scope of the token's holder: lists, filters, patches, versions, refusals."""

import contextlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.tokens import TokenScope
from mailsvc.services.administration import log
from tests.support.mail import DOMAIN
from tests.support.province import Province
from tests.webmail.scim.conftest import Program
from webmail.scim.errors import ScimError
from webmail.scim.filters import fits, parse
from webmail.scim.patch import MESSAGE, patched

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NEW = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    "userName": "moivv",
    "name": {"familyName": "Vũ", "middleName": "Văn", "givenName": "Mới"},
    "title": "Chuyên viên",
    ENTERPRISE: {"department": "SYT"},
}


def names(answer) -> set[str]:
    return {one["userName"].partition("@")[0] for one in answer.json["Resources"]}


def patch(*operations: dict[str, object]) -> dict[str, object]:
    return {"schemas": [MESSAGE], "Operations": list(operations)}


def test_without_a_token_for_scim_nothing_is_told(app, province: Province) -> None:
    for token in ("", "cvt_wrong", province.token("tinh", TokenScope.ADMIN)):
        answer = Program(app, token)("GET", "/Users")
        assert (answer.status_code, answer.mimetype) == (401, "application/scim+json")
    assert Program(app, province.token("an", TokenScope.SCIM))("GET", "/Users").status_code == 403


def test_only_the_scope_is_listed_and_only_there_is_anything_changed(as_, province: Province) -> None:
    ask = as_("quantri")
    assert names(ask("GET", "/Users")) == {"quantri", "hotro", "giamsat", "an", "binh"}
    foreign = province.ids["chi"]
    for method, body in (("GET", None), ("PUT", NEW), ("PATCH", patch()), ("DELETE", None)):
        assert ask(method, f"/Users/{foreign}", body).status_code == 404
    assert ask("POST", "/Users", {**NEW, ENTERPRISE: {"department": "STC"}}).status_code in {403, 404}
    assert as_("giamsat")("POST", "/Users", NEW).status_code == 403
    assert as_("quandang")("GET", f"/Users/{province.ids['an']}").status_code == 404


def test_what_scim_changes_is_an_act_in_the_log(as_, province: Province) -> None:
    ask = as_("quantri")
    made = ask("POST", "/Users", NEW)
    assert made.status_code == 201
    where = f"/Users/{made.json['id']}"
    assert made.headers["Location"].endswith(where)
    assert made.json[ENTERPRISE] == {"department": "SYT"}
    assert (
        ask("PATCH", where, patch({"op": "replace", "path": "active", "value": False})).json["active"]
        is False
    )
    assert ask("PATCH", where, patch({"op": "Replace", "value": {"active": "True"}})).json["active"] is True
    moved = ask("PATCH", where, patch({"op": "add", "path": f"{ENTERPRISE}:department", "value": "PK"}))
    assert moved.json[ENTERPRISE]["department"] == "PK"
    renamed = ask("PATCH", where, patch({"op": "replace", "path": "name.givenName", "value": "Mai"}))
    assert renamed.json["displayName"] == "Vũ Văn Mai"
    assert "title" not in ask("PATCH", where, patch({"op": "remove", "path": "title"})).json
    assert ask("DELETE", where).status_code == 204
    assert ask("GET", where).status_code == 404
    acts = [line.act for line in province.does(None, log.LIST, log.ReadLog()).lines]
    assert {"account.locked", "account.active", "account.import"} <= set(acts)


def test_a_name_that_somebody_has_is_a_conflict(as_) -> None:
    answer = as_("quantri")("POST", "/Users", {**NEW, "userName": "an"})
    assert (answer.status_code, answer.json["scimType"]) == (409, "uniqueness")


def test_a_user_name_stays(as_, province: Province) -> None:
    where = f"/Users/{province.ids['an']}"
    answer = as_("quantri")("PATCH", where, patch({"op": "replace", "path": "userName", "value": "khac"}))
    assert (answer.status_code, answer.json["scimType"]) == (400, "mutability")


def test_a_version_that_is_not_the_newest_changes_nothing(as_, province: Province) -> None:
    ask, where = as_("quantri"), f"/Users/{province.ids['an']}"
    first = ask("GET", where)
    version = first.headers["ETag"]
    assert first.json["meta"]["version"] == version
    assert ask("GET", where, **{"If-None-Match": version}).status_code == 304
    change = patch({"op": "replace", "path": "title", "value": "Trưởng phòng"})
    assert ask("PATCH", where, change, **{"If-Match": version}).status_code == 200
    assert ask("PATCH", where, change, **{"If-Match": version}).status_code == 412
    assert ask("DELETE", where, **{"If-Match": version}).status_code == 412


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'userName eq "AN@{DOMAIN}"', {"an"}),
        ('name.familyName eq "Trần"', {"quantri", "binh"}),
        ('displayName co "văn"', {"an"}),
        ('userName sw "h" and active eq true', {"hotro"}),
        ('not (userName sw "h") and (displayName co "Văn" or title pr)', {"an"}),
        ('emails[type eq "work" and value co "binh"]', {"binh"}),
        (f'{ENTERPRISE}:department eq "PK"', {"binh"}),
        ('externalId eq "khong-co"', set()),
    ],
)
def test_filters_find_what_they_mean(as_, text: str, expected: set[str]) -> None:
    ask = as_("quantri")
    assert names(ask("GET", "/Users?" + urlencode({"filter": text}))) == expected
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": text}
    assert names(ask("POST", "/Users/.search", search)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        'eq "x"',
        'a eq "x" or',
        "(a pr",
        'a["x"]',
        "a xx 1",
        "(" * 30,
        "a eq x y",
    ],
)
def test_what_is_no_filter_is_refused(as_, text: str) -> None:
    answer = as_("quantri")("GET", "/Users?" + urlencode({"filter": text}))
    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidFilter")


@given(st.text(alphabet='ab.:[]()" eqornt\\', max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        wanted = parse(text)
    except ScimError:
        return
    assert fits({"a": [{"b": 1}], "b": "x"}, wanted) in {True, False}


@given(st.lists(st.fixed_dictionaries({"op": st.sampled_from(["add", "replace", "remove", "x"]), "path": st.text(alphabet='ab.[]" eq', max_size=12), "value": st.one_of(st.none(), st.text(max_size=3), st.dictionaries(st.text(max_size=2), st.integers()))}), max_size=3))  # fmt: skip
def test_any_operations_change_a_copy_or_are_refused(operations) -> None:
    resource = {"a": "x", "b": [{"e": "q"}]}
    with contextlib.suppress(ScimError):
        patched(resource, patch(*operations))
    assert resource == {"a": "x", "b": [{"e": "q"}]}


def test_pages_and_attributes_are_bounded_as_asked(as_) -> None:
    ask = as_("tinh")
    page = ask("GET", "/Users?startIndex=3&count=2&attributes=userName").json
    assert (page["startIndex"], page["itemsPerPage"], len(page["Resources"])) == (3, 2, 2)
    assert all(set(one) == {"id", "schemas", "userName"} for one in page["Resources"])
    assert ask("GET", "/Users?count=0").json["Resources"] == []
    assert ask("GET", "/Users?count=x").status_code == 400
    assert "emails" not in ask("GET", "/Users?count=1&excludedAttributes=emails").json["Resources"][0]


def test_a_group_is_made_filled_and_ended_within_the_scope(as_, province: Province) -> None:
    ask = as_("quantri")
    member = {"value": str(province.ids["an"])}
    made = ask("POST", "/Groups", {"displayName": "Tổ công tác", "members": [member]})
    assert made.status_code == 201, made.json
    where = f"/Groups/{made.json['id']}"
    two = ask(
        "PATCH",
        where,
        patch({"op": "add", "path": "members", "value": [{"value": str(province.ids["binh"])}]}),
    )
    assert {one["value"] for one in two.json["members"]} == {
        str(province.ids["an"]),
        str(province.ids["binh"]),
    }
    one = ask("PATCH", where, patch({"op": "remove", "path": f'members[value eq "{province.ids["an"]}"]'}))
    assert [item["value"] for item in one.json["members"]] == [str(province.ids["binh"])]
    foreign = patch({"op": "add", "path": "members", "value": [{"value": str(province.ids["chi"])}]})
    assert ask("PATCH", where, foreign).status_code == 400
    for other in ("quandang", "an"):
        assert as_(other)("GET", where).status_code in {403, 404}
    assert as_("hotro")("DELETE", where).status_code == 403
    assert ask("DELETE", where).status_code == 204
    assert ask("GET", where).status_code == 404

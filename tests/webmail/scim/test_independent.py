"""The independent scim2-tester and scim2-client find nothing to object to."""

import pytest
from scim2_tester import Status, check_server

from tests.support.mail import DOMAIN

EXCUSED = (
    "did not remove attribute 'active'",  # an account is in use or locked: there is no third state
    "did not remove attribute 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",  # a person is in a unit
)
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def faults(results) -> list[str]:
    bad = [result for result in results if result.status in {Status.ERROR, Status.CRITICAL}]
    return [
        f"{result.title}: {result.reason}"
        for result in bad
        if not any(why in str(result.reason) for why in EXCUSED)
    ]


def test_the_tester_finds_no_fault_in_what_there_is_and_how_it_is_made(scim) -> None:
    results = check_server(scim, include_tags={"discovery", "crud:create", "crud:read", "crud:delete"})
    assert len(results) > 15
    assert faults(results) == []


@pytest.mark.long
def test_the_tester_finds_no_fault_at_all(scim) -> None:
    results = check_server(scim)
    assert len(results) > 60
    assert faults(results) == []


def test_somebody_is_made_found_changed_and_leaves(scim) -> None:
    user_model = scim.get_resource_model("User")
    new = {
        "schemas": [USER, ENTERPRISE],
        "userName": "moivv",
        "externalId": "CB-0017",
        "name": {"familyName": "Vũ", "middleName": "Văn", "givenName": "Mới"},
        ENTERPRISE: {"department": "SYT"},
    }
    made = scim.create(user_model.model_validate(new))
    assert made.user_name == f"moivv@{DOMAIN}"
    found = scim.query(user_model, query_parameters={"filter": 'externalId eq "CB-0017"'})
    assert [one.id for one in found.resources] == [made.id]
    made.title = "Chuyên viên"
    assert scim.replace(made).title == "Chuyên viên"
    scim.delete(user_model, made.id)
    gone = scim.query(user_model, query_parameters={"filter": f'userName eq "moivv@{DOMAIN}"'})
    assert gone.total_results == 0

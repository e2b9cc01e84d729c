"""Every route of SCIM × everybody × every place."""

import pytest

from mailsvc.services.administration.office import Office
from tests.rights.test_api_walk import MANAGE, SEE
from tests.rights.world import PLACES, WHO, World, betrayed
from webmail.scim.app import create_scim
from webmail.scim.asking import SEARCH
from webmail.scim.patch import MESSAGE
from webmail.scim.schemas import ENTERPRISE_USER, USER

ANYBODY = {*WHO} - {"none"}
PATCH = {"schemas": [MESSAGE], "Operations": [{"op": "replace", "path": "externalId", "value": "x"}]}
TABLE: dict[str, tuple[set[str], str]] = {
    "get /ServiceProviderConfig": (ANYBODY, ""),
    "get /ResourceTypes": (ANYBODY, ""),
    "get /ResourceTypes/<name>": (ANYBODY, ""),
    "get /Schemas": (SEE, ""),
    "get /Schemas/<name>": (SEE, ""),
    "post /.search": (SEE, ""),
    "post /Users/.search": (SEE, ""),
    "post /Groups/.search": (SEE, ""),
    "get /Users": (SEE, ""),
    "get /Groups": (SEE, ""),
    "post /Users": (MANAGE, "unit"),
    "post /Groups": (MANAGE, ""),
    "get /Users/<int:number>": (SEE, "user"),
    "put /Users/<int:number>": (MANAGE, "user"),
    "patch /Users/<int:number>": (MANAGE, "user"),
    "delete /Users/<int:number>": (MANAGE, "user"),
    "get /Groups/<int:number>": (SEE, "group"),
    "put /Groups/<int:number>": (MANAGE, "group"),
    "patch /Groups/<int:number>": (MANAGE, "group"),
    "delete /Groups/<int:number>": (MANAGE, "group"),
}
"""Who may, and what of a place the route is about; without any, the answer must not tell of foreign places."""


@pytest.fixture(scope="module")
def rules(world: World):
    routes = create_scim(Office(world.province.store, world.province.settings)).url_map
    return routes.bind(""), {rule.endpoint: rule for rule in routes.iter_rules()}


def test_every_route_has_its_line_in_the_table(rules) -> None:
    assert set(rules[1]) == set(TABLE)


def body_for(endpoint: str, world: World, place) -> object:
    if endpoint == "post /Users":
        name = {"familyName": "Vũ", "givenName": "Mới"}
        return {
            "schemas": [USER],
            "userName": "moi",
            "name": name,
            ENTERPRISE_USER: {"department": place.unit},
        }
    if endpoint == "post /Groups":
        return {"displayName": "Nhóm mới"}
    if endpoint == "put /Users/<int:number>":
        return {"userName": place.person, "name": {"familyName": "Vũ", "givenName": "Khác"}}
    if endpoint == "put /Groups/<int:number>":
        return {"members": [{"value": str(world.province.ids[place.other])}]}
    if endpoint.startswith("patch"):
        return PATCH
    return {"schemas": [SEARCH]} if endpoint.startswith("post") else None


@pytest.mark.parametrize("endpoint", sorted(TABLE))
def test_nobody_succeeds_where_the_table_does_not_allow_it(world: World, rules, endpoint: str) -> None:
    adapter, by_endpoint = rules
    allowed, about = TABLE[endpoint]
    (method,) = by_endpoint[endpoint].methods - {"HEAD", "OPTIONS"}
    for who in WHO:
        for place in PLACES if about else PLACES[:1]:
            number = world.groups[place.name] if about == "group" else world.province.ids[place.person]
            values = {"name": "User" if "ResourceTypes" in endpoint else USER, "number": number}
            path = adapter.build(endpoint, {name: values[name] for name in by_endpoint[endpoint].arguments})
            world.touched.clear()
            world.made = 0
            body = body_for(endpoint, world, place)
            answer = world.app.test_client(use_cookies=False).open(
                f"/scim/v2{path}",
                method=method,
                headers=world.headers(who),
                **({} if body is None else {"json": body}),
            )
            expected = who in allowed and (not about or who in place.administered_by)
            told = answer.get_data(as_text=True)
            # A user is made and then read, which is gone by then: every transaction here is taken back.
            done = answer.status_code < 300 or (endpoint == "post /Users" and world.made > 0)
            assert done is expected, (who, place.name, told)
            assert not world.touched & {one.name for one in PLACES if who not in one.administered_by}
            assert not betrayed(told.replace(place.unit if about else "-", "-"), who), (who, told)

"""Every route of the API × everybody × every place: what the table does not allow never succeeds."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from werkzeug.routing import MapAdapter, Rule

from mailsvc.services.administration.office import Office
from tests.rights.world import DOMAIN, PLACES, WHO, Place, World, betrayed
from webmail.api.app import DESCRIPTION, create_api

SEE = {"help_desk", "unit", "auditor", "party", "province"}
MANAGE = {"unit", "party", "province"}
RESET = MANAGE | {"help_desk"}
PROVINCE = {"party", "province"}  # the Party's administrator has the province's role over the Party's root
LOG = {"auditor", "party", "province"}
Sample = Callable[[World, Place], tuple[dict[str, str], dict[str, object] | None]]


def on(field: str, body: Callable[[Place], dict[str, object]] | None = None) -> Sample:
    """A request about the place's person, box or unit."""
    name = {"address": "person", "box": "box", "code": "unit"}[field]
    variable = "code" if field == "code" else "address"
    return lambda world, place: ({variable: getattr(place, name)}, body(place) if body else None)


def roster(place: Place) -> str:
    text = f"address,full_name,unit,kind\n,Vũ Văn Mới,{place.unit},personal\n"
    return base64.b64encode(text.encode()).decode()


def branch_of(place: Place) -> str:
    return "party" if place.name == "party" else "state"


def new_unit(place: Place) -> dict[str, object]:
    said = {"code": "MOI", "name": "Phòng mới", "parent": place.unit}
    return {**said, "tier": "province", "branch": branch_of(place)}


def below(place: Place) -> str:
    columns = new_unit(place)
    text = ",".join(columns) + "\n" + ",".join(map(str, columns.values())) + "\n"
    return base64.b64encode(text.encode()).decode()


EVERYWHERE = None
"""The route names no place: it is asked once, and its answer must not tell of foreign ones."""
TABLE: dict[str, tuple[set[str], Sample | None]] = {
    "account.list": (SEE, EVERYWHERE),
    "account.show": (SEE, on("address")),
    "account.create": (MANAGE, lambda _, place: ({}, {"name": "Vũ Văn Mới", "unit": place.unit})),
    "account.transfer": (MANAGE, None),  # below: it has two places
    "account.lock": (MANAGE, on("address")),
    "account.unlock": (MANAGE, on("address")),
    "account.reset": (RESET, on("address")),
    "account.credentials": (RESET, on("address")),
    "account.revoke_credentials": (RESET, on("address", lambda _: {})),
    "account.reset_factors": (RESET, on("address", lambda _: {})),
    "account.password_check": (MANAGE, on("address", lambda _: {"by": "local"})),
    "account.import": (MANAGE, lambda _, place: ({}, {"roster": roster(place), "apply": True})),
    "account.add_alias": (MANAGE, lambda _, place: ({"address": place.person, "alias": "bidanh"}, None)),
    "account.remove_alias": (set(), lambda _, place: ({"address": place.person, "alias": "bidanh"}, None)),
    "account.grant": (MANAGE, lambda _, place: ({"address": place.box, "person": place.other}, {})),
    "account.revoke": (set(), lambda _, place: ({"address": place.box, "person": place.other}, None)),
    "account.change": (MANAGE, on("address", lambda _: {"title": "Chức vụ khác"})),
    "person.list": (SEE, EVERYWHERE),
    "person.show": (SEE, lambda world, place: ({"id": str(world.province.ids[place.person])}, None)),
    "person.external_id": (
        MANAGE,
        lambda world, place: ({"id": str(world.province.ids[place.person])}, {"external_id": "x"}),
    ),
    "person.leave": (MANAGE, on("address")),
    "person.posts": (SEE, on("address")),
    "person.transfer": (MANAGE, on("address", lambda place: {"unit": place.unit, "title": "Chức vụ khác"})),
    "person.second_post": (MANAGE, on("address", lambda place: {"unit": place.unit, "role": "deputy"})),
    "person.end_post": (set(), on("address", lambda place: {"unit": place.unit})),  # the primary one
    "person.return": (set(), on("address", lambda place: {"unit": place.unit})),  # they have not left
    "person.away": (MANAGE, on("address", lambda _: {"kind": "maternity"})),
    "group.list": (SEE, EVERYWHERE),
    "group.show": (SEE, lambda world, place: ({"id": str(world.groups[place.name])}, None)),
    "group.create": (MANAGE, lambda _, place: ({}, {"name": "Nhóm mới", "unit": place.unit})),
    "group.members": (
        MANAGE,
        lambda world, place: ({"id": str(world.groups[place.name])}, {"members": [place.other]}),
    ),
    "group.external_id": (
        MANAGE,
        lambda world, place: ({"id": str(world.groups[place.name])}, {"external_id": "x"}),
    ),
    "group.end": (MANAGE, lambda world, place: ({"id": str(world.groups[place.name])}, None)),
    "letter.find": (PROVINCE, EVERYWHERE),
    "letter.withdraw": (set(), lambda _, _place: ({"id": "999"}, {"reason": "Thư giả mạo"})),
    "letter.restore_withdrawn": (set(), lambda _, _place: ({"id": "999"}, None)),
    "letter.withdrawn": (PROVINCE, EVERYWHERE),
    "letter.reports": (PROVINCE, EVERYWHERE),
    "reading.request": (
        MANAGE | LOG,
        lambda _, place: (
            {},
            {
                "box": place.person,
                "reader": place.other,
                "reason": "Điều tra theo quyết định số 5",
                "until": "2026-12-01",
            },
        ),
    ),
    "reading.list": (SEE, EVERYWHERE),
    "reading.approve": (set(), lambda _, _place: ({"id": "999"}, None)),
    "reading.end": (set(), lambda _, _place: ({"id": "999"}, None)),
    "policy.list": (SEE, EVERYWHERE),
    "policy.show": (SEE, on("address")),
    "policy.set": (
        PROVINCE,
        lambda _, place: ({"name": "password"}, {"fields": {"min_length": "14"}, "branch": branch_of(place)}),
    ),
    "policy.end": (
        set(),
        lambda _, place: ({"name": "password"}, {"branch": branch_of(place)}),
    ),  # none is set
    "policy.preview": (SEE, EVERYWHERE),
    "calendar.show": (SEE, EVERYWHERE),
    "slip.list": (SEE, EVERYWHERE),
    "statistics.adoption": (SEE, EVERYWHERE),
    "statistics.ranking": (SEE, lambda _, place: ({"measure": "activated", "under": place.unit}, None)),
    "unit.list": (SEE, EVERYWHERE),
    "unit.show": (SEE, on("code")),
    "unit.coverage": (SEE, EVERYWHERE),
    "template.list": (SEE, EVERYWHERE),
    "template.show": (SEE, EVERYWHERE),
    "domain.list": (SEE, EVERYWHERE),
    "unit.import": (PROVINCE, lambda _, place: ({}, {"table": below(place), "apply": True})),
    "unit.create": (PROVINCE, lambda _, place: ({}, new_unit(place))),
    "unit.reorganise": (
        PROVINCE,
        lambda _, place: (
            {},
            {"lines": [{"action": "rename", "code": place.unit, "name": "Tên khác"}], "apply": True},
        ),
    ),
    "unit.remove": (set(), on("code")),  # in use, so nobody may
    "admin.list": (SEE, EVERYWHERE),
    "admin.grant": (
        PROVINCE,
        lambda _, place: ({"address": place.person, "unit": place.unit, "role": "help_desk"}, None),
    ),
    "admin.revoke": (
        set(),
        lambda _, place: ({"address": place.person, "unit": place.unit, "role": "unit"}, None),
    ),
    "admin.self": (SEE, EVERYWHERE),
    "plan.list": (SEE, EVERYWHERE),
    "plan.show": (SEE, lambda world, place: ({"plan_id": str(world.waiting[place.name])}, None)),
    "plan.make": (MANAGE, lambda _, place: ({}, {"roster": roster(place)})),
    "plan.apply": (MANAGE, lambda world, place: ({"plan_id": str(world.waiting[place.name])}, None)),
    "plan.undo": (MANAGE, lambda world, place: ({"plan_id": str(world.applied[place.name])}, {})),
    "audit.list": (LOG, EVERYWHERE),
    "audit.verify": (LOG, EVERYWHERE),
}
"""Who may, where they administer; written by hand, so that a slip in the catalogue shows."""


QUERY = {
    "letter.find": {"words": "khong co"},
    "template.show": {"name": "commune"},
    "calendar.show": {"year": "2026"},
}
"""What must be asked for at least."""


@dataclass(frozen=True)
class Routes:
    adapter: MapAdapter
    rules: dict[str, Rule]


@pytest.fixture(scope="module")
def routes(world: World):
    """Every route by its endpoint; the act of asking needs the map too."""
    routes = create_api(Office(world.province.store, world.province.settings)).url_map
    return Routes(routes.bind(""), {rule.endpoint: rule for rule in routes.iter_rules()})


def ask(world: World, routes: Routes, endpoint: str, who: str, values: dict[str, str], body: object):
    (method,) = routes.rules[endpoint].methods - {"HEAD", "OPTIONS"}
    path = routes.adapter.build(endpoint, values)
    client = world.app.test_client(use_cookies=False)
    more = {} if body is None else {"json": body}
    return client.open(f"/api/v1{path}", method=method, headers=world.headers(who), **more)


def test_every_route_has_its_line_in_the_table(routes) -> None:
    """A new route cannot be forgotten."""
    assert set(routes.rules) - {DESCRIPTION} == set(TABLE)


@pytest.mark.parametrize("endpoint", sorted(TABLE))
def test_nobody_succeeds_where_the_table_does_not_allow_it(
    world: World, routes: Routes, endpoint: str
) -> None:
    allowed, sample = TABLE[endpoint]
    if sample is None:
        for who in WHO if endpoint != "account.transfer" else ():
            answer = ask(world, routes, endpoint, who, QUERY.get(endpoint, {}), None)
            assert (answer.status_code == 200) is (who in allowed), who
            assert not betrayed(answer.get_data(as_text=True), who), who
        return
    for who in WHO:
        for place in PLACES:
            values, body = sample(world, place)
            world.touched.clear()
            answer = ask(world, routes, endpoint, who, values, body)
            expected = who in allowed and who in place.administered_by
            assert (answer.status_code == 200) is expected, (who, place.name, answer.get_data(as_text=True))
            foreign = {other.name for other in PLACES if who not in other.administered_by}
            assert not world.touched & foreign, (who, place.name)
            if not expected:
                assert answer.status_code in {401, 403, 404, 409, 422}
                told = answer.get_data(as_text=True)
                for given in (*values.values(), *(body or {}).values()):
                    told = told.replace(str(given), "")
                assert not betrayed(told, who), (who, place.name, told)


@pytest.mark.parametrize("endpoint", ["account.transfer", "person.transfer", "person.second_post"])
def test_a_transfer_needs_both_ends(world: World, routes: Routes, endpoint: str) -> None:
    for who in WHO:
        for start in PLACES:
            for end in PLACES:
                if start is end:
                    continue
                body = {"unit": end.unit, "role": "deputy"}
                answer = ask(world, routes, endpoint, who, {"address": start.person}, body)
                both = who in start.administered_by & end.administered_by
                assert (answer.status_code == 200) is (who in MANAGE and both), (who, start.name, end.name)


def test_nobody_is_asked_for_by_another_domain_or_case_to_get_around(world: World, routes) -> None:
    for written in ("CHI", f"Chi@{DOMAIN.upper()}", f"chi+x@{DOMAIN}", f" chi@{DOMAIN} ", f"chi@{DOMAIN}."):
        for endpoint in ("account.show", "account.reset"):
            assert ask(world, routes, endpoint, "unit", {"address": written}, None).status_code in {400, 404}

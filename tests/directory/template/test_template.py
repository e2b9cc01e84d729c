"""Places from templates and their coverage, on both databases and within the scope of whoever acts."""

import pytest
from sqlalchemy import Connection

from directory import provision, reorganise, repository
from directory.coverage import coverage, coverage_to_json
from directory.model import AdminRole, Branch
from directory.provision import ProvisionSettings
from directory.repository import administrators
from directory.scope import NOBODY, SERVER, OutOfScopeError, Scope, scope_of
from directory.template import (
    PlacePlan,
    PlaceRequest,
    apply_place,
    place_to_json,
    plan_place,
    set_template,
    shipped,
    template_on,
)
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_accounts, import_units
from tests.directory.structure import structure

TREE = """\
code,name,parent,tier,branch
UBND,Ủy ban nhân dân tỉnh,,province,state
SYT,Sở Y tế,UBND,province,state
TU,Tỉnh ủy,,province,party
HDND,Hội đồng nhân dân tỉnh,,province,council
MTTQ,UBMTTQ Việt Nam tỉnh,,province,mass
"""


@pytest.fixture
def tree(conn: Connection) -> Connection:
    import_units(conn, TREE)
    return conn


def scope(conn: Connection, role: AdminRole, unit: str) -> Scope:
    (account,) = import_accounts(
        conn, f"address,full_name,unit,kind\n{role.value[:4]}.{unit.lower()},A B,{unit},personal\n"
    ).values()
    administrators.appoint(conn, account, repository.unit_ids_by_code(conn)[unit], role, NOW)
    return scope_of(conn, account, TODAY)


def plan(conn: Connection, who: Scope, **request) -> PlacePlan:
    wanted = PlaceRequest("xã Đạ Ròn", **request)
    return plan_place(conn, who, shipped("commune"), wanted, on=TODAY, at=NOW, settings=ProvisionSettings())


def make(conn: Connection, found: PlacePlan):
    told: list[int] = []
    done = apply_place(conn, found, at=NOW, actor="t", on_accounts_created=lambda _c, ids: told.extend(ids))
    body = "{}"
    kept = provision.store_plan(
        conn, "place", found, at=NOW, actor="t", applied=True, body=body, undo=done.to_json()
    )
    return kept, told


def test_a_place_is_made_without_a_fault_of_structure_and_taken_back_whole(tree: Connection) -> None:
    before = structure(tree)
    kept, told = make(tree, plan(tree, SERVER))
    assert len(told) == 15
    assert reorganise.structure_faults(tree, TODAY) == []
    assert structure(tree) != before
    undo = provision.prepare_undo(tree, SERVER, kept, lambda _boxes: {})
    provision.carry_out_undo(tree, undo, at=NOW, actor="t")
    assert reorganise.structure_faults(tree, TODAY) == []
    assert {unit.code for unit in repository.units_on(tree, TODAY)} == {"UBND", "SYT", "TU", "HDND", "MTTQ"}


def test_a_province_administrator_makes_the_part_of_the_own_branch_only(tree: Connection) -> None:
    state = scope(tree, AdminRole.PROVINCE, "UBND")
    whole = plan(tree, state)
    assert {remark.fault.value for remark in whole.refused} == {"out_of_scope"}
    own = plan(tree, state, branches=frozenset({Branch.STATE}))
    assert own.refused == ()
    kept, _ = make(tree, own)
    again = scope_of(tree, state.account_id, TODAY)
    assert [item.id for item in provision.list_plans(tree, again)] == [kept]
    assert provision.list_plans(tree, scope(tree, AdminRole.PROVINCE, "TU")) == []


@pytest.mark.parametrize("role", [AdminRole.UNIT, AdminRole.HELP_DESK, AdminRole.AUDITOR])
def test_nobody_else_makes_places(tree: Connection, role: AdminRole) -> None:
    for who in (scope(tree, role, "UBND"), NOBODY):
        refused = plan(tree, who, branches=frozenset({Branch.STATE})).refused
        assert {remark.fault.value for remark in refused} == {"out_of_scope"}


def test_a_plan_overtaken_by_another_act_is_drift(tree: Connection) -> None:
    found = plan(tree, SERVER)
    import_units(tree, "code,name,parent,tier,branch\nX,Sở X,UBND,province,state\n")
    with pytest.raises(provision.PlanDriftedError):
        make(tree, found)


def test_the_other_branch_joins_the_same_place_later(tree: Connection) -> None:
    make(tree, plan(tree, SERVER, branches=frozenset({Branch.STATE})))
    party = plan(tree, SERVER, branches=frozenset({Branch.PARTY}))
    assert [step.part for step in party.steps if step.part == "place"] == []
    make(tree, party)
    assert len(repository.places_on(tree, TODAY)) == 1


def test_coverage_is_counted_within_the_scope(tree: Connection) -> None:
    make(tree, plan(tree, SERVER))
    whole = coverage(tree, SERVER, TODAY)
    assert whole.counts == {"units": 16, "units_with_box": 11, "places": 1, "places_reached": 1}
    party = coverage(tree, scope(tree, AdminRole.AUDITOR, "TU"), TODAY)
    assert {unit.branch for unit in party.units} == {"party"}
    assert party.counts["units"] == 5
    assert coverage(tree, NOBODY, TODAY).units == ()
    assert coverage_to_json(whole)["by_place"][0]["complete"] is True


def test_a_template_of_the_province_holds_from_its_day_and_only_the_console_sets_it(tree: Connection) -> None:
    own = shipped("commune").model_copy(update={"title": "Của tỉnh"})
    set_template(tree, SERVER, own, on=TODAY, actor="t", at=NOW)
    assert template_on(tree, "commune", TODAY) == own
    yesterday = TODAY.replace(day=TODAY.day - 1)
    assert template_on(tree, "commune", yesterday) == shipped("commune")
    with pytest.raises(OutOfScopeError):
        set_template(tree, scope(tree, AdminRole.PROVINCE, "UBND"), own, on=TODAY, actor="t", at=NOW)


def test_the_plan_as_json_says_what_and_why(tree: Connection) -> None:
    shown = place_to_json(plan(tree, SERVER))
    assert shown["create"] == len(shown["details"]["create"])
    assert {remark["reason"] for remark in shown["details"]["warnings"]} == {"no_administrator"}

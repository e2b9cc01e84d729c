"""Plans as administrators see them: what reaches beyond the scope is neither planned, shown nor taken back."""

import pytest
from sqlalchemy import Connection

from directory import provision, repository
from directory.model import AdminRole, PlanId
from directory.provision import UndoFault
from directory.repository import administrators
from directory.scope import NOBODY, SERVER, Scope, scope_of
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import UNITS, faults, import_accounts, import_units, plan_accounts, plan_units

HEAD = "address,full_name,unit,kind\n"
UNIT_HEAD = "code,name,parent,tier,branch\n"


def scope(conn: Connection, role: AdminRole, unit: str) -> Scope:
    """A new administrator of that unit and all below it."""
    local = f"{role.value}.{unit}".lower().replace("_", "")
    made = import_accounts(conn, f"{HEAD}{local},Quản Trị {unit},{unit},personal\n")
    (account,) = made.values()
    administrators.appoint(conn, account, repository.unit_ids_by_code(conn)[unit], role, NOW)
    return scope_of(conn, account, TODAY)


def keep(conn: Connection, text: str) -> PlanId:
    plan = plan_accounts(conn, HEAD + text)
    with provision.recording(conn, provision.ACCOUNT_TABLES) as recorded:
        provision.apply_accounts(conn, plan, at=NOW, actor="test", on_accounts_created=lambda _c, _i: None)
    undo = recorded.journal.to_json()
    return provision.store_plan(conn, "account", plan, at=NOW, actor="test", applied=True, undo=undo)


@pytest.fixture
def tree(conn: Connection) -> Connection:
    import_units(conn, UNITS)
    return conn


def test_units_are_planned_only_below_and_within_the_branch_of_the_administrator(tree: Connection) -> None:
    province = scope(tree, AdminRole.PROVINCE, "UBND")
    lines = (
        "A,Phòng A,SYT,province,state",
        "B,Phòng B,A,province,state",
        "C,Gốc mới,,province,state",
        "D,Ban D,TU,province,party",
        "E,Chi bộ E,SYT,province,party",
        "TU,Tỉnh ủy mới,,province,party",
        "UBND,UBND tỉnh mới,,province,state",
    )
    plan = plan_units(tree, UNIT_HEAD + "\n".join(lines), scope=province)
    assert faults(plan) == [
        (4, "parent", "out_of_scope"),
        (5, "parent", "out_of_scope"),
        (6, "parent", "out_of_scope"),
        (7, "code", "out_of_scope"),
    ]
    assert [new.code for new in plan.creates] == ["A", "B"]
    assert [change.before.code for change in plan.changes] == ["UBND"]


def test_a_unit_administrator_and_nobody_plan_no_units(tree: Connection) -> None:
    line = f"{UNIT_HEAD}A,Phòng A,SYT,province,state"
    for who in (scope(tree, AdminRole.UNIT, "SYT"), NOBODY):
        assert faults(plan_units(tree, line, scope=who)) == [(2, "parent", "out_of_scope")]


def test_plans_are_listed_shown_and_undone_only_where_they_lie_inside_of_the_scope(tree: Connection) -> None:
    health, commune = scope(tree, AdminRole.UNIT, "SYT"), scope(tree, AdminRole.UNIT, "DAR")
    own = keep(tree, "a.nguyen,Nguyễn A,SYT,personal\n")
    both = keep(tree, "b.nguyen,Nguyễn B,SYT,personal\nc.nguyen,Nguyễn C,DAR,personal\n")
    without = keep(tree, "quet,Máy quét,,service\n")
    assert [plan.id for plan in provision.list_plans(tree, SERVER)] == [without, both, own]
    assert [plan.id for plan in provision.list_plans(tree, health)] == [own]
    assert provision.list_plans(tree, commune) == provision.list_plans(tree, NOBODY) == []
    assert provision.show_plan(tree, health, both) is None
    with pytest.raises(provision.UndoRefusedError) as refused:
        provision.prepare_undo(tree, commune, own, lambda _boxes: {})
    assert refused.value.fault is UndoFault.UNKNOWN
    undo = provision.prepare_undo(tree, health, own, lambda _boxes: {})
    provision.carry_out_undo(tree, undo, at=NOW, actor="test")


@pytest.mark.parametrize("role", [AdminRole.HELP_DESK, AdminRole.AUDITOR])
def test_who_may_only_look_takes_nothing_back(tree: Connection, role: AdminRole) -> None:
    who = scope(tree, role, "SYT")
    own = keep(tree, "a.nguyen,Nguyễn A,SYT,personal\n")
    assert provision.show_plan(tree, who, own) is not None
    with pytest.raises(provision.UndoRefusedError) as refused:
        provision.prepare_undo(tree, who, own, lambda _boxes: {})
    assert refused.value.fault is UndoFault.OUT_OF_SCOPE


def test_a_unit_administrator_does_not_take_back_the_unit_box_that_the_province_made(
    tree: Connection,
) -> None:
    who = scope(tree, AdminRole.UNIT, "SYT")
    made = keep(tree, "syt,,SYT,unit\n")
    with pytest.raises(provision.UndoRefusedError) as refused:
        provision.prepare_undo(tree, who, made, lambda _boxes: {})
    assert refused.value.fault is UndoFault.OUT_OF_SCOPE

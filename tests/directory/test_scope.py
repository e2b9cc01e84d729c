"""Every deed × every role × every kind of place: what the table does not allow is refused."""

import inspect
from itertools import product

import pytest
from sqlalchemy import Connection

from directory import administer, audit, provision, reorganise, repository, upkeep
from directory.authenticate import NewPassword
from directory.model import AccountKind, AccountState, AdminRole, Right
from directory.passwords import hash_password
from directory.scope import MAY, NOBODY, SERVER, Deed, OutOfScopeError, Scope, scope_of
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_accounts, import_units

TREE = """\
code,name,parent,tier,branch
UB,UBND tỉnh,,province,state
SYT,Sở Y tế,UB,province,state
PK,Phòng khám,SYT,province,state
STC,Sở Tài chính,UB,province,state
TU,Tỉnh ủy,UB,province,party
"""
PEOPLE = """\
address,full_name,unit,kind
admin,Quản trị Viên,SYT,personal
here,Nguyễn Văn An,SYT,personal
below,Trần Văn Bình,PK,personal
beside,Lê Thị Chi,STC,personal
above,Phạm Văn Dũng,UB,personal
party,Hoàng Thị Hà,TU,personal
box.here,Hộp SYT,SYT,unit
box.beside,Hộp STC,STC,unit
box.party,Hộp TU,TU,unit
"""
SECRET = NewPassword(hash_password("Abc-12345"))
INSIDE = {"here", "below", "box.here"}
ACTS = {
    "lock": (Deed.MANAGE, lambda c, s, a: upkeep.lock(c, s, a, actor="t", at=NOW)),
    "unlock": (Deed.MANAGE, lambda c, s, a: upkeep.unlock(c, s, a, actor="t", at=NOW)),
    "archive": (Deed.MANAGE, lambda c, s, a: upkeep.archive(c, s, a, actor="t", at=NOW)),
    "add_alias": (Deed.MANAGE, lambda c, s, a: upkeep.add_alias(c, s, a, "khac", actor="t", at=NOW)),
    "remove_alias": (Deed.MANAGE, lambda c, s, a: upkeep.remove_alias(c, s, a, "x@y", actor="t", at=NOW)),
    "set_password": (
        Deed.RESET,
        lambda c, s, a: upkeep.set_password(c, s, a, SECRET, must_change=True, actor="t", at=NOW),
    ),
    "grant": (Deed.SHARE, lambda c, s, a: upkeep.grant(c, s, a, a, Right.READ, actor="t", at=NOW)),
    "revoke": (Deed.SHARE, lambda c, s, a: upkeep.revoke(c, s, a, a, actor="t", at=NOW)),
}


@pytest.fixture
def tree(conn: Connection) -> Connection:
    import_units(conn, TREE)
    import_accounts(conn, PEOPLE)
    return conn


def box(conn: Connection, login: str):
    found = repository.account_by_login(conn, login)
    assert found is not None
    return found


def scope(conn: Connection, role: AdminRole, code: str = "SYT") -> Scope:
    unit = repository.unit_by_code(conn, code, TODAY)
    assert unit is not None
    administer.appoint(conn, SERVER, box(conn, "admin"), unit, role, actor="t", at=NOW)
    return scope_of(conn, box(conn, "admin").id, TODAY)


def test_every_act_of_upkeep_is_in_the_table() -> None:
    """A new function cannot be forgotten: it takes a scope, and it is walked below."""
    functions = {
        name: inspect.signature(function)
        for name, function in inspect.getmembers(upkeep, inspect.isfunction)
        if function.__module__ == upkeep.__name__ and not name.startswith("_")
    }
    del functions["refuse_if_in_use"]  # looks, and says only how many
    del functions["free_address"]  # reads one address; the acts that use it ask the scope
    assert set(functions) == {*ACTS, "remove_unit"}
    seen = inspect.getmembers(administer, inspect.isfunction)
    functions |= {
        name: inspect.signature(f)
        for name, f in seen
        if f.__module__ == administer.__name__ and not name.startswith("_")
    }
    assert all(list(signature.parameters)[1] == "scope" for signature in functions.values())


@pytest.mark.parametrize("role", AdminRole)
def test_no_act_succeeds_outside_the_table(tree: Connection, role: AdminRole) -> None:
    mine = scope(tree, role)
    logins = ["here", "below", "beside", "above", "party", "box.here", "box.beside", "box.party", "admin"]
    for (deed, act), login in product(ACTS.values(), logins):
        account = box(tree, login)
        allowed = login in INSIDE and account.kind in MAY[role].get(deed, frozenset())
        with tree.begin_nested() as savepoint:
            if allowed:
                try:
                    act(tree, mine, account)
                except upkeep.UpkeepRefused:
                    assert account.kind is AccountKind.UNIT  # a unit box has no password
            else:
                before = len(audit.lines(tree))
                with pytest.raises(OutOfScopeError):
                    act(tree, mine, account)
                assert len(audit.lines(tree)) == before
            savepoint.rollback()


@pytest.mark.parametrize("role", AdminRole)
def test_an_administrator_sees_own_units_and_nothing_else(tree: Connection, role: AdminRole) -> None:
    mine = scope(tree, role)
    assert {unit.code for unit in administer.visible_units(tree, mine, TODAY)} == {"SYT", "PK"}
    seen = {account.address.local for account in administer.visible_accounts(tree, mine)}
    assert seen == INSIDE | {"admin"}
    assert administer.visible_account(tree, mine, "here") is not None
    for foreign in ("beside", "above", "party", "box.party", "hostmaster", "khong"):
        assert administer.visible_account(tree, mine, foreign) is None
    assert len(administer.visible_administrators(tree, mine)) == 1


def test_the_state_side_never_reaches_the_party_even_below_its_root(tree: Connection) -> None:
    mine = scope(tree, AdminRole.PROVINCE, "UB")
    with pytest.raises(OutOfScopeError):
        upkeep.set_password(tree, mine, box(tree, "party"), SECRET, must_change=True, actor="t", at=NOW)
    assert administer.visible_account(tree, mine, "party") is None
    upkeep.set_password(tree, mine, box(tree, "above"), SECRET, must_change=True, actor="t", at=NOW)


def test_only_the_province_appoints_and_only_inside(tree: Connection) -> None:
    for role in AdminRole:
        with tree.begin_nested() as savepoint:
            mine = scope(tree, role)
            for code in ("SYT", "PK", "STC", "UB", "TU"):
                unit = repository.unit_by_code(tree, code, TODAY)
                assert unit is not None
                if role is AdminRole.PROVINCE and code in {"SYT", "PK"}:
                    administer.appoint(tree, mine, box(tree, "here"), unit, AdminRole.UNIT, actor="t", at=NOW)
                    continue
                for act in (administer.appoint, administer.dismiss):
                    with pytest.raises(OutOfScopeError):
                        act(tree, mine, box(tree, "here"), unit, AdminRole.UNIT, actor="t", at=NOW)
                with pytest.raises(OutOfScopeError):
                    upkeep.remove_unit(tree, mine, unit, on=TODAY, actor="t", at=NOW)
            savepoint.rollback()


ROWS = "address,full_name,unit,kind\n{},Người Mới,{},{}\n"


def refused(conn: Connection, mine: Scope, text: str) -> list[str]:
    sheet = provision.read_accounts(text.encode())
    found = provision.plan_accounts(conn, mine, sheet, on=TODAY, settings=provision.ProvisionSettings())
    return [remark.fault.value for remark in found.refused]


def test_a_roster_reaches_no_further_than_the_scope_of_whoever_brings_it(tree: Connection) -> None:
    for role in AdminRole:
        with tree.begin_nested() as savepoint:
            mine = scope(tree, role)
            for kind, code in product(("personal", "unit"), ("SYT", "PK", "STC", "UB", "TU")):
                allowed = code in {"SYT", "PK"} and AccountKind(kind) in MAY[role].get(Deed.MANAGE, ())
                expected = [] if allowed else ["out_of_scope"]
                assert refused(tree, mine, ROWS.format("moi", code, kind)) == expected
            # nobody is fetched from, or sent to, a unit outside
            assert refused(tree, mine, ROWS.format("beside", "SYT", "personal")) == ["out_of_scope"]
            assert refused(tree, mine, ROWS.format("here", "STC", "personal")) == ["out_of_scope"]
            savepoint.rollback()


def test_only_the_province_reorganises_and_only_inside(tree: Connection) -> None:
    head = "action,code,into,name,parent\n"
    for role in AdminRole:
        with tree.begin_nested() as savepoint:
            mine = scope(tree, role)
            for line in (
                "merge,PK,SYT,,",
                "rename,PK,,Tên mới,",
                "merge,STC,SYT,,",
                "merge,PK,STC,,",
                "move,PK,,,UB",
            ):
                sheet = reorganise.read_acts((head + line + "\n").encode())
                found = reorganise.plan_reorganisation(tree, mine, sheet, on=TODAY, at=NOW)
                inside = role is AdminRole.PROVINCE and not {"STC", "UB"} & set(line.split(","))
                assert bool(found.refused) is not inside
                assert {remark.fault.value for remark in found.refused} <= {"out_of_scope"}
            savepoint.rollback()


def test_without_a_grant_there_is_nothing(tree: Connection) -> None:
    for mine in (NOBODY, scope_of(tree, box(tree, "here").id, TODAY)):
        assert administer.visible_accounts(tree, mine) == []
        assert administer.visible_units(tree, mine, TODAY) == []
        assert administer.visible_log(tree, mine) == []
        assert not any(mine.may_touch(deed, box(tree, "beside")) for deed in Deed)


def test_a_locked_administrator_administers_nothing(tree: Connection) -> None:
    scope(tree, AdminRole.PROVINCE)
    upkeep.lock(tree, SERVER, box(tree, "admin"), actor="t", at=NOW)
    assert scope_of(tree, box(tree, "admin").id, TODAY).grants == ()


def test_only_an_auditor_or_the_province_reads_the_log_of_its_units(tree: Connection) -> None:
    for login in ("here", "beside"):
        upkeep.lock(tree, SERVER, box(tree, login), actor="t", at=NOW)
    assert box(tree, "here").state is AccountState.LOCKED
    for role in AdminRole:
        with tree.begin_nested() as savepoint:
            mine = scope(tree, role)
            subjects = {line.subject for line in administer.visible_log(tree, mine)}
            assert ("here@lamdong.gov.vn" in subjects) is (Deed.READ_LOG in MAY[role])
            assert "beside@lamdong.gov.vn" not in subjects
            savepoint.rollback()


def test_appointing_is_written_down_and_taken_back(tree: Connection) -> None:
    scope(tree, AdminRole.UNIT)
    unit = repository.unit_by_code(tree, "SYT", TODAY)
    assert unit is not None
    admin = box(tree, "admin")
    assert not administer.appoint(tree, SERVER, admin, unit, AdminRole.UNIT, actor="t", at=NOW)
    assert administer.dismiss(tree, SERVER, admin, unit, AdminRole.UNIT, actor="t", at=NOW)
    assert not administer.dismiss(tree, SERVER, admin, unit, AdminRole.UNIT, actor="t", at=NOW)
    assert [line.act for line in audit.lines(tree, subject=str(admin.address))] == [
        "admin.revoke",
        "admin.grant",
    ]
    with pytest.raises(upkeep.UpkeepRefused):
        administer.appoint(tree, SERVER, box(tree, "box.here"), unit, AdminRole.UNIT, actor="t", at=NOW)

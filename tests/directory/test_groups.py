from datetime import date

import pytest
from sqlalchemy import Connection

from directory import audit, group_care, repository
from directory.group_care import NewGroup
from directory.model import AccountKind, AdminRole, Branch, PostRole, Tier
from directory.repository import groups
from directory.repository.administrators import appoint
from directory.repository.group_rules import RuleError, rule_from_json
from directory.repository.groups import GroupRule, Part, Senders
from directory.scope import SERVER, OutOfScopeError, Scope, scope_of
from directory.upkeep import UpkeepRefused
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_accounts, import_units

SPRING = date(2026, 1, 1)
TREE = """\
code,name,parent,tier,branch,place
UB,UBND tỉnh,,province,state,LD
A,UBND xã A,UB,commune,state,XA
B,UBND xã B,UB,commune,state,XB
C,UBND xã C,UB,commune,state,XC
A1,Trạm y tế A,A,commune,state,XA
TU,Tỉnh ủy,,province,party,LD
DA,Đảng ủy xã A,TU,commune,party,XA
"""
STAFF = """\
address,full_name,unit,kind,role
a,,A,unit,
b,,B,unit,
c,,C,unit,
da,,DA,unit,
vta,Nguyễn Thị An,A,personal,records_clerk
vtb,Trần Thị Bình,B,personal,records_clerk
vtc,Lê Thị Chi,C,personal,records_clerk
tya,Phạm Văn Dũng,A1,personal,
it,Đỗ Thị Mai,UB,personal,
bithu,Hồ Văn Bí,DA,personal,head
"""


@pytest.fixture
def staffed(conn: Connection) -> Connection:
    import_units(conn, TREE, on=SPRING)
    import_accounts(conn, STAFF, on=SPRING)
    return conn


def box(conn: Connection, login: str):
    found = repository.account_by_login(conn, login)
    assert found is not None, login
    return found


def members(conn: Connection, address: str) -> set[str]:
    group = group_care.find_group(conn, address)
    found = repository.accounts_by_ids(conn, repository.members_of(conn, group.id))
    return {account.address.local for account in found.values()}


def fixed(conn: Connection, address: str, *inside: str, scope: Scope = SERVER, **more: object):
    return group_care.create_fixed(
        conn, scope, NewGroup(address, address), inside, actor="test", at=NOW, **more
    )


def computed(conn: Connection, address: str, rule: GroupRule, scope: Scope = SERVER):
    new = NewGroup(address, address)
    return group_care.create_computed(conn, scope, new, rule, on=TODAY, actor="test", at=NOW)


CLERKS = GroupRule(Branch.STATE, AccountKind.PERSONAL, Tier.COMMUNE, PostRole.RECORDS_CLERK)


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (CLERKS, {"vta", "vtb", "vtc"}),
        (GroupRule(Branch.STATE, AccountKind.PERSONAL, except_units=("B", "UB")), {"vta", "vtc", "tya"}),
        (GroupRule(Branch.STATE, under="A", kind=AccountKind.PERSONAL), {"vta", "tya"}),
        (GroupRule(Branch.STATE, place="XA", kind=AccountKind.PERSONAL), {"vta", "tya"}),
        (GroupRule(Branch.PARTY, place="XA"), {"da"}),
        (GroupRule(Branch.STATE, tier=Tier.COMMUNE), {"a", "b", "c"}),
    ],
)
def test_a_computed_group_is_who_its_rule_means(
    staffed: Connection, rule: GroupRule, wanted: set[str]
) -> None:
    computed(staffed, "nhom", rule)
    assert members(staffed, "nhom") == wanted
    assert rule_from_json(rule.branch.value, rule.to_json()) == rule


def test_new_people_are_in_the_group_after_an_import(staffed: Connection) -> None:
    computed(staffed, "vanthu.xa", CLERKS)
    import_accounts(staffed, "address,full_name,unit,kind,role\nvtb2,Vũ Thị Bích,B,personal,records_clerk\n")
    assert "vtb2" in members(staffed, "vanthu.xa")


def test_groups_stand_in_groups_and_no_circle_is_made(staffed: Connection) -> None:
    computed(staffed, "vanthu", CLERKS)
    fixed(staffed, "g1", "vanthu", "it")
    fixed(staffed, "g2", "g1", "bithu")
    assert members(staffed, "g2") == {"vta", "vtb", "vtc", "it", "bithu"}
    g1 = group_care.find_group(staffed, "g1")
    for inner in ("g2", "g1"):
        with pytest.raises(UpkeepRefused) as refused:
            group_care.add_members(staffed, SERVER, g1, [inner], actor="test", at=NOW)
        assert refused.value.remark.fault.value == "group_cycle"
    group_care.remove_members(
        staffed, SERVER, group_care.find_group(staffed, "g2"), ["g1"], actor="test", at=NOW
    )
    assert members(staffed, "g2") == {"bithu"}


@pytest.mark.parametrize(
    ("inside", "fault"),
    [(["khong"], "unknown_box"), (["a", "b", "c"], "group_too_large"), (["a\0"], "unknown_box")],
)
def test_what_cannot_be_a_member_is_refused(staffed: Connection, inside: list[str], fault: str) -> None:
    with pytest.raises(UpkeepRefused) as refused:
        fixed(staffed, "g", *inside, limit=2)
    assert refused.value.remark.fault.value == fault


def test_members_of_a_computed_group_are_not_edited(staffed: Connection) -> None:
    made = computed(staffed, "vanthu", CLERKS)
    with pytest.raises(UpkeepRefused):
        group_care.add_members(staffed, SERVER, made, ["it"], actor="test", at=NOW)
    for bad in (GroupRule(Branch.STATE, under="KHONG"), GroupRule(Branch.STATE, place="KHONG")):
        with pytest.raises(UpkeepRefused):
            computed(staffed, "khac", bad)


def test_an_address_is_given_to_one_group_and_never_again(staffed: Connection) -> None:
    made = fixed(staffed, "g", "it")
    with pytest.raises(UpkeepRefused):
        fixed(staffed, "a")
    group_care.end_group(staffed, SERVER, made, actor="test", at=NOW)
    assert repository.resolve(staffed, "g@lamdong.gov.vn") is None
    with pytest.raises(UpkeepRefused) as refused:
        fixed(staffed, "g")
    assert refused.value.remark.fault.value == "address_retired"
    assert repository.list_groups(staffed) == []


def test_groups_are_cared_for_in_the_scope_or_by_their_owners(staffed: Connection) -> None:
    it, an = box(staffed, "it"), box(staffed, "vta")
    appoint(staffed, an.id, an.unit_id, AdminRole.UNIT, NOW)
    scope, owner = scope_of(staffed, an.id, TODAY), Scope(it.id)
    unit = repository.unit_by_code(staffed, "A", TODAY)
    own = group_care.create_fixed(staffed, scope, NewGroup("A", "xa.a", unit), ["tya"], actor="an", at=NOW)
    with pytest.raises(OutOfScopeError):
        group_care.add_members(staffed, scope, own, ["vtb"], actor="an", at=NOW)
    with pytest.raises(OutOfScopeError):
        group_care.add_members(staffed, owner, own, ["it"], actor="it", at=NOW)
    assert group_care.give_part(staffed, scope, own, "it", Part.OWNER, actor="an", at=NOW)
    group_care.add_members(staffed, owner, own, ["vtb"], actor="it", at=NOW)
    assert members(staffed, "xa.a") == {"tya", "vtb"}
    assert group_care.take_part(staffed, scope, own, "it", Part.OWNER, actor="an", at=NOW)
    with pytest.raises(OutOfScopeError):
        group_care.set_senders(staffed, owner, own, Senders.OWNERS, actor="it", at=NOW)
    foreign = fixed(staffed, "tinh", "it")
    with pytest.raises(OutOfScopeError):
        group_care.end_group(staffed, scope, foreign, actor="an", at=NOW)
    with pytest.raises(OutOfScopeError):
        computed(staffed, "khoi", CLERKS, scope=scope)
    assert audit.lines(staffed, limit=1)[0].act == "group.create"
    assert groups.facts(staffed, own.id).unit_id == an.unit_id


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "moon"}', '{"except_units": 5}', "{"])
def test_a_broken_rule_is_no_rule(text: str) -> None:
    with pytest.raises(RuleError):
        rule_from_json("state", text)

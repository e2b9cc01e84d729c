import io
from dataclasses import replace
from datetime import date

import pytest
from openpyxl import Workbook
from sqlalchemy import Connection

from directory import provision, reorganise, repository
from directory.address import Address
from directory.model import (
    AccountState,
    AdminRole,
    Branch,
    Period,
    PlaceKind,
    PlanId,
    Right,
    SuccessionAspect,
    Tier,
)
from directory.provision import PlanDriftedError
from directory.provision.csv_rows import Sheet
from directory.repository.administrators import appoint
from directory.repository.rows import insert_one
from directory.scope import SERVER, scope_of
from directory.tables import administrators, unit_versions
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_accounts, import_units
from tests.directory.structure import structure

SPRING = date(2026, 1, 1)
TREE = """\
code,name,parent,tier,branch,short_name
UB,UBND tỉnh,,province,state,ubnd
H,UBND huyện Đơn Dương,UB,district,state,donduong
A,UBND xã Đạ Ròn,H,commune,state,daron
B,UBND xã Tu Tra,H,commune,state,tutra
C,UBND xã Ka Đô,H,commune,state,kado
A1,Trạm y tế Đạ Ròn,A,commune,state,tramdaron
TU,Tỉnh ủy,,province,party,tinhuy
DA,Đảng ủy xã Đạ Ròn,TU,commune,party,dudaron
"""
PEOPLE = """\
address,full_name,unit,kind,role,title,aliases
a,,A,unit,,,a.cu
b,,B,unit,,,
c,,C,unit,,,
h,,H,unit,,,
chutich.a,Chủ tịch xã Đạ Ròn,A,post,head,,
chutich.c,Chủ tịch xã Ka Đô,C,post,head,,
heada,Nguyễn Văn An,A,personal,head,Chủ tịch,
clerka,Ka Thị Hạnh,A,personal,records_clerk,Văn thư,
headb,Trần Văn Bình,B,personal,head,Chủ tịch,
headc,Lê Thị Chi,C,personal,head,Chủ tịch,
clerkc,K'Brếp,C,personal,records_clerk,Văn thư,
hoff,Phạm Văn Hải,H,personal,,,
it,Đỗ Thị Mai,UB,personal,,,
"""


def box(conn: Connection, login: str):
    found = repository.account_by_login(conn, login)
    assert found is not None, login
    return found


@pytest.fixture
def district(conn: Connection) -> Connection:
    import_units(conn, TREE, on=SPRING)
    import_accounts(conn, PEOPLE, on=SPRING)
    for shared, person in (("a", "clerka"), ("a", "heada"), ("c", "clerkc"), ("h", "hoff")):
        repository.grant(
            conn, box(conn, shared).id, box(conn, person).id, repository.delegations.ALL_RIGHTS, NOW
        )
    return conn


def acts(*lines: str) -> Sheet[reorganise.Act]:
    head = "action,code,into,address_to,archive_to,custodian,name,parent\n"
    return reorganise.read_acts((head + "".join(f"{line}\n" for line in lines)).encode())


def merge(*codes: str, into: str) -> Sheet[reorganise.Act]:
    return acts(*(f"merge,{code},{into},,,,," for code in codes))


def plan(conn: Connection, sheet: Sheet[reorganise.Act], on: date = TODAY) -> reorganise.Reorganisation:
    return reorganise.plan_reorganisation(conn, SERVER, sheet, on=on, at=NOW)


def carry_out(conn: Connection, sheet: Sheet[reorganise.Act], on: date = TODAY) -> PlanId:
    found = plan(conn, sheet, on)
    assert found.refused == ()
    done = reorganise.apply_reorganisation(conn, found, at=NOW, actor="test", on_joined=lambda _pairs: None)
    assert reorganise.structure_faults(conn, TODAY) == []
    return provision.store_plan(
        conn, "reorganisation", found, at=NOW, actor="test", applied=True, body="{}", undo=done.to_json()
    )


def take_back(conn: Connection, plan_id: PlanId) -> None:
    undo = provision.prepare_undo(conn, SERVER, plan_id, lambda _boxes: {})
    provision.carry_out_undo(conn, undo, at=NOW, actor="test")
    assert reorganise.structure_faults(conn, TODAY) == []


def unit(conn: Connection, code: str, on: date = TODAY):
    return repository.unit_by_code(conn, code, on)


def reads(conn: Connection, person: str) -> dict[str, Right]:
    return {
        str(shared.account.address).split("@")[0]: shared.rights
        for shared in repository.delegated_to(conn, box(conn, person).id, TODAY)
    }


def lands(conn: Connection, local: str) -> str:
    target = repository.resolve(conn, f"{local}@lamdong.gov.vn")
    assert target is not None
    (account_id,) = target.account_ids
    found = repository.account_by_id(conn, account_id)
    assert found is not None
    return found.address.local


def faults(found: reorganise.Reorganisation) -> list[tuple[int, str, str]]:
    return [(remark.line, remark.field, remark.fault.value) for remark in found.refused]


def test_people_and_posts_of_merged_units_go_to_the_successor(district: Connection) -> None:
    carry_out(district, merge("A", "B", into="C"))
    target = unit(district, "C")
    assert target is not None
    assert unit(district, "A") is None
    assert unit(district, "A", date(2026, 6, 1)) is not None
    for login in ("heada", "clerka", "headb"):
        person = box(district, login)
        assert person.unit_id == target.id
        assert person.person_id is not None
        (post,) = repository.posts_of(district, person.person_id, TODAY)
        assert (post.unit_id, post.primary) == (target.id, True)
        assert len(repository.posts_of(district, person.person_id)) == 2
    station = unit(district, "A1")
    assert station is not None
    assert station.parent_id == target.id
    ended = repository.unit_ids_by_code(district)["A"]
    assert repository.successors_of(district, ended) == {
        aspect: [target.id]
        for aspect in (SuccessionAspect.STAFF, SuccessionAspect.ADDRESS, SuccessionAspect.ARCHIVE)
    }


def test_old_addresses_reach_the_successor_and_the_old_letters_stay_readable_by_who_read_them(
    district: Connection,
) -> None:
    carry_out(district, merge("A", into="C"))
    assert [lands(district, local) for local in ("a", "a.cu", "c")] == ["c", "c", "c"]
    old = box(district, "a.20261122")
    assert old.state is AccountState.LOCKED
    assert reads(district, "clerka") == {
        "a.20261122": Right.READ,
        "c": Right.READ | Right.ACT | Right.SEND_AS,
    }
    assert reads(district, "clerkc")["a.20261122"] == Right.READ
    assert "a.20261122" not in reads(district, "headb")
    assert "a@lamdong.gov.vn" in {
        str(item) for item in repository.sending_addresses(district, [box(district, "c").id])
    }


def test_a_unit_has_one_head_and_nobody_reads_the_post_box_of_another(district: Connection) -> None:
    found = plan(district, merge("A", "B", into="C"))
    warned = [(item.line, item.fault.value, item.values["value"].split("@")[0]) for item in found.warnings]
    assert [item for item in warned if item[1] == "role_changed"] == [
        (2, "role_changed", "heada"),
        (3, "role_changed", "headb"),
    ]
    carry_out(district, merge("A", "B", into="C"))
    assert reads(district, "heada")["chutich.a.20261122"] == Right.READ
    assert "chutich.c" not in reads(district, "heada")
    assert "chutich.a.20261122" not in reads(district, "headc")
    assert lands(district, "chutich.a") == "chutich.c"
    assert "chutich.c" in reads(district, "headc")


def test_the_first_box_that_comes_is_the_successors_where_it_has_none(district: Connection) -> None:
    carry_out(district, merge("B", "C", into="A1"))
    assert box(district, "b").unit_id == unit(district, "A1").id
    assert (lands(district, "b"), lands(district, "c")) == ("b", "b")


def test_a_dissolved_units_box_is_read_by_its_custodian_only(district: Connection) -> None:
    carry_out(district, acts("dissolve,H,UB,,,it,,"))
    assert reads(district, "it") == {"h": Right.READ}
    assert reads(district, "hoff") == {}
    assert lands(district, "h") == "h"
    assert box(district, "h").state is AccountState.LOCKED
    assert {unit(district, code).parent_id for code in "ABC"} == {unit(district, "UB").id}
    assert box(district, "hoff").unit_id == unit(district, "UB").id


def test_succession_may_differ_by_aspect(district: Connection) -> None:
    carry_out(district, acts("merge,A,B,C,H,,,"))
    assert box(district, "clerka").unit_id == unit(district, "B").id
    assert lands(district, "a") == "c"
    assert "a.20261122" in reads(district, "hoff")
    assert "a.20261122" not in reads(district, "clerka")


def test_a_split_sends_people_where_the_list_says(district: Connection) -> None:
    sheet = reorganise.acts_of([{"action": "split", "code": "A", "into": "B"}])
    (ending,) = sheet.rows
    assert isinstance(ending, reorganise.Ending)
    split = replace(ending, also_to=("C",), staff={"clerka": "C"})
    carry_out(district, Sheet((split,)))
    assert box(district, "clerka").unit_id == unit(district, "C").id
    assert box(district, "heada").unit_id == unit(district, "B").id
    ended = repository.unit_ids_by_code(district)["A"]
    assert len(repository.successors_of(district, ended)[SuccessionAspect.STAFF]) == 2
    elsewhere = replace(ending, code="B", staff_to="C", address_to="C", archive_to="C", staff={"headc": "C"})
    assert faults(plan(district, Sheet((elsewhere,)))) == [(1, "address", "not_in_unit")]


def test_groups_and_administrators_go_along(district: Connection) -> None:
    group = repository.create_group(
        district,
        name="Các xã",
        address=Address("cacxa", "lamdong.gov.vn"),
        at=NOW,
        members=[box(district, login).id for login in ("a", "b")],
    )
    computed = repository.create_computed_group(
        district,
        name="Mọi xã",
        address=Address("moixa", "lamdong.gov.vn"),
        at=NOW,
        rule=repository.GroupRule(Branch.STATE),
        on=TODAY,
    )
    insert_one(
        district,
        administrators,
        account_id=box(district, "heada").id,
        unit_id=unit(district, "A").id,
        role=AdminRole.UNIT.value,
        granted_at=NOW,
    )
    before = structure(district)
    done = carry_out(district, merge("A", into="C"))
    assert set(repository.members_of(district, group)) == {box(district, "b").id, box(district, "c").id}
    assert box(district, "a.20261122").id not in repository.members_of(district, computed)
    assert structure(district)["administrators"] == [
        (box(district, "heada").id, unit(district, "C").id, "unit")
    ]
    take_back(district, done)
    assert structure(district) == before


def test_a_rename_and_a_move_are_versions(district: Connection) -> None:
    before = structure(district)
    done = carry_out(district, acts("rename,A,,,,,UBND xã D'Ran,", "move,A1,,,,,,H"))
    renamed, station = unit(district, "A"), unit(district, "A1")
    assert renamed is not None
    assert renamed.name == "UBND xã D'Ran"
    assert station is not None
    assert station.parent_id == unit(district, "H").id
    assert unit(district, "A", SPRING).name == "UBND xã Đạ Ròn"
    take_back(district, done)
    assert structure(district) == before


def test_undoing_a_merger_restores_everything(district: Connection) -> None:
    before = structure(district)
    done = carry_out(district, merge("A", "B", into="C"))
    assert structure(district) != before
    take_back(district, done)
    assert structure(district) == before
    assert carry_out(district, merge("A", "B", into="C"))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["merge,X,C,,,,,"], [(2, "code", "unknown_unit")]),
        (["merge,A,X,,,,,"], [(2, "into", "unknown_unit")]),
        (["merge,A,A,,,,,"], [(2, "into", "same_unit")]),
        (["merge,A,B,,,,,", "merge,B,C,,,,,"], [(2, "into", "successor_ends")]),
        (["merge,A,B,,,,,", "merge,A,C,,,,,"], [(3, "code", "duplicate")]),
        (["merge,A,DA,,,,,"], [(2, "into", "other_branch")]),
        (["move,H,,,,,,A1"], [(2, "parent", "cycle")]),
        (["move,H,,,,,,A1", "move,A1,,,,,,UB"], []),
        (["dissolve,A,,,,it,,"], [(2, "into", "needs_successor")]),
        (["dissolve,A,C,,,khong,,"], [(2, "custodian", "unknown_box")]),
        (["dissolve,A,C,,,b,,"], [(2, "custodian", "not_a_person")]),
        (["merge,A,,,,,,"], [(2, "into", "empty")]),
        (["merge,=A,C,,,,,"], [(2, "code", "formula")]),
    ],
)
def test_what_cannot_be_is_refused_by_line(
    district: Connection, lines: list[str], expected: list[tuple[int, str, str]]
) -> None:
    found = plan(district, acts(*lines))
    assert faults(found) == expected
    if expected:
        assert not found.journal


def test_nothing_is_merged_into_a_unit_that_has_ended_or_before_a_later_change(district: Connection) -> None:
    carry_out(district, merge("A", into="C"))
    assert faults(plan(district, merge("B", into="A"))) == [(2, "into", "unit_ended")]
    carry_out(district, acts("rename,B,,,,,UBND xã Mới,"))
    assert faults(plan(district, merge("B", into="C"), on=date(2026, 7, 1))) == [(2, "code", "changes_later")]


def test_a_plan_that_was_overtaken_is_not_applied(district: Connection) -> None:
    stale = plan(district, merge("A", into="C"))
    carry_out(district, merge("B", into="C"))
    with pytest.raises(PlanDriftedError):
        reorganise.apply_reorganisation(district, stale, at=NOW, actor="test", on_joined=lambda _pairs: None)


def test_a_split_stands_in_the_spreadsheet_with_who_goes_where(district: Connection) -> None:
    head = "action,code,into,address\n"
    lines = "split,A,B;C,\nassign,A,C,clerka\n"
    carry_out(district, reorganise.read_acts((head + lines).encode()))
    assert box(district, "clerka").unit_id == unit(district, "C").id
    assert box(district, "heada").unit_id == unit(district, "B").id
    for line, expected in (
        ("assign,B,C,headb\n", [(2, "code", "not_split")]),
        ("split,B,C,\nassign,B,H,headb\n", [(3, "into", "bad_choice")]),
        ("merge,B,C;H,\n", [(2, "into", "one_successor")]),
        ("split,B,C;H H,\n", [(2, "into", "bad_code")]),
    ):
        sheet = reorganise.read_acts((head + line).encode())
        assert [(item.line, item.field, item.fault.value) for item in sheet.refused] == expected


def test_the_spreadsheet_may_be_a_workbook_and_a_hostile_one_is_refused(district: Connection) -> None:
    book = Workbook()
    for row in (("action", "code", "into"), ("merge", "A", "C"), ("merge", "=A1", "C")):
        book.active.append(row)
    octets = io.BytesIO()
    book.save(octets)
    sheet = reorganise.read_acts(octets.getvalue())
    assert [act.code for act in sheet.rows] == ["A"]
    assert [(item.line, item.field) for item in sheet.refused] == [(3, "code")]
    broken = reorganise.read_acts(octets.getvalue()[:500])
    assert broken.rows == ()
    assert broken.refused[0].remedy("vi")


def test_a_province_is_taken_in_with_its_domain_and_colliding_names(district: Connection) -> None:
    repository.add_domain(district, "binhthuan.gov.vn", NOW, lambda _conn, _ids: None)
    units_ = "code,name,parent,tier,branch,short_name\nBT,UBND tỉnh Bình Thuận,,province,state,binhthuan\n"
    import_units(district, units_ + "BT1,Sở Y tế Bình Thuận,BT,province,state,syt\n", on=SPRING)
    people = "address,full_name,unit,kind\n" + "".join(
        f"{local}@binhthuan.gov.vn,{name},{code},{kind}\n"
        for local, name, code, kind in (
            ("a", "", "BT", "unit"),
            ("heada", "Nguyễn Văn Á", "BT1", "personal"),
            ("riengbt", "Lê Văn Riêng", "BT1", "personal"),
        )
    )
    import_accounts(district, people, on=SPRING)
    before = structure(district)
    text = "action,code,domain\nreaddress,BT,lamdong.gov.vn\n"
    found = plan(district, reorganise.read_acts(text.encode()))
    assert {item.before: item.after for item in found.readdressed} == {
        "a@binhthuan.gov.vn": "a.binhthuan@lamdong.gov.vn",
        "heada@binhthuan.gov.vn": "heada2@lamdong.gov.vn",
        "riengbt@binhthuan.gov.vn": "riengbt@lamdong.gov.vn",
    }
    done = carry_out(district, reorganise.read_acts(text.encode()))
    shown = {
        repository.account_by_login(district, f"{old}@binhthuan.gov.vn").address.local
        for old in ("a", "heada", "riengbt")
    }
    assert shown == {"a.binhthuan", "heada2", "riengbt"}  # the old addresses still find them
    assert lands(district, "a") == "a"
    take_back(district, done)
    assert structure(district) == before
    again = carry_out(district, reorganise.read_acts(text.encode()))  # they get the addresses they had
    assert repository.account_by_login(district, "heada@binhthuan.gov.vn").address.local == "heada2"
    take_back(district, again)
    assert faults(plan(district, acts("readdress,BT,,,,,,"))) == [(2, "domain", "empty")]
    wrong = reorganise.read_acts(b"action,code,domain\nreaddress,BT,khong.vn\n")
    assert faults(plan(district, wrong)) == [(2, "domain", "foreign_domain")]


def test_an_administrator_reorganises_the_own_units_only(district: Connection) -> None:
    appoint(district, box(district, "it").id, unit(district, "H").id, AdminRole.PROVINCE, NOW)
    scope = scope_of(district, box(district, "it").id, TODAY)

    def refused(sheet: Sheet[reorganise.Act]) -> list[tuple[int, str, str]]:
        return faults(reorganise.plan_reorganisation(district, scope, sheet, on=TODAY, at=NOW))

    assert refused(merge("A", into="C")) == []
    assert refused(acts("move,A,,,,,,UB")) == [(2, "parent", "out_of_scope")]
    assert refused(acts("dissolve,H,UB,,,it,,")) == [(2, "into", "out_of_scope")]
    assert refused(acts("rename,DA,,,,,Mới,")) == [(2, "code", "out_of_scope")]


def test_places_end_with_their_communes_and_what_lies_in_them_goes_along(district: Connection) -> None:
    period = Period(SPRING)
    ids = {}
    for code, kind, tier, parent in (
        ("TLD", PlaceKind.PROVINCE, Tier.PROVINCE, None),
        ("HDD", PlaceKind.DISTRICT, Tier.DISTRICT, "TLD"),
        ("XA", PlaceKind.COMMUNE, Tier.COMMUNE, "HDD"),
        ("XC", PlaceKind.COMMUNE, Tier.COMMUNE, "HDD"),
    ):
        above = ids.get(parent)
        ids[code] = repository.add_place(
            district, code=code, name=code, kind=kind, tier=tier, parent_id=above, period=period, at=NOW
        )
    for unit_code, place in (("A", "XA"), ("A1", "XA"), ("DA", "XA"), ("C", "XC")):
        number = repository.unit_ids_by_code(district)[unit_code]
        row = unit_versions.c.unit_id == number
        district.execute(unit_versions.update().where(row).values(place_id=ids[place]))
    before = structure(district)
    head = "action,code,into\n"
    lines = "merge,A,C\nend_place,XA,XC\nend_place,HDD,\n"
    done = carry_out(district, reorganise.read_acts((head + lines).encode()))
    living = {place.code: place.parent_id for place in repository.places_on(district, TODAY)}
    assert living == {"TLD": None, "XC": ids["TLD"]}
    assert {unit(district, code).place_id for code in ("A1", "DA", "C")} == {ids["XC"]}
    take_back(district, done)
    assert structure(district) == before
    for line, expected in (
        ("end_place,KHONG,XC", [(2, "code", "unknown_place")]),
        ("end_place,XA,KHONG", [(2, "into", "unknown_place")]),
        ("end_place,XA,XA", [(2, "into", "same_unit")]),
        ("end_place,XA,XC\nend_place,XC,", [(2, "into", "successor_ends")]),
    ):
        assert faults(plan(district, reorganise.read_acts((head + line + "\n").encode()))) == expected


def test_the_address_book_shows_who_is_now_whom(district: Connection) -> None:
    carry_out(district, merge("A", into="C"))
    carry_out(district, merge("C", into="B"))
    ended = repository.unit_ids_by_code(district)["A"]
    heirs = repository.now_whom(district, ended, TODAY)
    assert set(heirs) == set(SuccessionAspect)
    assert {heir.code for found in heirs.values() for heir in found} == {"B"}
    assert repository.now_whom(district, repository.unit_ids_by_code(district)["B"], TODAY) == {}
    (hit,) = repository.complete(district, "ubnd xa da ron", 5, on=TODAY)
    assert (hit.address.local, hit.detail) == ("b", "UBND xã Tu Tra, trước là UBND xã Đạ Ròn")
    (old,) = repository.complete(district, "a.cu@", 5, on=TODAY)
    assert old.address.local == "b"


def test_acts_survive_being_kept_for_their_day() -> None:
    sheet = reorganise.read_acts(
        b"action,code,into,address,name,parent,custodian,domain\n"
        b"split,A,B;C,,,,,\nassign,A,C,x,,,,\nrename,B,,,Moi,,,\nmove,C,,,,H,,\n"
        b"dissolve,D,E,,,,it,\nreaddress,H,,,,,,x.vn\nend_place,XA,XC,,,,,\n"
    )
    assert sheet.refused == ()
    kept = reorganise.acts_from_source(reorganise.acts_to_source(sheet))
    assert kept is not None
    assert kept.rows == sheet.rows
    for broken in ("", "{}", "[1]", '[{"kind": "Moon"}]', '[{"kind": "Moving"}]'):
        assert reorganise.acts_from_source(broken) is None

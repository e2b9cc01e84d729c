"""From the words of a roster to units and people of the directory: exact, within the scope, and whole or not at all."""

from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection, func, select

from directory import provision, repository
from directory.model import AccountState, AdminRole
from directory.policies import PolicyName, Where, set_policy
from directory.repository import administrators
from directory.roster import read_roster
from directory.roster.refused_list import REASONS, refused_list
from directory.scope import SERVER, scope_of
from directory.tables import accounts, persons
from tests.directory.conftest import NOW, TODAY
from tests.directory.roster.province import carry_out, csv, faults, plan, province, warned

__all__ = ["province"]
HEAD = "Họ và tên,Đơn vị,Chức vụ,Ngày sinh,Số CCCD,Email"


def addresses(found) -> dict[str, str]:
    return {new.display_name: str(new.address).split("@")[0] for new in found.plan.creates}


def state(conn: Connection, login: str) -> AccountState:
    found = repository.account_by_login(conn, login)
    assert found is not None
    return found.state


def test_a_second_run_of_the_same_roster_changes_nothing(province: Connection) -> None:
    data = csv(
        HEAD,
        "Lê Bình,SYT,Lái xe,1/2/1980,,",
        "Lê Chi,SYT,Y sĩ,,068,",
        "Lê Dư,SYT,Y sĩ,,,",
        "Lê E,STC,,,,e.le",
    )
    assert carry_out(province, plan(province, data)).counts["create"] == 4
    again = plan(province, data).plan
    assert (again.counts["unchanged"], again.changes_nothing) == (4, True)
    stored = province.execute(select(persons.c.birth_date).where(persons.c.full_name == "Lê Bình")).scalar()
    assert stored == "1980-02-01"


def test_people_are_known_by_identifier_then_address_then_name_and_birth_date(province: Connection) -> None:
    found = plan(
        province,
        csv(
            HEAD,
            "Nguyễn Văn Cũ,STC,Chuyên viên,1/1/1975,068075000001,",  # by identifier, in another unit
            "Trần Thị Thuỷ,STC,Chuyên viên,,,thuytt",  # by address
            "Cao Văn Lưu,SYT,Chuyên viên,10/10/1970,,",  # by name and birth date
        ),
    )
    assert {str(move.address).split("@")[0] for move in found.plan.moves} == {"cunv", "thuytt", "luucv"}
    assert faults(found) == []


def test_a_namesake_with_another_birth_date_or_identifier_is_another_person(province: Connection) -> None:
    lines = ("Hồ Thị Ở,SYT,,5/5/1990,,", "Trần Thị Thuỷ,SYT,,2/2/1980,068080999999,")
    found = plan(province, csv(HEAD, *lines))
    assert addresses(found) == {"Hồ Thị Ở": "oht", "Trần Thị Thuỷ": "thuytt2"}


def test_an_identifier_or_address_of_somebody_else_is_refused(province: Connection) -> None:
    lines = (
        "Phan Khôi,SYT,,5/5/1985,068075000001,",
        "Phan Khôi,SYT,,5/5/1985,,cunv",
        "Nguyễn Văn Cũ,SYT,,,068075000001,thuytt",
        "Bùi A,SYT,,,099,",
        "Bùi B,SYT,,,099,",
    )
    found = plan(province, csv(HEAD, *lines))
    assert [(line, fault) for line, _, fault in faults(found)] == [
        (2, "other_person"),
        (3, "other_person"),
        (4, "other_person"),
        (6, "duplicate"),
    ]


def test_collisions_get_numbers_and_homographs_a_warning(province: Connection) -> None:
    names = ("Nguyễn Văn An", "Ngô Việt An", "Lê Thị Hương Văn", "Lê Thị Hương Vân", "Lê Thị Hương Vân")
    lines = (f"{name},SYT,,{day}/3/1980,," for day, name in enumerate(names, 1))
    found = plan(province, csv(HEAD, *lines))
    assert [str(new.address).split("@")[0] for new in found.plan.creates] == [
        "annv", "annv2", "vanlth", "vanlth2", "vanlth3",
    ]  # fmt: skip
    assert warned(found) == [(5, "homograph"), (6, "homograph")]


def test_the_address_pattern_is_that_of_the_policy(province: Connection) -> None:
    fields = {"pattern": "{full}", "numbering": "two_digits"}
    set_policy(province, SERVER, PolicyName.ADDRESS, Where(), fields, on=TODAY, actor="t", at=NOW)
    found = plan(province, csv(HEAD, "Lê Hương Vân,SYT,,1/3/1980,,", "Lê Hương Văn,SYT,,2/3/1980,,"))
    assert list(addresses(found).values()) == ["lehuongvan", "lehuongvan02"]
    set_policy(
        province,
        SERVER,
        PolicyName.ADDRESS,
        Where(),
        {**fields, "homographs": "refuse"},
        on=TODAY,
        actor="t",
        at=NOW,
    )
    refused = plan(province, csv(HEAD, "Lê Hương Vân,SYT,,1/3/1980,,", "Lê Hương Văn,SYT,,2/3/1980,,"))
    assert [(line, fault) for line, _, fault in faults(refused)] == [(3, "homograph_refused")]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("syt", "SYT"),
        ("Sở  Y Tế", "SYT"),
        ("SYT-VP", "SYT-VP"),
        ("Văn phòng Sở Y tế", "SYT-VP"),
        ("Phòng Nghiệp vụ Y; Sở Y tế", "SYT-NVY"),
        ("Sở Tài chính - Văn phòng", "STC-VP"),
        ("UBND xã Đạ Ròn", "DAR"),
        ("Đảng uỷ xã Đạ Ròn", "DU-DAR"),
    ],
)
def test_a_unit_is_found_as_people_write_it(province: Connection, words: str, code: str) -> None:
    (new,) = plan(province, csv(HEAD, f"Lê Bình,{words},,,,")).plan.creates
    assert new.unit == code


def test_a_unit_that_is_not_known_or_could_be_several_is_refused(province: Connection) -> None:
    found = plan(province, csv(HEAD, "Lê A,Văn phòng,,,,", "Lê B,Sở Y tá,,,,", "Lê C,,,,,"))
    assert [fault for _, _, fault in faults(found)] == ["ambiguous_unit", "unknown_unit_name", "no_unit"]
    under = plan(province, csv(HEAD, "Lê A,Văn phòng,,,,", "Lê C,,,,,"), unit="SYT")
    assert [new.unit for new in under.plan.creates] == ["SYT-VP", "SYT"]


def test_a_unit_administrator_plans_only_inside_the_scope(province: Connection) -> None:
    admin = repository.account_by_login(province, "oday")
    assert admin is not None
    administrators.appoint(
        province, admin.id, repository.unit_ids_by_code(province)["SYT"], AdminRole.UNIT, NOW
    )
    scope = scope_of(province, admin.id, TODAY)
    lines = ("Lê A,SYT,,,,", "Lê B,STC,,,,", "Cao Văn Lưu,SYT,,10/10/1970,,", "Lê C,Văn phòng,,,,")
    found = plan(province, csv(HEAD, *lines), scope=scope)
    assert [(line, fault) for line, _, fault in faults(found)] == [(3, "out_of_scope"), (4, "out_of_scope")]
    assert [new.unit for new in found.plan.creates] == ["SYT", "SYT-VP"]  # the office that is hers


def test_who_is_missing_from_a_whole_unit_is_locked_only_when_asked(province: Connection) -> None:
    data = csv(HEAD, "Nguyễn Văn Cũ,SYT,Chuyên viên,,,cunv")
    assert plan(province, data).plan.counts["lock"] == 0
    found = plan(province, data, lock_missing=True)
    assert [str(lock.address).split("@")[0] for lock in found.plan.locks] == ["oday", "thuytt"]
    with pytest.raises(provision.LocksUnconfirmedError) as asked:
        carry_out(province, found)
    assert (asked.value.count, asked.value.of) == (2, 4)
    with pytest.raises(provision.LocksUnconfirmedError):
        carry_out(province, found, confirmed_locks=1)
    carry_out(province, found, confirmed_locks=2)
    assert [state(province, login) for login in ("oday", "thuytt", "luucv")] == [
        AccountState.LOCKED,
        AccountState.LOCKED,
        AccountState.ACTIVE,
    ]


def test_few_locks_go_unasked_and_the_administrator_never_locks_herself(province: Connection) -> None:
    data = csv(HEAD, "Nguyễn Văn Cũ,SYT,,,,cunv", "Trần Thị Thuỷ,SYT,,,,thuytt")
    assert not plan(province, data, lock_missing=True, percent=25).plan.locks_ask
    admin = repository.account_by_login(province, "oday")
    assert admin is not None
    administrators.appoint(
        province, admin.id, repository.unit_ids_by_code(province)["SYT"], AdminRole.UNIT, NOW
    )
    own = plan(province, data, lock_missing=True, scope=scope_of(province, admin.id, TODAY))
    assert own.plan.locks == ()


def test_locks_are_taken_back_with_their_plan(province: Connection) -> None:
    found = plan(province, csv(HEAD, "Nguyễn Văn Cũ,SYT,,,,cunv"), lock_missing=True)
    with provision.recording(province, provision.ACCOUNT_TABLES) as recorded:
        carry_out(province, found, confirmed_locks=2)
    undo = recorded.journal.to_json()
    kept = provision.store_plan(province, "account", found.plan, at=NOW, actor="t", applied=True, undo=undo)
    provision.carry_out_undo(
        province, provision.prepare_undo(province, SERVER, kept, lambda _boxes: {}), at=NOW, actor="t"
    )
    assert state(province, "oday") is AccountState.ACTIVE


def test_a_person_locked_meanwhile_is_drift_and_nothing_is_half_done(province: Connection) -> None:
    found = plan(province, csv(HEAD, "Lê Mới,SYT,,,,", "Nguyễn Văn Cũ,SYT,,,,cunv"), lock_missing=True)
    province.execute(
        accounts.update().where(accounts.c.display_name == "Hồ Thị Ở").values(state=AccountState.LOCKED.value)
    )
    count = select(func.count()).select_from(accounts)
    before = province.execute(count).scalar()
    with pytest.raises(provision.PlanDriftedError):
        carry_out(province, found, confirmed_locks=2)
    assert province.execute(count).scalar() == before


def test_a_clerk_mends_what_is_refused(province: Connection) -> None:
    """The refused lines come back as they were, with the reasons; corrected, they go in by the same door."""
    data = csv(
        "DANH SÁCH,,,",
        "STT,Họ và tên,Ngày sinh,Chức vụ",
        "I. Phòng Nghiệp vụ Y,,,",
        "1,Lê Bình,1/2/1980,Y sĩ",
        "2,Lê Chi,31/2/1980,Y sĩ",
        "II. Phòng Lạ,,,",
        "3,Lê Dư,1/2/1985,Y sĩ",
    )
    roster = read_roster(data, today=TODAY)
    found = plan(province, data)
    assert [(line, fault) for line, _, fault in faults(found)] == [
        (5, "bad_birth_date"),
        (7, "unknown_unit_name"),
    ]
    written = refused_list(roster, found.plan.refused)
    book = load_workbook(BytesIO(written))
    page = book.active
    assert page is not None
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert rows[0] == ["STT", "Họ và tên", "Ngày sinh", "Chức vụ", *REASONS]
    assert [row[0] for row in rows[1:]] == ["I. Phòng Nghiệp vụ Y", "2", "II. Phòng Lạ", "3"]
    assert rows[2][4] == 5
    assert "31/2/1980" in rows[2][5]
    assert all(row[6] for row in (rows[2], rows[4]))
    page.cell(3, 3).value = "28/2/1980"
    page.cell(4, 1).value = "II. Văn phòng Sở Y tế"
    mended = BytesIO()
    book.save(mended)
    again = plan(province, mended.getvalue())
    assert faults(again) == warned(again) == []
    assert [(new.display_name, new.unit) for new in again.plan.creates] == [
        ("Lê Chi", "SYT-NVY"),
        ("Lê Dư", "SYT-VP"),
    ]


def test_what_a_spreadsheet_could_run_is_given_back_as_text(province: Connection) -> None:
    data = csv("Họ tên,Đơn vị", "=1+1,SYT", "@x,SYT")
    roster = read_roster(data, today=TODAY)
    page = load_workbook(BytesIO(refused_list(roster, roster.refused))).active
    assert page is not None
    assert [page.cell(row, 1).value for row in (2, 3)] == ["'=1+1", "'@x"]
    assert all(page.cell(row, 1).data_type == "s" for row in (2, 3))

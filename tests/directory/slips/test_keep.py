"""Slips within the scope of whoever prints them, and terms that run while offices are open."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from directory import repository, slips
from directory.authenticate import NewPassword
from directory.model import AccountState, AdminRole
from directory.passwords import hash_password
from directory.repository import administrators
from directory.scope import NOBODY, SERVER, OutOfScopeError, scope_of
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import UNITS, import_accounts, import_units

PEOPLE = """\
address,full_name,unit,kind
here,Nguyễn Văn An,SYT,personal
there,Lê Bình,DAR,personal
party,Trần Chi,TU,personal
desk,Hồ Trợ,SYT,personal
box,,SYT,unit
"""
SECRET = NewPassword(hash_password("Bado-kime-4729"))


@pytest.fixture
def staffed(conn: Connection) -> Connection:
    import_units(conn, UNITS)
    import_accounts(conn, PEOPLE)
    return conn


def person(conn: Connection, login: str):
    found = repository.account_by_login(conn, login)
    assert found is not None
    return found


def issue(conn: Connection, who, *logins: str, at: int = NOW) -> None:
    slips.issue(conn, who, [(person(conn, login), SECRET) for login in logins], actor="t", at=at)


def test_the_help_desk_prints_for_its_own_people_and_nobody_else(staffed: Connection) -> None:
    desk = person(staffed, "desk")
    administrators.appoint(
        staffed, desk.id, repository.unit_ids_by_code(staffed)["SYT"], AdminRole.HELP_DESK, NOW
    )
    who = scope_of(staffed, desk.id, TODAY)
    issue(staffed, who, "here")
    for login in ("there", "party", "box", "desk"):
        with pytest.raises(OutOfScopeError):
            issue(staffed, who, login)
    with pytest.raises(OutOfScopeError):
        issue(staffed, NOBODY, "here")
    issue(staffed, SERVER, "there")
    assert {item.address.split("@")[0] for item in slips.list_slips(staffed, who)} == {"here"}
    assert slips.list_slips(staffed, NOBODY) == []
    with pytest.raises(OutOfScopeError):
        slips.hand_over(staffed, who, [person(staffed, "there")], hours=6, actor="t", at=NOW)


def test_six_working_hours_pass_over_lunch_the_night_and_the_weekend(staffed: Connection) -> None:
    friday = int(datetime(2026, 11, 27, 8, 0, tzinfo=UTC).timestamp())  # 15:00 in Vietnam
    issue(staffed, SERVER, "here", at=friday)
    assert slips.hand_over(staffed, SERVER, [person(staffed, "here")], hours=6, actor="t", at=friday) == 1
    (slip,) = slips.list_slips(staffed, SERVER)
    monday = int(datetime(2026, 11, 30, 4, 30, tzinfo=UTC).timestamp())  # 11:30: 2 h on Friday, 4 h on Monday
    assert slip.due_at == monday
    assert slips.settle_due(staffed, actor="system", at=monday - 1) == []
    assert [late.address for late in slips.settle_due(staffed, actor="system", at=monday)] == [
        "here@lamdong.gov.vn"
    ]
    assert person(staffed, "here").state is AccountState.LOCKED


def test_a_slip_that_nobody_handed_over_never_locks(staffed: Connection) -> None:
    issue(staffed, SERVER, "here")
    assert slips.settle_due(staffed, actor="system", at=NOW + 10**8) == []
    assert person(staffed, "here").state is AccountState.ACTIVE


def test_locked_people_get_no_slip(staffed: Connection) -> None:
    repository.set_state(staffed, person(staffed, "here").id, AccountState.LOCKED, NOW)
    with pytest.raises(OutOfScopeError):
        issue(staffed, SERVER, "here")

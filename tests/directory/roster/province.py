"""The directory that the rosters of these tests meet."""

from datetime import date

import pytest
from sqlalchemy import Connection

from directory import provision
from directory.provision import ProvisionSettings
from directory.roster import RosterPlan, plan_roster, read_roster
from directory.scope import SERVER, Scope
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_accounts, import_units

UNITS = """\
code,name,parent,tier,branch,short_name
UBND,Ủy ban nhân dân tỉnh Lâm Đồng,,province,state,ubnd
SYT,Sở Y tế,UBND,province,state,syt
SYT-VP,Văn phòng,SYT,province,state,
SYT-NVY,Phòng Nghiệp vụ Y,SYT,province,state,
STC,Sở Tài chính,UBND,province,state,stc
STC-VP,Văn phòng,STC,province,state,
DAR,Ủy ban nhân dân xã Đạ Ròn,UBND,commune,state,daron
TU,Tỉnh ủy,,province,party,tinhuy
DU-DAR,Đảng ủy xã Đạ Ròn,TU,commune,party,
"""
PEOPLE = """\
address,full_name,unit,kind,title,identifier,birth_date
cunv,Nguyễn Văn Cũ,SYT,personal,Chuyên viên,cccd:068075000001,1975-01-01
thuytt,Trần Thị Thuỷ,SYT,personal,Chuyên viên,cccd:068080000002,1980-02-02
luucv,Cao Văn Lưu,STC,personal,Chuyên viên,,1970-10-10
oday,Hồ Thị Ở,SYT,personal,Chuyên viên,,1982-01-02
syt,,SYT,unit,,,
"""


@pytest.fixture
def province(conn: Connection) -> Connection:
    import_units(conn, UNITS)
    import_accounts(conn, PEOPLE)
    return conn


def plan(
    conn: Connection, data: bytes, *, scope: Scope = SERVER, on: date = TODAY, percent: int = 5, **options
) -> RosterPlan:
    settings = ProvisionSettings(max_lock_percent=percent)
    return plan_roster(conn, scope, read_roster(data, today=TODAY), on=on, settings=settings, **options)


def carry_out(
    conn: Connection, found: RosterPlan, confirmed_locks: int | None = None
) -> provision.AccountPlan:
    provision.apply_accounts(
        conn,
        provision.seal(found.plan),
        at=NOW,
        actor="test",
        on_accounts_created=lambda _conn, _ids: None,
        confirmed_locks=confirmed_locks,
    )
    return found.plan


def csv(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def faults(found: RosterPlan) -> list[tuple[int, str, str]]:
    return [(remark.line, remark.field, remark.fault.value) for remark in found.plan.refused]


def warned(found: RosterPlan) -> list[tuple[int, str]]:
    return [(remark.line, remark.fault.value) for remark in found.plan.warnings]

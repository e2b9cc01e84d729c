"""Rosters for the tests, and the three steps from a file to the directory in one call."""

from sqlalchemy import Connection

from directory import provision
from directory.model import AccountId
from directory.scope import SERVER
from tests.directory.conftest import NOW, TODAY

UNITS = """\
code,name,parent,tier,branch,short_name
UBND,Ủy ban nhân dân tỉnh,,province,state,ubnd
SYT,Sở Y tế,UBND,province,state,syt
DAR,UBND xã Đạ Ròn,UBND,commune,state,daron
TU,Tỉnh ủy,,province,party,tinhuy
"""


def plan_units(conn: Connection, text: str, on=TODAY, scope=SERVER, **options) -> provision.UnitPlan:
    return provision.plan_units(conn, scope, provision.read_units(text.encode()), on=on, **options)


def import_units(conn: Connection, text: str = UNITS, on=TODAY) -> dict[str, int]:
    plan = plan_units(conn, text, on)
    provision.apply_units(conn, plan, at=NOW, actor="test")
    return plan.counts


def plan_accounts(conn: Connection, text: str, on=TODAY, **settings) -> provision.AccountPlan:
    sheet = provision.read_accounts(text.encode())
    return provision.plan_accounts(
        conn, SERVER, sheet, on=on, settings=provision.ProvisionSettings(**settings)
    )


def import_accounts(conn: Connection, text: str, on=TODAY) -> dict[str, AccountId]:
    plan = provision.seal(plan_accounts(conn, text, on))
    return provision.apply_accounts(
        conn, plan, at=NOW, actor="test", on_accounts_created=lambda _conn, _ids: None
    )


def faults(plan: provision.UnitPlan | provision.AccountPlan) -> list[tuple[int, str, str]]:
    return [(remark.line, remark.field, remark.fault.value) for remark in plan.refused]

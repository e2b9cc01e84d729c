"""A small province in each database, with people who use their boxes and people who do not."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from config.settings import Settings
from directory import provision, repository
from directory.model import AdminRole
from directory.repository.administrators import appoint
from directory.scope import SERVER, scope_of
from directory.tables import accounts, working_calendar
from mailsvc.model.ids import AccountId
from mailsvc.services.provision import on_accounts_created
from mailsvc.services.usage import UsageBit
from mailsvc.storage import usage
from tests.support.mail import DOMAIN, make_store
from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

UNITS = """code,name,parent,tier,branch,headcount
UB,UBND tỉnh,,province,state,4
DAR,UBND xã Đạ Ròn,UB,commune,state,2
LAC,UBND xã Lạc Dương,UB,commune,state,
TU,Tỉnh ủy,,province,party,1
"""
PEOPLE = """address,full_name,unit,kind
an,Nguyễn Văn An,UB,personal
binh,Trần Văn Bình,UB,personal
chi,Lê Thị Chi,DAR,personal
dung,Phạm Văn Dũng,LAC,personal
ha,Hoàng Thị Hà,TU,personal
daron,UBND xã Đạ Ròn,DAR,unit
"""


class Province:
    """The store, and words to say what people did on which day."""

    def __init__(self, folder, url=""):
        self.store = make_store(folder, url)
        self.settings = Settings()
        self.store.clock.now = instant(date(2026, 1, 2))
        with self.store.write() as uow:
            on, at = date(2026, 1, 2), uow.clock()
            units = provision.plan_units(uow.conn, SERVER, provision.read_units(UNITS.encode()), on=on)
            provision.apply_units(uow.conn, units, at=at, actor="test")
            sheet = provision.read_accounts(PEOPLE.encode())
            plan = provision.plan_accounts(
                uow.conn, SERVER, sheet, on=on, settings=provision.ProvisionSettings()
            )
            provision.apply_accounts(
                uow.conn,
                provision.seal(plan),
                at=at,
                actor="test",
                on_accounts_created=on_accounts_created(uow),
            )
            # Thursday 1 October is off, Saturday 10 October is worked: 22 days in October 2026.
            days = [("2026-10-01", "holiday"), ("2026-10-10", "working_saturday")]
            uow.conn.execute(
                insert(working_calendar), [{"day": day, "kind": kind, "name": "x"} for day, kind in days]
            )
        self.store.clock.now = instant(date(2026, 11, 2))

    def id(self, local) -> AccountId:
        with self.store.read() as db:
            found = repository.account_by_login(db.conn, f"{local}@{DOMAIN}")
            assert found is not None
            return AccountId(found.id)

    def uses(self, local, *days, bits=UsageBit.READ):
        me = self.id(local)
        with self.store.write() as uow:
            usage.add(uow, [(day.isoformat(), me, me, int(bits)) for day in days])

    def signed_in(self, local, at):
        with self.store.write() as uow:
            uow.conn.execute(update(accounts).where(accounts.c.id == self.id(local)).values(last_login_at=at))

    def administers(self, local, code, role=AdminRole.UNIT):
        with self.store.write() as uow:
            unit = repository.unit_by_code(uow.conn, code, date(2026, 11, 2))
            assert unit is not None
            appoint(uow.conn, self.id(local), unit.id, role, uow.clock())
        with self.store.read() as db:
            return scope_of(db.conn, self.id(local), date(2026, 11, 2))

    def person(self, local):
        with self.store.read() as db:
            query = select(accounts.c.person_id).where(accounts.c.id == self.id(local))
            return db.conn.execute(query).scalar_one()


def instant(day: date, hour: float = 9) -> int:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 7)
    return int(moment.timestamp())


def october(*numbers: int) -> list[date]:
    return [date(2026, 10, number) for number in numbers]


WORKED = october(2, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 19, 20, 21, 22, 23, 26, 27, 28, 29, 30)


@pytest.fixture
def province(request, tmp_path):
    """On SQLite; tests whose statements differ ask for PostgreSQL too, by an indirect parameter."""
    is_postgres = getattr(request, "param", "sqlite") == "postgres"
    one = Province(tmp_path / "data", request.getfixturevalue("postgres_url") if is_postgres else "")
    yield one
    one.store.close()


both_databases = pytest.mark.parametrize("province", ["sqlite", "postgres"], indirect=True)

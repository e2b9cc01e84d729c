"""People who sign in: one with today's hash, one with an old one, and a unit box without any."""

import pytest
from passlib import hash as handlers
from sqlalchemy import Connection

from directory import repository
from directory.model import AccountId
from tests.directory.rosters import import_accounts, import_units

PASSWORD = "Đúng-1234"
HASH = handlers.argon2.using(type="ID", memory_cost=19 * 1024, time_cost=2, parallelism=1).hash(PASSWORD)
OLD = handlers.ldap_salted_sha1.hash(PASSWORD)
ROSTER = f"""address,full_name,unit,kind,password_hash
annv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,"{HASH}"
binhtt@lamdong.gov.vn,Trần Thị Bình,SYT,personal,"{OLD}"
syt@lamdong.gov.vn,Sở Y tế,SYT,unit,
"""


@pytest.fixture
def staffed(conn: Connection) -> Connection:
    import_units(conn)
    import_accounts(conn, ROSTER)
    return conn


@pytest.fixture
def an(staffed: Connection) -> AccountId:
    found = repository.account_by_login(staffed, "annv")
    assert found is not None
    return found.id

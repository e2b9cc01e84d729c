"""Accounts that nobody uses: told to the unit's clerk, then locked; days on leave do not count."""

import asyncio
import email
import email.policy
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from config.settings import Settings
from directory import audit, life, repository
from directory.model import AccountState, vietnam_day
from directory.policies import Defaults, PolicyName, Where, read_fields, set_policy
from directory.provision import (
    ProvisionSettings,
    apply_accounts,
    apply_units,
    plan_accounts,
    plan_units,
    read_accounts,
    read_units,
)
from directory.scope import SERVER
from directory.tables import accounts
from mailsvc.net.bridge import Bridge
from mailsvc.run.staff import StaffDays
from mailsvc.services import life as life_service
from mailsvc.services import unused
from mailsvc.services.provision import on_accounts_created
from mailsvc.storage import mailboxes, messages, tables
from mailsvc.storage.store import Store
from tests.support.mail import NOW, make_store

DAY = 86_400
UNITS = """\
code,name,parent,tier,branch
UB,UBND tỉnh,,province,state
A,UBND xã A,UB,commune,state
B,UBND xã B,UB,commune,state
"""
STAFF = """\
address,full_name,unit,kind,role
ub,,UB,unit,
a,,A,unit,
an,Nguyễn Văn An,A,personal,
binh,Trần Thị Bình,A,personal,
chi,Lê Thị Chi,B,personal,
"""


@pytest.fixture
def staffed(tmp_path: Path) -> Iterator[Store]:
    store = make_store(tmp_path / "data")
    with store.write() as uow:
        today = vietnam_day(NOW)
        plan = plan_units(uow.conn, SERVER, read_units(UNITS.encode()), on=today)
        apply_units(uow.conn, plan, at=NOW, actor="test")
        people = plan_accounts(
            uow.conn, SERVER, read_accounts(STAFF.encode()), on=today, settings=ProvisionSettings()
        )
        apply_accounts(uow.conn, people, at=NOW, actor="test", on_accounts_created=on_accounts_created(uow))
    yield store
    store.close()


def box(store: Store, login: str):
    with store.read() as db:
        found = repository.account_by_login(db.conn, login)
    assert found is not None
    return found


def signed_in(store: Store, login: str) -> None:
    with store.write() as uow:
        one = accounts.c.id == box(store, login).id
        uow.conn.execute(update(accounts).where(one).values(last_login_at=uow.clock()))


def a_day_passes(store: Store, days: int = 1) -> None:
    store.clock.now += days * DAY

    async def look() -> None:
        bridge = Bridge(store)
        await StaffDays(Settings(), store, bridge).look()
        await bridge.close()

    asyncio.run(look())


def letters(store: Store, login: str) -> list[email.message.EmailMessage]:
    with store.read() as db:
        inbox = mailboxes.by_name(db, box(store, login).id, "INBOX")
        ids = db.conn.execute(
            select(tables.entries.c.message_id).where(tables.entries.c.mailbox_id == inbox.id)
        ).scalars()
        return [
            email.message_from_bytes(messages.content(db, number), policy=email.policy.default)
            for number in ids
        ]


def test_the_clerk_is_told_once_and_then_the_account_is_locked(staffed: Store) -> None:
    signed_in(staffed, "binh")
    a_day_passes(staffed, 59)
    assert letters(staffed, "a") == []
    signed_in(staffed, "binh")
    for _ in range(3):
        a_day_passes(staffed)
    (told,) = letters(staffed, "a")
    body = told.get_content()
    assert "Nguyễn Văn An <an@lamdong.example>: 60 ngày" in body
    assert "Bình" not in body
    assert "http" not in body
    assert told["Auto-Submitted"] == "auto-generated"
    (for_b,) = letters(staffed, "ub")  # the unit B has no box and no clerk: the unit above is told
    assert "Lê Thị Chi" in for_b.get_content()
    a_day_passes(staffed, 29)
    assert box(staffed, "an").state is AccountState.LOCKED
    assert box(staffed, "binh").state is AccountState.ACTIVE
    assert len(letters(staffed, "a")) == 1
    with staffed.read() as db:
        line = audit.lines(db.conn, subject="an@lamdong.example", limit=1)[0]
    assert (line.act, "unused" in line.detail) == ("account.locked", True)


def test_nobody_is_locked_of_whom_nobody_was_told(staffed: Store) -> None:
    a_day_passes(staffed, 200)
    assert len(letters(staffed, "a")) == 1
    assert box(staffed, "an").state is AccountState.ACTIVE
    a_day_passes(staffed)
    assert box(staffed, "an").state is AccountState.LOCKED


def test_signing_in_after_the_letter_saves_the_account_and_counts_anew(staffed: Store) -> None:
    a_day_passes(staffed, 61)
    signed_in(staffed, "an")
    a_day_passes(staffed, 40)
    assert box(staffed, "an").state is AccountState.ACTIVE
    a_day_passes(staffed, 21)
    assert len(letters(staffed, "a")) == 2


def test_an_account_that_was_unlocked_is_not_locked_again_the_next_day(staffed: Store) -> None:
    a_day_passes(staffed, 61)
    a_day_passes(staffed, 30)
    assert box(staffed, "an").state is AccountState.LOCKED
    with staffed.write() as uow:
        repository.set_state(uow.conn, box(staffed, "an").id, AccountState.ACTIVE, uow.clock())
    a_day_passes(staffed)
    assert box(staffed, "an").state is AccountState.ACTIVE


def test_days_on_leave_do_not_count(staffed: Store) -> None:
    today = vietnam_day(NOW)
    with staffed.read() as db:
        act = life.Absence("an", life.AbsenceKind.MATERNITY, today + timedelta(days=180))
        plan = life_service.plan_act(db, SERVER, act, today, Defaults())
    with staffed.write() as uow:
        life_service.carry_out(uow, SERVER, plan, "test")
    a_day_passes(staffed, 179)
    a_day_passes(staffed)
    assert box(staffed, "an").state is AccountState.ACTIVE
    with staffed.read() as db:
        state = unused.state_of(db, box(staffed, "an").id, Defaults())
    assert state is not None
    assert (state.days, state.is_due) == (0, False)
    a_day_passes(staffed, 60)
    assert "Nguyễn Văn An" in letters(staffed, "a")[-1].get_content()


def test_a_session_that_goes_on_for_weeks_is_use(staffed: Store) -> None:
    an = box(staffed, "an")
    with staffed.write() as uow:
        day = (vietnam_day(NOW) + timedelta(days=50)).isoformat()
        uow.conn.execute(insert(tables.usage_days).values(day=day, account_id=an.id, viewer_id=an.id, bits=2))
    a_day_passes(staffed, 61)
    with staffed.read() as db:
        state = unused.state_of(db, an.id, Defaults())
    assert state is not None
    assert state.days == 11
    assert all("Nguyễn Văn An" not in letter.get_content() for letter in letters(staffed, "a"))


def test_a_policy_says_otherwise_for_a_tier(staffed: Store) -> None:
    with staffed.write() as uow:
        fields = read_fields(PolicyName.INACTIVITY, {"notice_days": "10", "lock_days": "0"})
        day = vietnam_day(NOW)
        set_policy(uow.conn, SERVER, PolicyName.INACTIVITY, Where(), fields, on=day, actor="test", at=NOW)
    a_day_passes(staffed, 11)
    assert len(letters(staffed, "a")) == 1
    a_day_passes(staffed, 500)
    assert box(staffed, "an").state is AccountState.ACTIVE


def test_who_left_is_archived_when_the_time_is_over(staffed: Store) -> None:
    with staffed.read() as db:
        plan = life_service.plan_act(
            db, SERVER, life.Departure("an", life.Reason.LEAVE), vietnam_day(NOW), Defaults()
        )
    with staffed.write() as uow:
        life_service.carry_out(uow, SERVER, plan, "test")
    a_day_passes(staffed, 100)
    assert box(staffed, "an").state is AccountState.LEFT
    a_day_passes(staffed, 100)
    with staffed.read() as db:
        an = db.conn.execute(
            select(accounts.c.state).where(accounts.c.display_name == "Nguyễn Văn An")
        ).scalar()
    assert an == AccountState.ARCHIVED.value

"""Imports are applied whole or not at all, also where the connection is lost in the middle; large ones are staged unseen."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from directory import provision, repository
from directory.model import vietnam_day
from directory.scope import SERVER
from directory.tables import accounts, addresses, audit, persons, plans
from mailsvc.services import imports
from mailsvc.storage.store import Store
from mailsvc.storage.tables import boxes, mailboxes
from tests.support.mail import DOMAIN, make_store
from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
TABLES = (accounts, addresses, persons, plans, audit, boxes, mailboxes)
COUNT = 1_200


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path) -> Iterator[Store]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = make_store(tmp_path / "data", url)
    with made.write() as uow:
        sheet = provision.read_units(
            b"code,name,parent,tier,branch\nSYT,S\xe1\xbb\x9f Y t\xe1\xba\xbf,,province,state\n"
        )
        on = vietnam_day(uow.clock())
        plan = provision.plan_units(uow.conn, SERVER, sheet, on=on)
        provision.apply_units(uow.conn, plan, at=uow.clock(), actor="t")
    yield made
    made.close()


def plan_of(store: Store, count: int = COUNT, prefix: str = "a") -> provision.AccountPlan:
    lines = "".join(f"{prefix}{n},Nguyễn Văn {n},SYT,personal\n" for n in range(count))
    sheet = provision.read_accounts(f"address,full_name,unit,kind\n{lines}".encode())
    with store.read() as db:
        return provision.plan_accounts(
            db.conn, SERVER, sheet, on=vietnam_day(db.clock()), settings=provision.ProvisionSettings()
        )


def sizes(store: Store) -> list[int]:
    with store.read() as db:
        return [
            int(db.conn.execute(select(func.count()).select_from(table)).scalar_one()) for table in TABLES
        ]


def found(store: Store, local: str):
    with store.read() as db:
        return repository.account_by_login(db.conn, f"{local}@{DOMAIN}")


def test_a_large_import_is_staged_switched_on_and_undone(store: Store) -> None:
    plan = plan_of(store)
    plan_id, created = imports.import_accounts(store, plan, actor="t", creator_id=None)
    assert len(created) == COUNT
    assert found(store, "a7") is not None
    assert plan_of(store).counts["unchanged"] == COUNT
    with store.write() as uow:
        undo = provision.prepare_undo(uow.conn, SERVER, plan_id, lambda _boxes: {})
        assert undo.counts["archived"] == COUNT
        provision.carry_out_undo(uow.conn, undo, at=uow.clock(), actor="t")


def test_what_is_staged_is_seen_by_nobody_and_taken_away_when_the_import_fails(store: Store) -> None:
    before = sizes(store)
    plan = plan_of(store)
    staged = imports.stage_accounts(store, plan)
    assert staged is not None
    assert found(store, "a7") is None
    with store.read() as db:
        assert len(repository.list_accounts(db.conn)) == 0
        assert sum(repository.account_counts(db.conn).values()) == 0
    imports.drop_staged(store, staged)
    assert sizes(store) == before


def test_what_a_crash_left_between_the_two_steps_is_taken_away_after_a_day(store: Store) -> None:
    before = sizes(store)
    imports.stage_accounts(store, plan_of(store))
    with store.write() as uow:
        assert imports.drop_left_behind(uow) == 0
    store.clock.now += imports.LEFT_BEHIND_AFTER + 1  # type: ignore[attr-defined]
    dropped = 0
    while True:
        with store.write() as uow:
            step = imports.drop_left_behind(uow)
        if not step:
            break
        dropped += step
    assert dropped == COUNT
    assert sizes(store) == before


@pytest.mark.parametrize("count", [20, COUNT])
@pytest.mark.parametrize("where", ["apply_accounts", "store_plan"])
def test_a_failure_in_the_middle_leaves_nothing_half_done(
    store: Store, monkeypatch: pytest.MonkeyPatch, count: int, where: str
) -> None:
    before = sizes(store)
    real = getattr(provision, where)

    def fails(*args, **options):
        real(*args, **options)
        raise ConnectionError("gone")

    monkeypatch.setattr(provision, where, fails)
    with pytest.raises(ConnectionError):
        imports.import_accounts(store, plan_of(store, count), actor="t", creator_id=None)
    assert sizes(store) == before


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("count", [20, COUNT])
def test_a_connection_that_the_server_drops_in_the_middle_of_applying_leaves_nothing_half_done(
    store: Store, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    before = sizes(store)
    real = provision.store_plan

    def cut(conn, *args, **options):
        own = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with store.database.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
        return real(conn, *args, **options)

    monkeypatch.setattr(provision, "store_plan", cut)
    plan = plan_of(store, count)
    with pytest.raises(SQLAlchemyError):
        imports.import_accounts(store, plan, actor="t", creator_id=None)
    monkeypatch.undo()
    assert sizes(store) == before
    assert imports.import_accounts(store, plan, actor="t", creator_id=None)[1]


def test_an_address_given_away_while_a_large_import_was_staged_is_drift(store: Store) -> None:
    plan = plan_of(store)
    before = sizes(store)
    staged = imports.stage_accounts(store, plan)
    imports.import_accounts(store, plan_of(store, 1), actor="t", creator_id=None)
    with pytest.raises(provision.PlanDriftedError), store.write() as uow:
        imports.write_accounts(uow, plan, body="{}", actor="t", creator_id=None, staged=staged)
    imports.drop_staged(store, staged)
    assert sizes(store)[0] == before[0] + 1

"""The real case: on 1 July 2025 the district tier went and some 140 communes became about 50."""

import time
from datetime import date

import pytest
from sqlalchemy import Connection

from bench import province_2025
from directory import passwords, provision, reorganise, repository
from directory.scope import SERVER
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_units, plan_accounts
from tests.directory.structure import structure
from tests.directory.test_reorganise import take_back

JULY = date(2025, 7, 1)


def province(conn: Connection) -> None:
    """6,041 boxes: the province's offices, twelve districts, 140 communes with three units under each."""
    import_units(conn, province_2025.units_csv(), on=date(2024, 1, 1))
    rows = province_2025.accounts_csv(passwords.hash_password("Abc-12345"))
    plan = provision.seal(plan_accounts(conn, rows, on=date(2024, 1, 1)))
    created = provision.apply_accounts(
        conn, plan, at=NOW, actor="test", on_accounts_created=lambda _conn, _ids: None
    )
    assert len(created) == province_2025.ACCOUNTS
    for box, person in province_2025.readers():
        shared, reader = created[f"{box}@lamdong.gov.vn"], created[f"{person}@lamdong.gov.vn"]
        repository.grant(conn, shared, reader, repository.delegations.ALL_RIGHTS, NOW)


@pytest.mark.parametrize("empty", ["sqlite", "postgres"], indirect=True)
def test_the_reform_of_july_2025_is_planned_and_written_in_time(conn: Connection) -> None:
    province(conn)
    before = structure(conn)
    sheet = reorganise.read_acts(province_2025.reform_csv().encode())

    start = time.perf_counter()
    plan = reorganise.plan_reorganisation(conn, SERVER, sheet, on=JULY, at=NOW)
    assert plan.refused == ()
    body = reorganise.reorganisation_to_json(plan)
    planned = time.perf_counter()
    done = reorganise.apply_reorganisation(conn, plan, at=NOW, actor="test", on_joined=lambda _pairs: None)
    undo = done.to_json()
    held = time.perf_counter() - planned
    assert planned - start < 30  # 1 s measured, reading and working out; nobody waits for it
    assert held < 2, len(
        undo
    )  # the part that holds the writers' lock: 0.2 s (PostgreSQL 0.5) where the cores are free

    ended = province_2025.DISTRICTS + province_2025.COMMUNES - province_2025.REMAINING
    assert (body["end"], len(body["details"]["close"])) == (ended, plan.counts["close"])
    assert plan.counts["move"] > 900
    assert reorganise.structure_faults(conn, TODAY) == []
    kept = provision.store_plan(
        conn, "reorganisation", plan, at=NOW, actor="test", applied=True, body="{}", undo=undo
    )
    take_back(conn, kept)
    assert structure(conn) == before

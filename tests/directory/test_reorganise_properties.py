"""Any sequence of reorganisations, departures and undos: no orphan, no circle, no address with two owners, and back again."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from directory import life, provision, reorganise, repository
from directory.life import Departure, EndPost, LifeAct, Reason, SecondPost, Transfer
from directory.model import AddressKind, PlanId, PostRole
from directory.scope import SERVER
from directory.tables import addresses
from tests.directory.conftest import NOW, TODAY
from tests.directory.structure import structure
from tests.directory.test_reorganise import district, plan

__all__ = ["district"]

HEAD = "action,code,into,custodian,name,parent,domain\n"
CODES = st.sampled_from(["UB", "H", "A", "B", "C", "A1", "TU", "DA"])
PEOPLE = st.sampled_from(["heada", "clerka", "headb", "headc", "clerkc", "hoff", "it"])
LINES = st.one_of(
    st.builds("merge,{},{},,,,".format, CODES, CODES),
    st.builds("dissolve,{},{},it,,,".format, CODES, CODES),
    st.builds("split,{},{};{},,,,".format, CODES, CODES, CODES),
    st.builds("move,{},,,,{},".format, CODES, CODES),
    st.builds("rename,{},,,Tên mới,,".format, CODES),
    st.builds("readdress,{},,,,,moi.gov.vn".format, CODES),
)
ACTS: st.SearchStrategy[LifeAct] = st.one_of(
    st.builds(Transfer, PEOPLE, CODES, st.sampled_from(PostRole), st.just(""), st.booleans()),
    st.builds(SecondPost, PEOPLE, CODES, st.sampled_from(PostRole)),
    st.builds(EndPost, PEOPLE, CODES),
    st.builds(Departure, PEOPLE, st.sampled_from(Reason)),
)
STEPS = st.lists(
    st.one_of(st.lists(LINES, min_size=1, max_size=3).map(tuple), ACTS, st.integers(0, 5)),
    min_size=1,
    max_size=6,
)
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def reorganised(conn: Connection, lines: tuple[str, ...]) -> PlanId | None:
    found = plan(conn, reorganise.read_acts((HEAD + "\n".join(lines) + "\n").encode()))
    if found.refused or found.changes_nothing:
        return None
    done = reorganise.apply_reorganisation(conn, found, at=NOW, actor="test", on_joined=lambda _pairs: None)
    return kept(conn, "reorganisation", found, done.to_json())


def lived(conn: Connection, act: LifeAct) -> PlanId | None:
    found = life.plan_life(conn, SERVER, act, on=TODAY, at=NOW)
    if found.refused or found.changes_nothing:
        return None
    done = life.apply_life(
        conn, found, at=NOW, actor="test", on_joined=lambda _pairs: None, on_left=lambda _who: None
    )
    return kept(conn, "person", found, done.to_json())


def kept(conn: Connection, kind: str, found: provision.stored.Storable, undo: str) -> PlanId:
    return provision.store_plan(conn, kind, found, at=NOW, actor="test", applied=True, body="{}", undo=undo)


def undone(conn: Connection, plan_id: PlanId) -> bool:
    """Whether it was taken back; refused, it changes nothing."""
    before = structure(conn)
    conflicts: tuple[provision.Conflict, ...] = ()
    try:
        undo = provision.prepare_undo(conn, SERVER, plan_id, lambda _boxes: {})
        with conn.begin_nested():
            provision.carry_out_undo(conn, undo, at=NOW, actor="test")
    except provision.UndoRefusedError as refused:
        conflicts = refused.conflicts
    else:
        return True
    assert conflicts
    assert structure(conn) == before
    return False


def sound(conn: Connection, on: date = TODAY) -> None:
    """What holds whatever was done."""
    assert reorganise.structure_faults(conn, on) == []
    live = conn.execute(
        select(addresses.c.key, addresses.c.account_id, addresses.c.group_id).where(
            addresses.c.kind != AddressKind.RETIRED.value
        )
    ).all()
    assert max(Counter(row[0] for row in live).values()) == 1
    assert all((row[1] is None) != (row[2] is None) for row in live)


def check(conn: Connection, steps: list[tuple[str, ...] | LifeAct | int]) -> None:
    with conn.begin_nested() as savepoint:
        repository.add_domain(conn, "moi.gov.vn", NOW, lambda _conn, _ids: None)
        first = structure(conn)
        done: list[PlanId] = []
        for step in steps:
            if isinstance(step, int):
                if step < len(done) and undone(conn, done[step]):
                    del done[step]
            else:
                made = reorganised(conn, step) if isinstance(step, tuple) else lived(conn, step)
                done += [made] if made is not None else []
            sound(conn)
        for plan_id in reversed(done):
            assert undone(conn, plan_id)
            sound(conn)
        assert structure(conn) == first
        savepoint.rollback()


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
@given(steps=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_no_sequence_breaks_the_structure_and_all_of_it_can_be_taken_back(
    district: Connection, steps: list[tuple[str, ...] | LifeAct | int]
) -> None:
    check(district, steps)


@pytest.mark.parametrize("empty", ["postgres"], indirect=True)
@given(steps=STEPS)
@settings(max_examples=8, deadline=None, suppress_health_check=SLOW)
def test_the_same_on_postgresql(district: Connection, steps: list[tuple[str, ...] | LifeAct | int]) -> None:
    check(district, steps)


@pytest.mark.long
@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
@given(steps=STEPS)
@settings(max_examples=400, deadline=None, suppress_health_check=SLOW)
@pytest.mark.timeout(600)
def test_no_long_search_finds_a_sequence_that_breaks_it(
    district: Connection, steps: list[tuple[str, ...] | LifeAct | int]
) -> None:
    check(district, steps)

"""The address book per reader: whom they may write to, and what changed since they looked."""

from datetime import timedelta

import pytest

from directory import address_book, repository, upkeep
from directory.address_book import ALL_OF_IT, START, Position
from directory.model import AccountKind, Branch
from directory.scope import SERVER
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_accounts, import_units

PEOPLE = """\
address,full_name,unit,kind,title
an,Nguyễn Văn An,SYT,personal,Chuyên viên
kbrep,K'Brếp,DAR,personal,Phó Chủ tịch
syt,Sở Y tế,SYT,unit,
may,Máy quét,SYT,service,
ha,Hoàng Thị Hà,TU,personal,
"""
EVERY = frozenset({"", *(branch.value for branch in Branch)})
STATE = frozenset({"", "state"})


@pytest.fixture
def book(conn):
    import_units(conn)
    import_accounts(conn, PEOPLE)
    return conn


def names(found):
    return {one.name for one in found}


def box(conn, local):
    found = repository.account_by_login(conn, local)
    assert found is not None
    return found


def test_people_and_units_are_in_it_machines_and_locked_boxes_are_not(book):
    upkeep.lock(book, SERVER, box(book, "kbrep"), actor="t", at=NOW)
    found = address_book.entries(book, EVERY, TODAY)
    assert names(found) == {"Nguyễn Văn An", "Sở Y tế", "Hoàng Thị Hà"}
    an = next(one for one in found if one.name == "Nguyễn Văn An")
    assert (an.family, an.middle, an.given, an.title, an.unit) == (
        "Nguyễn",
        "Văn",
        "An",
        "Chuyên viên",
        "Sở Y tế",
    )
    assert an.kind is AccountKind.PERSONAL


def test_only_branches_to_which_the_reader_may_write_are_seen(book):
    assert "Hoàng Thị Hà" not in names(address_book.entries(book, STATE, TODAY))
    assert "state" in address_book.branches_seen(book, box(book, "an").id, TODAY)


def changed(conn, branches, since):
    after = Position(since, ALL_OF_IT) if since else START
    return {
        (one.account_id, one.is_there) for _, one in address_book.changes_since(conn, branches, after, 100)
    }


def test_a_revision_tells_what_came_changed_and_went(book):
    assert address_book.is_stale(book, TODAY)
    first = address_book.refresh(book, TODAY)
    assert not address_book.is_stale(book, TODAY)
    assert len(changed(book, EVERY, 0)) == 4
    assert address_book.refresh(book, TODAY) == first
    upkeep.lock(book, SERVER, box(book, "kbrep"), actor="t", at=NOW)
    assert address_book.is_stale(book, TODAY)
    second = address_book.refresh(book, TODAY)
    assert changed(book, STATE, first) == {(box(book, "kbrep").id, False)}
    upkeep.unlock(book, SERVER, box(book, "kbrep"), actor="t", at=NOW)
    address_book.refresh(book, TODAY)
    assert changed(book, STATE, second) == {(box(book, "kbrep").id, True)}
    assert len(changed(book, STATE, 0)) == 3


def test_what_the_reader_never_saw_is_not_told_to_be_gone(book):
    first = address_book.refresh(book, TODAY)
    upkeep.lock(book, SERVER, box(book, "ha"), actor="t", at=NOW)
    address_book.refresh(book, TODAY)
    assert changed(book, STATE, first) == set()
    assert changed(book, EVERY, first) == {(box(book, "ha").id, False)}


def test_a_new_day_is_looked_at_anew(book):
    address_book.refresh(book, TODAY)
    assert address_book.is_stale(book, TODAY + timedelta(days=1))


def test_changes_come_in_portions_that_follow_one_another(book):
    address_book.refresh(book, TODAY)
    found, after = [], START
    while portion := address_book.changes_since(book, EVERY, after, 3):
        found += [change.account_id for _, change in portion]
        after = portion[-1][0]
    assert len(found) == len(set(found)) == 4

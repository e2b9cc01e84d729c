"""Strangers come again once; who did, and whom proof stands behind, is let in (RFC 6647)."""

import pytest

from config.settings import GreylistSettings
from mailsvc.services.greylist import DAY, HOUR, Stranger, forget, is_known, knock
from mailsvc.storage.edge_tables import greylist, greylist_known
from tests.support.mail import make_store
from tests.support.postgres import PostgresServer, postgres_server

RULE = GreylistSettings(mode="all")
WORLD = Stranger("192.0.2.0/24", "x@world.example", ("an@x.vn",), ())


__all__ = ["postgres_server"]


@pytest.fixture(params=["sqlite", "postgres"])
def store(tmp_path, request):
    url = ""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_store_database()
    store = make_store(tmp_path / "data", url)
    yield store
    store.close()


@pytest.fixture
def clock(store):
    return store.clock


def knocks(store, stranger=WORLD, rule=RULE):
    with store.write() as uow:
        return knock(uow, stranger, rule)


def test_the_first_visit_and_one_too_soon_are_asked_to_come_again(store, clock):
    assert not knocks(store)
    clock.now += RULE.delay_seconds - 1
    assert not knocks(store)
    clock.now += 1
    assert knocks(store)
    clock.now += 20 * DAY
    assert knocks(store)


def test_a_second_try_that_comes_too_late_is_a_first_one(store, clock):
    assert not knocks(store)
    clock.now += RULE.retry_hours * HOUR + 1
    assert not knocks(store)


def test_another_sender_recipient_or_network_is_another_stranger(store, clock):
    assert not knocks(store)
    clock.now += 400
    assert not knocks(store, Stranger("198.51.100.0/24", WORLD.reverse_path, WORLD.recipients, ()))
    assert not knocks(store, Stranger(WORLD.network, "y@world.example", WORLD.recipients, ()))
    assert not knocks(store, Stranger(WORLD.network, WORLD.reverse_path, ("an@x.vn", "bo@x.vn"), ()))
    assert knocks(store)


def test_a_list_that_numbers_its_senders_is_one_sender(store, clock):
    numbered = [Stranger("192.0.2.0/24", f"bounce-{n}@world.example", ("an@x.vn",), ()) for n in (17, 18)]
    assert not knocks(store, numbered[0])
    clock.now += 400
    assert knocks(store, numbered[1])


def test_the_null_path_comes_again_too(store, clock):
    bounce = Stranger("192.0.2.0/24", "", ("an@x.vn",), ())
    assert not knocks(store, bounce)
    clock.now += 400
    assert knocks(store, bounce)


def test_a_proven_domain_that_came_again_once_is_known_from_everywhere(store, clock):
    proven = Stranger("192.0.2.0/24", "x@world.example", ("an@x.vn",), ("world.example",))
    elsewhere = Stranger("203.0.113.0/24", "z@world.example", ("bo@x.vn",), ("world.example",))
    assert not knocks(store, proven)
    clock.now += 400
    assert knocks(store, proven)
    with store.read() as db:
        assert is_known(db, elsewhere, RULE)
        assert not is_known(db, Stranger("203.0.113.0/24", "z@world.example", ("bo@x.vn",), ()), RULE)
    clock.now += (RULE.keep_days + 1) * DAY
    assert not knocks(store, elsewhere)


def test_a_network_is_known_after_several_senders_came_again(store, clock):
    for number in range(RULE.known_after):
        sender = Stranger("192.0.2.0/24", f"{'abcdefgh'[number]}@world.example", ("an@x.vn",), ())
        assert not knocks(store, sender)
        clock.now += 400
        assert knocks(store, sender)
    assert knocks(store, Stranger("192.0.2.0/24", "new@other.example", ("bo@x.vn",), ()))


def test_housekeeping_forgets_who_did_not_come_again_and_who_was_not_here_for_long(store, clock):
    proven = Stranger("192.0.2.0/24", "x@world.example", ("an@x.vn",), ("world.example",))
    knocks(store, proven)
    clock.now += 400
    knocks(store, proven)
    knocks(store, Stranger("198.51.100.0/24", "q@w.example", ("an@x.vn",), ()))
    clock.now += RULE.retry_hours * HOUR + 1
    with store.write() as uow:
        assert not forget(uow, RULE)
        assert uow.conn.execute(greylist.select()).mappings().one()["passed"] == 1
    clock.now += RULE.keep_days * DAY
    with store.write() as uow:
        forget(uow, RULE)
        assert not uow.conn.execute(greylist.select()).all()
        assert not uow.conn.execute(greylist_known.select()).all()

"""Sign-ins of webmail end without use, by signing out, and everywhere at once."""

import hashlib

import pytest
from sqlalchemy import select

from mailsvc.services import web_sessions
from mailsvc.storage import tables
from mailsvc.storage.store import Store
from tests.mailsvc.services.conftest import People
from tests.support.mail import Clock

IDLE = 3600


@pytest.fixture
def secret(store: Store, people: People) -> str:
    return sign_in(store, people)


def sign_in(store: Store, people: People) -> str:
    with store.write() as uow:
        return web_sessions.open_session(uow, people.an.account_id, "192.0.2.1", "Firefox")


def is_good(store: Store, secret: str) -> bool:
    with store.read() as db:
        return web_sessions.session(db, secret, IDLE) is not None


def clock_of(store: Store) -> Clock:
    assert isinstance(store.clock, Clock)
    return store.clock


def test_the_cookie_itself_is_nowhere(store: Store, people: People, secret: str) -> None:
    with store.read() as db:
        (row,) = db.conn.execute(select(tables.web_sessions)).all()
    assert row.id_hash == hashlib.sha256(secret.encode()).digest()
    assert secret not in str(row)
    assert row.csrf != secret


@pytest.mark.parametrize("guess", ["", "x", "\0", "\udc80", "é" * 100_000])
def test_a_guess_is_nobody(store: Store, secret: str, guess: str) -> None:
    assert not is_good(store, guess)
    assert is_good(store, secret)


def test_a_session_ends_after_so_long_without_use(store: Store, secret: str) -> None:
    clock_of(store).now += IDLE
    assert is_good(store, secret)
    clock_of(store).now += 1
    assert not is_good(store, secret)


def test_use_prolongs_it_and_is_written_now_and_then_only(store: Store, secret: str) -> None:
    for _ in range(3):
        clock_of(store).now += IDLE - 10
        with store.write() as uow:
            found = web_sessions.session(uow, secret, IDLE)
            assert found is not None
            assert found.must_be_touched
            web_sessions.touch(uow, secret)
    with store.read() as db:
        found = web_sessions.session(db, secret, IDLE)
        assert found is not None
        assert not found.must_be_touched


def test_signing_out_ends_one_and_a_new_password_all(store: Store, people: People, secret: str) -> None:
    other, third = sign_in(store, people), sign_in(store, people)
    with store.write() as uow:
        web_sessions.close_session(uow, secret)
    assert [is_good(store, one) for one in (secret, other, third)] == [False, True, True]
    with store.write() as uow:
        web_sessions.close_all(uow, people.binh.account_id)
    assert is_good(store, other)
    with store.write() as uow:
        web_sessions.close_all(uow, people.an.account_id)
    assert [is_good(store, one) for one in (other, third)] == [False, False]


def test_housekeeping_takes_only_what_has_ended(store: Store, people: People, secret: str) -> None:
    clock_of(store).now += IDLE
    fresh = sign_in(store, people)
    clock_of(store).now += 1
    with store.write() as uow:
        web_sessions.close_idle(uow, IDLE)
    with store.read() as db:
        assert len(db.conn.execute(select(tables.web_sessions)).all()) == 1
    assert is_good(store, fresh)


def test_choices_are_kept_and_bounded(store: Store, people: People) -> None:
    with store.write() as uow:
        web_sessions.prefer(uow, people.an.account_id, {"language": "en"})
        web_sessions.prefer(uow, people.an.account_id, {"signature": "Trân trọng"})
        web_sessions.prefer(uow, people.an.account_id, {"signature": "x" * 30_000})
        web_sessions.prefer(uow, people.an.account_id, {str(number): "x" for number in range(100)})
    with store.read() as db:
        assert web_sessions.preferences(db, people.an.account_id) == {
            "language": "en",
            "signature": "Trân trọng",
        }
        assert web_sessions.preferences(db, people.binh.account_id) == {}

"""A challenge is claimed once, soon, for its purpose and account; sessions and challenges in both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsvc.model.errors import TooManyGuesses
from mailsvc.services import challenges, web_sessions
from mailsvc.services.challenges import BURST, Patience
from mailsvc.services.web_sessions import Stage
from mailsvc.storage.store import Store
from tests.support.mail import Clock, add_account, make_store
from tests.support.postgres import PostgresServer, postgres_server

__all__ = ["postgres_server"]
IDLE = 3600


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = ""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_store_database()
    store = make_store(tmp_path / "data", url)
    yield store
    store.close()


def clock_of(store: Store) -> Clock:
    assert isinstance(store.clock, Clock)
    return store.clock


def test_a_challenge_is_answered_once_for_its_purpose_and_account(either: Store) -> None:
    with either.write() as uow:
        word = challenges.ask(uow, "passkey.use", {"challenge": "abc"}, 7)
        for purpose, account in (("passkey.make", 7), ("passkey.use", 8), ("passkey.use", 0)):
            assert challenges.answered(uow, purpose, word, account) is None
        assert challenges.answered(uow, "passkey.use", "\ud800", 7) is None
        assert challenges.answered(uow, "passkey.use", word, 7) == {"challenge": "abc"}
        assert challenges.answered(uow, "passkey.use", word, 7) is None


def test_a_challenge_is_answered_soon_or_never(either: Store) -> None:
    with either.write() as uow:
        word = challenges.ask(uow, "oidc", {})
    clock_of(either).now += challenges.SECONDS + 1
    with either.write() as uow:
        assert challenges.answered(uow, "oidc", word) is None
        challenges.ask(uow, "oidc", {})
        left = uow.conn.exec_driver_sql("SELECT count(*) FROM web_challenges").scalar()
    assert left == 1  # what nobody claimed is forgotten


def test_half_a_sign_in_waits_ten_minutes_and_is_in_no_list(either: Store) -> None:
    with either.write() as uow:
        an = add_account(uow, "an")
        half = web_sessions.open_session(uow, an, "192.0.2.1", "Firefox", Stage.SECOND_FACTOR)
        whole = web_sessions.open_session(uow, an, "192.0.2.1", "Firefox", proven_at=0)
    with either.read() as db:
        found = web_sessions.session(db, half, IDLE)
        assert found is not None
        assert found.stage is Stage.SECOND_FACTOR
        (row,) = web_sessions.sessions_of(db, an, whole, IDLE)
        assert row.is_this
        assert len(row.handle) == 2 * web_sessions.HANDLE_OCTETS
    with either.write() as uow:
        web_sessions.prove(uow, whole)
        assert not web_sessions.close_one(uow, an, "00" * web_sessions.HANDLE_OCTETS)
        proven = web_sessions.session(uow, whole, IDLE)
    assert proven is not None
    assert proven.proven_at == clock_of(either).now
    clock_of(either).now += web_sessions.HALF_SECONDS + 1
    with either.read() as db:
        assert web_sessions.session(db, half, IDLE) is None
        assert web_sessions.session(db, whole, IDLE) is not None
    with either.write() as uow:
        assert web_sessions.close_one(uow, an, row.handle)
        assert web_sessions.session(uow, whole, IDLE) is None


def test_strangers_of_one_network_are_asked_only_so_often() -> None:
    now = [0.0]
    patience = Patience(lambda: now[0])
    for number in range(int(BURST)):
        patience.take(f"203.0.113.{number}")
    with pytest.raises(TooManyGuesses) as refused:
        patience.take("203.0.113.200")
    patience.take("198.51.100.1")
    now[0] += refused.value.args[0]
    patience.take("203.0.113.200")

"""IMAP SEARCH asks the index which letters are worth reading, and misses none (RFC 9051 §6.4.4, design §5)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsvc.services import find, index_mail
from search.engines.fts5 import Fts5Engine
from tests.support.mail import add_account, deliver, inbox, letter, make_store, principal

COUNT = find.NARROWED_FROM + 20
UIDS = list(range(1, COUNT + 1))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    data = tmp_path_factory.mktemp("narrowed") / "data"
    store = make_store(data)
    with store.write() as uow:
        an = principal(add_account(uow, "an"))
    for number in UIDS:
        body = f"Bão số {number % 7} vào Đạ Ròn, cấp {number}.\r\n".encode()
        deliver(store, letter(number, body=body), an.account_id)
    engine = Fts5Engine(data / "search.db", substrings=True)
    with store.read() as db:
        index_mail.step(db, engine, batch=COUNT - 10, max_text=10_000)  # the last ten have not been seen
        yield db, engine, inbox(db, an)
    engine.close()
    store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    needle=st.sampled_from(
        ["bao so 3", "Đạ Ròn", "ạ Rò", "cap 1", "khong co", "Mon, 2 Nov", "an@lam", "x", ""]
    ),
    field=st.sampled_from(["body", "text"]),
)
def test_what_the_index_leaves_out_does_not_hold_the_needle(world, needle, field):
    db, engine, place = world
    narrow = find.narrowed(db, engine, place, UIDS, field, needle, 10_000)
    assert find.matching(db, place, narrow, field, needle) == find.matching(db, place, UIDS, field, needle)


def test_it_leaves_out_most(world):
    db, engine, place = world
    assert len(find.narrowed(db, engine, place, UIDS, "body", "khong co o dau", 10_000)) == 10
    assert set(UIDS[-10:]) <= set(find.narrowed(db, engine, place, UIDS, "body", "bao so 3", 10_000))

"""Finding: what was acknowledged is found, what is not the reader's is not, whatever the index says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.model import Right
from mailsvc.model.errors import MailboxMissing
from mailsvc.model.ids import Uid
from mailsvc.services import find, index_mail, letters
from mailsvc.services.permissions import Principal
from mailsvc.storage import messages
from mailsvc.storage.store import Store
from search.engine import Document, Engine
from search.engines.fts5 import Fts5Engine
from tests.mailsvc.services.conftest import People, grant
from tests.support.mail import deliver, inbox, letter

BIG = 1_000_000


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Fts5Engine(tmp_path / "search.db")
    yield engine
    engine.close()


def found(store: Store, engine: Engine, who: Principal, text: str, account=None, **options) -> list[int]:
    with store.read() as db:
        result = find.search(db, engine, who, account or who.account_id, text, **options)
        return [int(one.entry.uid) for one in result.letters]


def index(store: Store, engine: Engine) -> None:
    with store.read() as db:
        while index_mail.step(db, engine, batch=7, max_text=BIG):
            pass


def test_a_letter_just_delivered_is_found_before_the_indexer_has_seen_it(
    store: Store, engine: Engine, people: People
) -> None:
    deliver(store, letter(1, body="Họp về bão số 5 tại Đạ Ròn.\r\n".encode()), people.an.account_id)
    for text in ("da ron", "bão số 5", "Đạ Ròn", "cong van so 1"):
        assert found(store, engine, people.an, text) == [1], text


def test_more_letters_than_the_indexer_has_caught_up_with_are_found_too(
    store: Store, engine: Engine, people: People
) -> None:
    for number in range(230):
        deliver(store, letter(number), people.binh.account_id)
    deliver(store, letter(999, body=b"hoa toc\r\n"), people.an.account_id)
    for number in range(230, 460):
        deliver(store, letter(number), people.binh.account_id)
    assert found(store, engine, people.an, "hoa toc") == [1]


def test_the_index_never_gives_a_right(store: Store, engine: Engine, people: People) -> None:
    deliver(store, letter(1, body=b"bi mat\r\n"), people.binh.account_id)
    index(store, engine)
    with store.read() as db:
        message = inbox(db, people.binh)
        entry = letters.entry(db, message, Uid(1))
        assert entry is not None
    # An index that is wrong about the owners of a letter.
    lie = Document(
        int(entry.message_id), 1, (int(people.an.account_id), int(people.binh.account_id)), body="bi mat"
    )
    engine.index([lie])
    assert found(store, engine, people.an, "bi mat") == []
    assert found(store, engine, people.binh, "bi mat") == [1]


def test_nobody_searches_the_box_of_another(store: Store, engine: Engine, people: People) -> None:
    deliver(store, letter(1), people.vanthu)
    for who in (people.an, people.scanner):
        with pytest.raises(MailboxMissing):
            found(store, engine, who, "cong van", people.vanthu)
    grant(store, people.vanthu, people.an, Right.READ)
    assert found(store, engine, people.an, "cong van", people.vanthu) == [1]


def test_a_deleted_letter_is_not_found_even_if_the_index_still_has_it(
    store: Store, engine: Engine, people: People
) -> None:
    for number in (1, 2):
        deliver(store, letter(number), people.an.account_id)
    index(store, engine)
    with store.write() as uow:
        letters.expunge(uow, inbox(uow, people.an), [(1, 1)])
    assert found(store, engine, people.an, "cong van") == [2]


def test_letters_that_are_gone_do_not_hide_the_others_behind_them(
    store: Store, engine: Engine, people: People
) -> None:
    for number in range(30):
        deliver(store, letter(number), people.an.account_id)
    index(store, engine)
    with store.write() as uow:
        letters.expunge(uow, inbox(uow, people.an), [(4, 30)])
    assert sorted(found(store, engine, people.an, "cong van", limit=5)) == [1, 2, 3]


def test_indexing_again_after_a_crash_changes_nothing(
    store: Store, engine: Engine, people: People, tmp_path: Path
) -> None:
    for number in range(20):
        deliver(store, letter(number), people.an.account_id)
    index(store, engine)
    before = found(store, engine, people.an, "cong van")
    with store.read() as db:
        # The crash: the documents are in, the watermark is that of an earlier step.
        done = [
            index_mail.document(db, message, index_mail.owners_of(db, message), BIG)
            for message in map(index_mail.MessageId, range(1, 21))
        ]
    engine.index([one for one in done if one is not None], watermark=5)
    index(store, engine)
    assert found(store, engine, people.an, "cong van") == before
    assert len(before) == 20
    with store.read() as db:
        assert not index_mail.step(db, engine, batch=7, max_text=BIG)


def test_an_index_that_was_lost_is_built_again(
    store: Store, engine: Engine, people: People, tmp_path: Path
) -> None:
    for number in range(20):
        deliver(store, letter(number), people.an.account_id)
    index(store, engine)
    fresh = Fts5Engine(tmp_path / "fresh.db")
    try:
        index(store, fresh)
        assert found(store, fresh, people.an, "cong van") == found(store, engine, people.an, "cong van")
    finally:
        fresh.close()


def test_a_letter_that_cannot_be_read_does_not_stop_the_indexer(
    store: Store, engine: Engine, people: People
) -> None:
    hostile = [
        b"",
        b"\xff" * 1000,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 500,
        b"Subject: =?x?b?!?=\r\n\r\n",
    ]
    for content in hostile:
        deliver(store, content, people.an.account_id)
    deliver(store, letter(1), people.an.account_id)
    index(store, engine)
    assert found(store, engine, people.an, "cong van so 1") == [5]


def test_who_gets_a_known_letter_finds_it_without_its_being_read_again(
    store: Store, engine: Engine, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(store, letter(1), people.an.account_id)
    index(store, engine)
    assert not found(store, engine, people.binh, "cong van")
    monkeypatch.setattr(messages, "readable", None)  # nobody reads it
    deliver(store, letter(1), people.binh.account_id)
    index(store, engine)
    assert len(found(store, engine, people.binh, "cong van")) == 1
    assert len(found(store, engine, people.an, "cong van")) == 1
    monkeypatch.undo()
    with store.read() as db:
        assert engine.stale(10)
        assert not index_mail.refresh(db, engine, 10, BIG)
        assert not engine.stale(10)
    assert len(found(store, engine, people.binh, "cong van")) == 1

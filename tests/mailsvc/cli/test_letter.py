"""`congvu letter`: what IT gives back, on an installation of its own."""

import pytest

from config.settings import StorageSettings
from mailsvc.cli.root import run
from mailsvc.services import letters
from mailsvc.services.permissions import place_by_name
from mailsvc.storage.store import Store
from tests.support.mail import add_account, deliver, inbox, letter, make_store, principal


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("CONGVU_LOCALE", "en")
    store = make_store(tmp_path / "data")
    (tmp_path / "data" / "congvu.toml").write_text('domain = "lamdong.example"\n')
    with store.write() as uow:
        account = add_account(uow, "an")
    for number in range(3):
        deliver(store, letter(number), account)
    with store.write() as uow:
        letters.expunge(uow, inbox(uow, principal(account)), [(1, 2)])
    store.close()
    return tmp_path / "data"


def held(data):
    store = Store(data, StorageSettings())
    with store.read() as db:
        account = db.conn.exec_driver_sql("SELECT id FROM accounts WHERE display_name = 'an'").scalar()
        count = place_by_name(db, principal(account), account, "INBOX").mailbox.exists
    store.close()
    return count


def test_deleted_letters_are_listed_and_come_back_with_yes(data, capsys):
    assert run(["--data", str(data), "letter", "deleted", "an@lamdong.example"]) == 0
    assert "Cong van so 1" in capsys.readouterr().out
    again = ["--data", str(data), "letter", "recover", "an@lamdong.example", "--hours", "999999"]
    assert run(again) == 0
    assert held(data) == 1
    assert run([*again, "--yes"]) == 0
    assert held(data) == 3


def test_a_letter_that_is_not_there_is_refused_and_a_wrong_id_is_wrong_usage(data):
    recover = ["--data", str(data), "letter", "recover", "an@lamdong.example"]
    assert run([*recover, "1:999", "--yes"]) == 1
    assert run([*recover, "one", "--yes"]) == 2
    assert run([*recover, "--yes"]) == 2
    assert run(["--data", str(data), "letter", "deleted", "nobody@lamdong.example"]) == 1

"""The drill: back up while letters come in, lose the machine, restore elsewhere, serve again."""

import hashlib
import json
import subprocess
import sys
import threading
import time

import pytest

from config.settings import StorageSettings
from directory.address import Address
from mailsvc.services import backup as backups
from mailsvc.services.receive import IncomingLetter, Recipient, prepare, receive
from mailsvc.services.verify import verify
from mailsvc.storage import messages
from mailsvc.storage.store import Store
from tests.crash.ledger import Ledger, check, held, send_by_lmtp
from tests.support.mail import DOMAIN, add_account, deliver, letter, make_store
from tests.support.service import Service

ACCOUNTS = ["an", "binh"]
PASSWORD = "Mat-khau-1"
SENDERS = 3


def drill(service: Service, copies, letters: int, backups: int) -> tuple[Ledger, dict[str, object]]:
    """A ledger of what was acknowledged before the last backup began, and what that backup said of itself."""
    ledger, before = Ledger(), Ledger()
    said: dict[str, object] = {}
    service.start()
    senders = [
        threading.Thread(
            target=send_by_lmtp, args=(service, ledger, number, ACCOUNTS, 1_000_000), daemon=True
        )
        for number in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    for run in range(1, backups + 1):
        deadline = time.monotonic() + 60
        while len(ledger.promised) < letters * run // backups and time.monotonic() < deadline:
            time.sleep(0.01)
        before = Ledger(promised=list(ledger.promised))
        said = json.loads(service.must("backup", str(copies), "--json"))
    assert len(ledger.promised) > len(before.promised), "no letter came while the backup ran"
    service.kill()
    for sender in senders:
        sender.join(20)
    return before, said


def test_what_was_acknowledged_before_the_backup_is_there_after_the_restore(tmp_path):
    copies = tmp_path / "copies"
    with Service(tmp_path / "data", web=False).init() as service:
        service.add_people(ACCOUNTS, PASSWORD)
        ledger, said = drill(service, copies, letters=400, backups=2)
    assert said["backup"] == 2
    with Service(tmp_path / "back", web=False) as restored:
        assert json.loads(restored.must("restore", str(copies), "--json"))["faults"] == []
        restored.must("verify")
        restored.start()
        check(restored, ledger, ACCOUNTS, PASSWORD)
        assert sum(len(held(restored, account, PASSWORD)[1]) for account in ACCOUNTS) == said["entries"]
        again = restored.command("restore", str(copies))
        assert again.returncode == 1
        assert "service runs" in again.stderr
        assert restored.stop() == 0


@pytest.mark.parametrize(
    "place", ["database/snapshot.part", "database/*.pack", "database/*.index", "segments/*"]
)
def test_a_killed_backup_is_not_there_and_the_next_one_is_whole(tmp_path, place):
    store = make_store(tmp_path / "data")
    (store.data_dir / "congvu.toml").write_text('domain = "lamdong.example"\n')
    with store.write() as uow:
        account = add_account(uow, "an")
    copies = tmp_path / "copies"
    for number in range(30):
        deliver(store, letter(number, body=b"x" * 70 + b"\r\n" * number * 100), account)
    command = [sys.executable, "-m", "mailsvc", "--data", str(store.data_dir), "backup", str(copies)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(copies.glob(place)):
        time.sleep(0.0002)
    process.kill()
    process.wait()
    whole = backups.backups(copies)  # the kill may have come too late
    for manifest in whole:
        restored = backups.restore(
            copies, tmp_path / f"back{manifest.number}", "test", number=manifest.number
        )
        assert (restored.entries, restored.faults) == (30, ())
    assert backups.take(store, copies).manifest.number == len(whole) + 1
    restored = backups.restore(copies, tmp_path / "back", "test")
    assert (restored.entries, restored.faults) == (30, ())
    again = Store(tmp_path / "back", StorageSettings())
    with again.read() as db:
        assert not verify(db).faults
    again.close()
    store.close()


def fingerprints(store: Store) -> dict[tuple[str, str, int], str]:
    """SHA-256 of BODY[] of every entry, by account, mailbox and UID."""
    query = """SELECT a.display_name, m.name, e.uid, e.message_id, e.own_trace, t.octets FROM entries e
        LEFT JOIN traces t ON t.message_id = e.message_id AND t.number = e.trace_number
        JOIN mailboxes m ON m.id = e.mailbox_id JOIN accounts a ON a.id = m.account_id"""
    with store.read() as db:
        return {
            (row[0], row[1], row[2]): hashlib.sha256(
                bytes(row[4]) + bytes(row[5] or b"") + messages.content(db, row[3])
            ).hexdigest()
            for row in db.conn.exec_driver_sql(query)
        }


def test_a_thousand_accounts_come_back_hash_equal(tmp_path):
    store = make_store(tmp_path / "data", segment_bytes=1 << 20, large_piece_bytes=1 << 16)
    with store.write() as uow:
        accounts = [add_account(uow, f"a{number}") for number in range(1000)]
    with store.write() as uow:
        for number, account in enumerate(accounts):
            for to in ((account,), (account, accounts[number - 1])):
                content = letter(number * 10 + len(to), body=b"%d x\r\n" % number * (number % 500))
                receive(
                    uow,
                    IncomingLetter(
                        prepare(content, store.pieces),
                        b"Return-Path: <>\r\n",
                        "",
                        (Recipient(Address("an", DOMAIN), to),),
                    ),
                )
    taken = backups.take(store, tmp_path / "copies")
    started = time.monotonic()
    restored = backups.restore(tmp_path / "copies", tmp_path / "back", "test")
    seconds = time.monotonic() - started
    again = Store(tmp_path / "back", StorageSettings())
    held_now = fingerprints(again)
    again.close()
    assert held_now == fingerprints(store)
    assert (len(held_now), restored.faults) == (3000, ())
    print(f"1000 accounts, {len(held_now)} entries: backup {taken.seconds:.2f} s, restore {seconds:.2f} s")
    assert seconds < 60
    store.close()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_drill_with_many_letters_and_backups(tmp_path):
    copies = tmp_path / "copies"
    with Service(tmp_path / "data", web=False).init() as service:
        service.add_people(ACCOUNTS, PASSWORD)
        ledger, said = drill(service, copies, letters=20_000, backups=20)
    with Service(tmp_path / "back", web=False) as restored:
        started = time.monotonic()
        restored.must("restore", str(copies))
        print(
            f"{said['entries']} letters, backup {said['seconds']} s, restore {time.monotonic() - started:.1f} s"
        )
        restored.start()
        check(restored, ledger, ACCOUNTS, PASSWORD)
        assert restored.stop() == 0

"""The drill: back up while letters come in, lose the machine, restore elsewhere, serve again."""

import json
import threading
import time

import pytest

from tests.crash.ledger import Ledger, check, held, send_by_lmtp
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

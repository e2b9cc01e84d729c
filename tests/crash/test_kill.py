"""`kill -9` in the middle of deliveries: every letter that was acknowledged is there, once."""

import threading
import time

import pytest

from tests.crash.ledger import Ledger, check, send_by_lmtp
from tests.support.service import Service

ACCOUNTS = ["an", "binh", "chi", "dung"]
PASSWORD = "Mat-khau-1"
SENDERS = 6


def deliver_and_kill(service: Service, letters: int, kills: int) -> Ledger:
    """Senders as fast as they can; the whole service is killed when a share of the letters is acknowledged."""
    ledger = Ledger()
    for kill in range(1, kills + 1):
        goal = letters * kill // kills
        service.start()
        senders = [
            threading.Thread(
                target=send_by_lmtp,
                args=(service, ledger, kill * 100 + number, ACCOUNTS, letters),
                daemon=True,
            )
            for number in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        deadline = time.monotonic() + 90
        while len(ledger.promised) < goal and time.monotonic() < deadline:
            time.sleep(0.002)
        service.kill()
        for sender in senders:
            sender.join(20)
        assert len(ledger.promised) >= goal
    return ledger


@pytest.fixture
def service(tmp_path):
    with Service(tmp_path / "data", web=False).init() as service:
        service.add_people(ACCOUNTS, PASSWORD)
        yield service


def test_after_kill_9_every_acknowledged_letter_is_there_once(service):
    ledger = deliver_and_kill(service, letters=600, kills=3)
    service.start()
    check(service, ledger, ACCOUNTS, PASSWORD)
    assert service.stop() == 0


@pytest.mark.long
@pytest.mark.timeout(900)
def test_after_kill_9_in_the_middle_of_10_000_deliveries_nothing_is_lost_or_doubled(service):
    ledger = deliver_and_kill(service, letters=10_000, kills=10)
    service.start()
    check(service, ledger, ACCOUNTS, PASSWORD)
    print(f"acknowledged {len(ledger.promised)}, lost 0, doubled 0, refused {len(ledger.refused)}")
    assert service.stop() == 0

"""`kill -9` while letters go out: none is lost, and none is sent twice but those whose 250 was on its way (issue 7)."""

import re
import smtplib
import ssl
from collections import Counter

import pytest

from mailsvc.net.limits import TrustedNetworks
from mailsvc.smtp.server import SmtpListener
from tests.mailsvc.smtp.support import LoopThread, OpenRules
from tests.support.service import Service

LETTERS = 60
"""Between two kills."""
KILLS = 2
CONNECTIONS = 5


def submit(service, sender, numbers):
    """Every letter of these numbers is acknowledged."""
    with smtplib.SMTP(*service.address("submission")) as client:
        client.starttls(context=ssl._create_unverified_context())
        client.login(sender, "Mat-khau-1")
        for number in numbers:
            content = f"From: {sender}\r\nSubject: no-{number}\r\n\r\nx\r\n"
            assert client.sendmail(sender, [f"a{number}@x.vn"], content) == {}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_letters_survive_kills_and_are_doubled_only_where_nobody_can_know(tmp_path):
    rules = OpenRules()
    with LoopThread() as thread:
        listener = SmtpListener(rules, trusted=TrustedNetworks([]), tls=None)
        port = thread.run(listener.start("127.0.0.1", 0))
        environ = {
            "CONGVU_QUEUE__SMART_HOST": f"127.0.0.1:{port}",
            "CONGVU_QUEUE__MAX_CONNECTIONS": str(CONNECTIONS),
            "CONGVU_QUEUE__MAX_CONNECTIONS_PER_DOMAIN": str(CONNECTIONS),
        }
        with Service(tmp_path / "data", web=False, **environ) as service:
            service.init().add_people(["an"])
            sender = f"an@{service.domain}"
            acknowledged = 0
            for turn in range(KILLS + 1):
                service.start()
                submit(service, sender, range(acknowledged, acknowledged + LETTERS))
                acknowledged += LETTERS
                if turn < KILLS:
                    service.kill()
            for _ in range(60):
                if '"recipient"' not in service.must("queue", "list", "--json"):
                    break
            assert service.must("queue", "list", "--json").strip() == "[]"
            assert service.stop() == 0
        thread.run(listener.stop())
    arrived = Counter(int(re.search(rb"Subject: no-(\d+)", content)[1]) for content in rules.letters)
    assert set(arrived) == set(range(acknowledged))
    assert sum(arrived.values()) - len(arrived) <= KILLS * CONNECTIONS

"""The real service: what somebody reads over IMAP is counted when it stops, and not what a client polls."""

import imaplib
import sqlite3

from tests.support.mail import letter
from tests.support.service import Service


def used(service):
    with sqlite3.connect(service.data / "congvu.db") as db:
        return sorted(row[0] for row in db.execute("SELECT bits FROM usage_days"))


def client(service, name):
    imap = imaplib.IMAP4(*service.address("imap"))
    imap.login(f"{name}@{service.domain}", "Mat-khau-1")
    imap.append("INBOX", "", None, letter(1))
    imap.select("INBOX")
    return imap


def test_reading_over_imap_is_counted_and_polling_is_not(tmp_path):
    with Service(tmp_path / "data", web=False).init() as service:
        service.add_people(["an", "binh"])
        service.start()
        reads, polls = client(service, "an"), client(service, "binh")
        reads.fetch("1", "(BODY[])")
        for _ in range(3):
            polls.noop()
            polls.fetch("1:*", "(FLAGS BODY.PEEK[])")
        reads.logout()
        polls.logout()
        assert service.stop() == 0
        assert used(service) == [1, 3]  # signed in; signed in and read

"""Another's box, read with two approvals: over IMAP each opening is in the log, and nothing can be copied out."""

import pytest
from sqlalchemy import insert

from directory import audit
from directory.tables import reading_requests
from mailsvc.model.changes import DirectoryChanged
from tests.support.mail import DOMAIN, NOW


@pytest.fixture
def reader(imap):
    people = imap.house.people
    imap.house.fill(2, to="bob")
    row = {"account_id": people["bob"], "reader_id": people["alice"], "requester": "t", "reason": "kiểm tra"}
    dates = {"until_day": "2099-01-01", "requested_at": NOW, "approved_at": NOW}
    with imap.house.store.write() as uow:
        uow.conn.execute(insert(reading_requests).values(**row, **dates))
        uow.record(DirectoryChanged())
    imap.house.tell_news()
    return imap.alice


def log(imap):
    with imap.house.store.read() as db:
        return [(line.actor, line.act) for line in audit.lines(db.conn, subject=f"bob@{DOMAIN}")]


def test_each_letter_opened_is_written_down(imap, reader):
    listed = reader.does('LIST "" "*"')
    name = (
        next(line for line in listed if b"bob@" in line and b"INBOX" in line).rpartition(b' "/" ')[2].decode()
    )
    assert b"[READ-ONLY]" in reader.asks(f"SELECT {name}")[-1]
    reader.does("FETCH 1:* (FLAGS ENVELOPE)")
    assert [act for _, act in log(imap)] == ["reading.list"]
    reader.does("FETCH 1:2 BODY.PEEK[]")
    assert log(imap)[0] == (f"alice@{DOMAIN}", "reading.open")
    reader.refuses("COPY 1 INBOX")
    assert not any(b"Seen" in line for line in imap.bob.does("SELECT INBOX") if b"FETCH" in line)

"""That people use their boxes is kept once a day; what they read is not, and automatic mail is nobody's use."""

import pytest
from sqlalchemy import select

from directory.address import Address
from directory.model import Right
from mailsvc.mime.parse import parse
from mailsvc.mime.summary import summarise
from mailsvc.model.flags import SEEN
from mailsvc.services import letters, usage, web_sessions
from mailsvc.services.letters import FlagChange
from mailsvc.services.submit import OutgoingLetter, RemoteRecipient, submit
from mailsvc.services.usage import Usage, UsageBit
from mailsvc.storage.messages import prepare
from mailsvc.storage.tables import unit_letters, usage_days
from tests.mailsvc.services.conftest import grant
from tests.support.mail import DOMAIN, deliver, inbox, letter, make_store
from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
DAY = 86_400


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    store = make_store(tmp_path / "data", url)
    yield store
    store.close()


def days(store):
    with store.read() as db:
        return {tuple(row) for row in db.conn.execute(select(usage_days))}


def handled(store):
    with store.read() as db:
        return [
            tuple(row) for row in db.conn.execute(select(unit_letters).order_by(unit_letters.c.message_id))
        ]


def send(store, who, sender, content, *, remote=()):
    outgoing = OutgoingLetter(
        prepare(content, store.pieces), b"", b"", sender, (), tuple(RemoteRecipient(one) for one in remote)
    )
    with store.write() as uow:
        submit(uow, who, outgoing)


def test_a_bit_is_written_once_a_day_and_kinds_add_up(store):
    notes = Usage(store.clock)
    for _ in range(3):
        notes.note(7, 7, UsageBit.READ)
    notes.note(7, 7, UsageBit.SIGNED_IN)
    waiting = notes.take()
    assert [use[3] for use in waiting] == [UsageBit.READ | UsageBit.SIGNED_IN]
    for bits in (waiting, waiting):
        with store.write() as uow:
            usage.write(uow, bits)
    notes.note(7, 7, UsageBit.READ)
    assert notes.take() == []
    assert [row[3] for row in days(store)] == [3]
    store.clock.now += DAY
    notes.note(7, 7, UsageBit.READ)
    assert len(notes.take()) == 1


def test_what_could_not_be_written_waits_again(store):
    notes = Usage(store.clock)
    notes.note(7, 7, UsageBit.READ)
    notes.give_back(notes.take())
    assert len(notes.take()) == 1


def test_letters_that_a_person_sends_count_by_where_they_go(store, people):
    send(store, people.an, people.an.address, letter(1))
    send(store, people.an, people.an.address, letter(2), remote=[Address("a", "other.example")])
    (row,) = days(store)
    assert row[1:] == (people.an.account_id, people.an.account_id, UsageBit.SENT, 2, 1)


@pytest.mark.parametrize(
    ("field", "counts"),
    [
        (b"Auto-Submitted: auto-replied\r\n", False),  # RFC 3834 §5
        (b"Auto-Submitted: no\r\n", True),
        (b"Precedence: bulk\r\n", False),
        (b"Precedence: first-class\r\n", True),
        (b"", True),
    ],
)
def test_automatic_letters_are_nobody_s_use(store, people, field, counts):
    content = field + letter(1)
    assert summarise(content, parse(content)).is_automatic is not counts
    send(store, people.an, people.an.address, content)
    assert bool(days(store)) is counts


def test_a_service_account_is_no_person(store, people):
    send(store, people.scanner, people.scanner.address, letter(1))
    assert not days(store)


def test_the_first_to_open_and_the_first_to_answer_a_unit_s_letter_stay(store, people):
    unit = people.vanthu
    for who in (people.an, people.binh):
        grant(store, unit, who, Right.READ | Right.ACT | Right.SEND_AS)
    deliver(store, letter(1), unit, local="vanthu")
    deliver(store, letter(2), unit, local="vanthu")
    arrived = store.clock.now
    for who in (people.an, people.binh):
        store.clock.now += 3600
        with store.write() as uow:
            letters.store_flags(uow, inbox(uow, who, unit), [(1, 1)], FlagChange.ADD, SEEN)
    reply = letter(9, references=f"<1@{DOMAIN}>")
    send(store, people.binh, Address("vanthu", DOMAIN), reply)
    (row,) = handled(store)
    assert row[2:5] == (arrived, arrived + 3600, people.an.account_id)
    assert row[5:] == (arrived + 7200, people.binh.account_id)
    assert {row[1:4] for row in days(store)} == {(unit, people.binh.account_id, UsageBit.SENT)}


def test_marking_unread_and_junk_open_nothing(store, people):
    unit = people.vanthu
    grant(store, unit, people.an, Right.READ | Right.ACT)
    deliver(store, letter(1), unit, local="vanthu")
    with store.write() as uow:
        junk = inbox(uow, people.an, unit, "Junk")
        letters.move(uow, inbox(uow, people.an, unit), junk, [(1, 1)])
        letters.store_flags(uow, junk, [(1, 1)], FlagChange.ADD, SEEN)
        letters.store_flags(uow, junk, [(1, 1)], FlagChange.REMOVE, SEEN)
    assert not handled(store)


def test_signing_in_to_webmail_is_use_of_the_own_box(store, people):
    with store.write() as uow:
        web_sessions.open_session(uow, people.an.account_id, "an", "browser")
    assert {row[1:4] for row in days(store)} == {
        (people.an.account_id, people.an.account_id, UsageBit.SIGNED_IN)
    }

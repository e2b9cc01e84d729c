"""Who may stand in From, and what becomes of an account that suddenly writes to hundreds outside (issue 7)."""

import pytest

from config.settings import SendingSettings
from directory import audit
from directory.address import Address
from directory.model import AccountKind, Right, vietnam_day
from directory.policies import PolicyName, Where, set_policy
from directory.repository import delegations
from directory.repository.boxes import account_by_id
from directory.scope import NOBODY, SERVER, OutOfScopeError
from mailsvc.model.errors import BadLetter, NotPermitted, SendingStopped, SendingTooFast
from mailsvc.services import sending
from mailsvc.services.authorship import authorship
from mailsvc.services.receive import prepare
from mailsvc.services.submit import OutgoingLetter, RemoteRecipient, submit
from mailsvc.storage import outbound
from tests.support.mail import DOMAIN, NOW, add_account, letter, make_store, principal

FREE = {
    "letters_per_minute": 0,
    "unit_letters_per_minute": 0,
    "outside_per_day": 0,
    "unit_outside_per_day": 0,
    "burst_outside": 0,
}


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data")
    yield store
    store.close()


@pytest.fixture
def an(store):
    with store.write() as uow:
        return principal(add_account(uow, "an"))


@pytest.fixture
def unit(store, an):
    with store.write() as uow:
        box = add_account(uow, "phong", AccountKind.UNIT)
        delegations.grant(uow.conn, box, an.account_id, Right.READ | Right.SEND_AS, NOW, None)
    return box


def says(store, who, *fields):
    with store.read() as db:
        return authorship(db, who, "".join(f"{field}\r\n" for field in fields).encode())


def test_ones_own_address_needs_no_sender(store, an):
    assert says(store, an, f"From: An <an@{DOMAIN}>").sender is None
    assert says(store, an, f"From: an+tin@{DOMAIN}").sender is None


def test_a_unit_speaks_and_sender_names_the_person(store, an, unit):
    found = says(store, an, f"From: Phòng <phong@{DOMAIN}>")
    assert found.sender is not None
    assert found.sender.address == f"an@{DOMAIN}"
    both = says(store, an, f"From: an@{DOMAIN}, phong@{DOMAIN}")
    assert len(both.authors) == 2
    assert both.sender is not None  # RFC 5322 §3.6.2: several authors, one sender


def test_a_letter_without_from_gets_ones_own(store, an):
    found = says(store, an, "Subject: x")
    assert found.missing is not None
    assert found.missing.address == f"an@{DOMAIN}"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ([f"From: bo@{DOMAIN}"], NotPermitted),
        ([f"From: an@{DOMAIN}, bo@{DOMAIN}"], NotPermitted),
        (["From: an@elsewhere.vn"], NotPermitted),
        ([f"From: phong@{DOMAIN}"], NotPermitted),  # without the right
        ([f"From: an@{DOMAIN}", f"From: bo@{DOMAIN}"], BadLetter),
        (["From: "], BadLetter),
        (["From: An"], BadLetter),
        ([f"From: <an@{DOMAIN}> <bo@{DOMAIN}>"], BadLetter),
        ([f"From: an@{DOMAIN} (", f" bo@{DOMAIN}"], BadLetter),
    ],
)
def test_the_address_of_another_is_refused(store, an, fields, error):
    with store.write() as uow:
        add_account(uow, "bo")
        add_account(uow, "phong", AccountKind.UNIT)
    with pytest.raises(error):
        says(store, an, *fields)


def send(store, who, *, outside=1, at=None, **limits):
    if at is not None:
        store.clock.now = at
    with store.write() as uow:
        return submit(
            uow,
            who,
            OutgoingLetter(
                prepare(letter(outside), store.pieces),
                b"",
                b"",
                who.address,
                (),
                tuple(RemoteRecipient(Address(f"x{number}", "w.example")) for number in range(outside)),
                limits=SendingSettings(**(FREE | limits)),
            ),
        )


def test_letters_in_a_minute_are_bounded_and_the_next_minute_is_new(store, an):
    for _ in range(3):
        send(store, an, letters_per_minute=3)
    with pytest.raises(SendingTooFast):
        send(store, an, letters_per_minute=3)
    send(store, an, at=NOW + 61, letters_per_minute=3)


def test_recipients_outside_in_a_day_are_bounded(store, an):
    send(store, an, outside=10, outside_per_day=10)
    with pytest.raises(SendingTooFast):
        send(store, an, at=NOW + 3600, outside_per_day=10)
    send(store, an, at=NOW + 86_400, outside_per_day=10)


def test_an_account_that_suddenly_writes_to_hundreds_is_stopped_and_its_letter_held(store, an):
    send(store, an, outside=200, burst_outside=300)
    send(store, an, at=NOW + 600, outside=150, burst_outside=300)
    with pytest.raises(SendingStopped):
        send(store, an, burst_outside=300)
    with store.read() as db:
        states = [recipient.state for _, recipient in outbound.waiting(db, 1000)]
        assert (states.count("waiting"), states.count("held")) == (200, 150)
        stop = sending.stop_of(db, an.account_id)
        assert stop is not None
        assert (stop.outside, stop.address) == (350, f"an@{DOMAIN}")
        assert stop.letter_id == 2
        assert [one.address for one in sending.stops(db, SERVER)] == [f"an@{DOMAIN}"]
        assert sending.stops(db, NOBODY) == []
        assert audit.lines(db.conn)[0].act == "sending.stop"


def test_slow_writing_to_many_stops_nobody(store, an):
    for hour in range(6):
        send(store, an, at=NOW + hour * 3700, outside=100, burst_outside=300)


def test_an_administrator_in_scope_releases_it(store, an):
    send(store, an, outside=400, burst_outside=300)
    with store.write() as uow:
        account = account_by_id(uow.conn, an.account_id)
        with pytest.raises(OutOfScopeError):
            sending.release(uow, NOBODY, account, actor="x", reason="y")
        assert sending.release(uow, SERVER, account, actor="cli:root", reason="đổi mật khẩu")
        assert audit.lines(uow.conn)[0].act == "sending.release"
    send(store, an, burst_outside=300)


def test_the_directorys_policy_comes_before_the_settings(store, an):
    with store.write() as uow:
        set_policy(
            uow.conn, SERVER, PolicyName.SENDING, Where(), {"letters_per_minute": 1}, on=vietnam_day(NOW),
            actor="cli:root", at=NOW,
        )  # fmt: skip
    send(store, an, letters_per_minute=50)
    with pytest.raises(SendingTooFast):
        send(store, an, letters_per_minute=50)
    # What the policy does not name is as the settings say.
    with pytest.raises(SendingTooFast):
        send(store, an, at=NOW + 61, outside=5, outside_per_day=1)

"""An operator holds, hurries, drops and routes with a reason; and everybody learns where their own letters are, no more."""

import pytest

from directory import audit
from directory.address import Address
from directory.scope import NOBODY, SERVER, OutOfScopeError, Scope
from mailsvc.model.errors import LetterMissing
from mailsvc.services import queue_routes, queue_view
from mailsvc.services.receive import Recipient, prepare
from mailsvc.services.submit import OutgoingLetter, RemoteRecipient, submit
from mailsvc.services.trace_letters import Asker, trace
from mailsvc.storage import outbound, outbound_history
from tests.support.mail import DOMAIN, add_account, letter, make_store, principal


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data")
    yield store
    store.close()


@pytest.fixture
def people(store):
    with store.write() as uow:
        return {name: principal(add_account(uow, name), name) for name in ("an", "bo", "cu")}


@pytest.fixture
def sent(store, people):
    """A letter of an to bo here, and to x and y outside."""
    with store.write() as uow:
        submit(
            uow,
            people["an"],
            OutgoingLetter(
                prepare(letter(7).replace(b"vanthu", b"an"), store.pieces),
                b"Return-Path: <>\r\n",
                b"",
                Address("an", DOMAIN),
                (Recipient(Address("bo", DOMAIN), (people["bo"].account_id,)),),
                (RemoteRecipient(Address("x", "w.example")), RemoteRecipient(Address("y", "w.example"))),
            ),
        )
        ((queued, first), _) = outbound.waiting(uow, 10)
        outbound.set_state(uow, first.id, "sent", next_attempt=0, reply="250 2.0.0 ok")
        outbound_history.add(uow, queued.id, [first.id], "tried", "mx.w.example: 250 2.0.0 ok")
    return queued.id


def act(store, what, letter_id, **options):
    with store.write() as uow:
        return queue_view.do(uow, what, letter_id, actor="cli:root", **({"reason": "vì sao"} | options))


def states(store, letter_id):
    with store.read() as db:
        return [one.state for one in queue_view.story(db, letter_id).recipients]


def test_hold_retry_and_drop_leave_a_history_with_reasons(store, sent):
    assert act(store, "hold", sent) == 1
    assert states(store, sent) == ["sent", "held"]
    assert act(store, "retry", sent) == 1
    assert states(store, sent) == ["sent", "waiting"]
    assert act(store, "hold", sent, address="x@w.example") == 0
    assert act(store, "drop", sent, address="y@w.example") == 1
    assert states(store, sent) == ["sent", "dropped"]
    assert act(store, "drop", sent) == 0
    with store.read() as db:
        story = queue_view.story(db, sent)
        assert [(line.event, line.text, line.actor) for line in story.recipients[1].history] == [
            ("held", "vì sao", "cli:root"),
            ("released", "vì sao", "cli:root"),
            ("dropped", "vì sao", "cli:root"),
        ]
        assert queue_view.waiting(db, 10) == []
        assert [line.act for line in audit.lines(db.conn)][:3] == ["queue.drop", "queue.retry", "queue.hold"]


def test_an_administrator_without_scope_sees_and_does_nothing(store, sent):
    nobody = Scope(None)
    with store.read() as db:
        assert queue_view.waiting(db, 10, nobody) == []
        with pytest.raises(LetterMissing):
            queue_view.story(db, sent, nobody)
    with pytest.raises((LetterMissing, OutOfScopeError)):
        act(store, "drop", sent, scope=nobody)


def test_routes_of_the_operator_come_before_the_settings(store):
    from config.settings import QueueSettings

    settings = QueueSettings(routes={"x.vn": "old:25", "Y.vn": "y:25"})
    with store.write() as uow:
        queue_routes.set_route(uow, "x.vn", "new:25", actor="cli:root", reason="máy cũ hỏng")
        queue_routes.set_route(uow, "x.vn", "newer:25", actor="cli:root", reason="máy mới")
    with store.write() as uow:
        assert queue_routes.routes_now(uow, settings) == {"x.vn": "newer:25", "y.vn": "y:25"}
        assert queue_routes.drop_route(uow, "x.vn", actor="cli:root")
        assert not queue_routes.drop_route(uow, "x.vn", actor="cli:root")
        assert queue_routes.routes_now(uow, settings)["x.vn"] == "old:25"


def where(store, asker, wanted=f"7@{DOMAIN}"):
    with store.write() as uow:
        return [(stop.address, stop.state) for found in trace(uow, asker, wanted) for stop in found.stops]


def test_the_sender_and_the_console_see_the_whole_way(store, people, sent):
    whole = [(f"bo@{DOMAIN}", "delivered"), ("x@w.example", "sent"), ("y@w.example", "waiting")]
    assert where(store, Asker(scope=SERVER, name="cli:root")) == whole
    assert where(store, Asker(boxes=frozenset({people["an"].account_id}))) == whole
    with store.read() as db:
        assert audit.lines(db.conn)[0].act == "mail.trace"


def test_a_recipient_sees_their_own_box_only_and_a_stranger_nothing(store, people, sent):
    assert where(store, Asker(boxes=frozenset({people["bo"].account_id}))) == [(f"bo@{DOMAIN}", "delivered")]
    assert where(store, Asker(boxes=frozenset({people["cu"].account_id}))) == []
    assert where(store, Asker(scope=NOBODY)) == []


def test_an_address_finds_its_letters(store, sent):
    console = Asker(scope=SERVER, name="cli:root")
    assert (f"bo@{DOMAIN}", "delivered") in where(store, console, f"bo@{DOMAIN}")
    assert ("x@w.example", "sent") in where(store, console, "x@w.example")
    assert ("x@w.example", "sent") in where(store, console, f"an@{DOMAIN}")
    assert where(store, console, "nobody@nowhere.example") == []
    assert where(store, console, "no address") == []

"""A letter sets out: only from whom it may, and its copies, deliveries and queue rows together or not at all."""

import pytest
from sqlalchemy import update

from directory.address import Address, parse_address
from directory.model import AccountId, AccountState, Right
from directory.tables import accounts
from mailsvc.model.errors import NotPermitted, OverQuota
from mailsvc.model.flags import SEEN
from mailsvc.services import mailbox_tree, queue_view, view
from mailsvc.services.permissions import OWNER, Principal, sending_addresses
from mailsvc.services.receive import Outcome, prepare
from mailsvc.services.sign_in import principal
from mailsvc.services.submit import OutgoingLetter, Submitted, sort_recipients, submit
from mailsvc.storage.store import Store
from tests.mailsvc.services.conftest import People, grant
from tests.support.mail import DOMAIN, add_account, inbox, letter


def address(local: str, domain: str = DOMAIN) -> Address:
    return Address(local, domain)


def outgoing(
    store: Store,
    sender: Address | None,
    *to: str,
    content: bytes | None = None,
    sent_of: AccountId | None = None,
) -> OutgoingLetter:
    with store.read() as db:
        found = sort_recipients(db, tuple(parse_address(text) for text in to))
    assert not found.unknown
    return OutgoingLetter(
        prepare(content or letter(7), store.pieces),
        b"Received: x\r\n",
        b"Received: x\r\n",
        sender,
        found.local,
        found.remote,
        keep_in_sent_of=sent_of,
    )


def send(store: Store, who: Principal, what: OutgoingLetter) -> Submitted:
    with store.write() as uow:
        return submit(uow, who, what)


def count(store: Store, who: Principal, account: AccountId | None = None, name: str = "INBOX") -> int:
    with store.read() as db:
        return len(view.Snapshots().of(db, inbox(db, who, account, name)).uids)


def waiting(store: Store) -> list[str]:
    with store.read() as db:
        return [item.recipient for item in queue_view.waiting(db, 100)]


def test_one_unit_delivers_queues_and_keeps_a_copy(store: Store, people: People) -> None:
    done = send(
        store,
        people.an,
        outgoing(store, address("an"), f"binh@{DOMAIN}", "x@world.example", sent_of=people.an.account_id),
    )
    assert done == Submitted((Outcome.DELIVERED,), 1)
    assert count(store, people.binh) == 1
    assert waiting(store) == ["x@world.example"]
    with store.read() as db:
        sent = view.Snapshots().of(db, inbox(db, people.an, name="Sent"))
        assert list(sent.flags) == [SEEN]


def test_nobody_sends_as_somebody_else(store: Store, people: People) -> None:
    for sender in (address("binh"), address("vanthu"), address("an", "world.example"), address("nobody")):
        with pytest.raises(NotPermitted):
            send(store, people.an, outgoing(store, sender, f"binh@{DOMAIN}", "x@world.example"))
    assert count(store, people.binh) == 0
    assert waiting(store) == []


def test_who_may_read_and_act_for_a_box_may_not_yet_send_as_it(store: Store, people: People) -> None:
    grant(store, people.vanthu, people.an, Right.READ | Right.ACT)
    with pytest.raises(NotPermitted):
        send(store, people.an, outgoing(store, address("vanthu"), f"binh@{DOMAIN}"))
    grant(store, people.vanthu, people.an, OWNER)
    send(store, people.an, outgoing(store, address("vanthu"), f"binh@{DOMAIN}", sent_of=people.vanthu))
    assert count(store, people.an, people.vanthu, "Sent") == 1


def test_a_copy_is_kept_only_where_one_may_send_from(store: Store, people: People) -> None:
    for elsewhere in (people.binh.account_id, people.vanthu):
        with pytest.raises(NotPermitted):
            send(store, people.an, outgoing(store, address("an"), f"an@{DOMAIN}", sent_of=elsewhere))
    assert count(store, people.an) == 0
    assert count(store, people.binh, name="Sent") == 0


@pytest.mark.parametrize("state", [AccountState.LOCKED, AccountState.ARCHIVED])
@pytest.mark.parametrize("sender", ["an", None])
def test_who_was_locked_meanwhile_sends_nothing_more(
    store: Store, people: People, state: AccountState, sender: str | None
) -> None:
    """A session of a stolen password is open for hours; the lock has to end it."""
    what = outgoing(store, address(sender) if sender else None, f"binh@{DOMAIN}")
    with store.write() as uow:
        uow.conn.execute(
            update(accounts).where(accounts.c.id == people.an.account_id).values(state=state.value)
        )
    with pytest.raises(NotPermitted):
        send(store, people.an, what)
    assert count(store, people.binh) == 0


def test_a_scanner_sends_as_itself(store: Store, people: People) -> None:
    assert send(store, people.scanner, outgoing(store, address("mayquet"), f"an@{DOMAIN}")).local == (
        Outcome.DELIVERED,
    )
    with pytest.raises(NotPermitted):
        send(store, people.scanner, outgoing(store, address("an"), f"an@{DOMAIN}"))


def test_a_full_sent_box_sends_nothing(store: Store, people: People) -> None:
    """Together or not at all: a letter without its copy would be sent again."""
    with store.write() as uow:
        full = principal(uow, add_account(uow, "day", quota=10))
    with pytest.raises(OverQuota):
        send(
            store,
            full,
            outgoing(store, address("day"), f"an@{DOMAIN}", "x@world.example", sent_of=full.account_id),
        )
    assert count(store, people.an) == 0
    assert waiting(store) == []


def test_a_full_box_among_others_waits_in_the_queue(store: Store, people: People) -> None:
    with store.write() as uow:
        add_account(uow, "day", quota=10)
    done = send(store, people.an, outgoing(store, address("an"), f"day@{DOMAIN}", f"binh@{DOMAIN}"))
    assert done.local == (Outcome.QUEUED, Outcome.DELIVERED)
    assert waiting(store) == [f"day@{DOMAIN}"]
    assert count(store, people.binh) == 1


def test_a_box_named_twice_gets_the_letter_once(store: Store, people: People) -> None:
    send(store, people.an, outgoing(store, address("an"), f"binh@{DOMAIN}", f"binh+viec@{DOMAIN}"))
    assert count(store, people.binh) == 1


def test_recipients_are_sorted_into_ours_the_worlds_and_nobodys(store: Store, people: People) -> None:
    texts = (
        f"an@{DOMAIN}",
        f"nobody@{DOMAIN}",
        "x@world.example",
        f"mayquet@{DOMAIN}",
        f"AN@{DOMAIN.upper()}",
    )
    with store.read() as db:
        found = sort_recipients(db, tuple(parse_address(text) for text in texts))
    assert [recipient.accounts for recipient in found.local] == [(people.an.account_id,)] * 2
    assert [str(remote.address) for remote in found.remote] == ["x@world.example"]
    assert [unknown.local for unknown in found.unknown] == ["nobody", "mayquet"]


def test_ones_own_address_comes_first_whatever_the_alphabet_says(store: Store, people: People) -> None:
    with store.write() as uow:
        zung = principal(uow, add_account(uow, "zung"))
    grant(store, people.vanthu, zung, OWNER)
    with store.read() as db:
        assert [own.local for own in sending_addresses(db, zung)] == ["zung", "vanthu"]
        assert mailbox_tree.quota(db, zung.account_id)[0] == 0

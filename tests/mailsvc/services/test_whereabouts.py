"""A letter goes where its address leads when it is stored, whatever became of the directory since RCPT."""

from sqlalchemy import update

from directory import audit
from directory.address import Address
from directory.model import AccountId, AddressKind
from directory.repository import boxes, groups
from directory.tables import addresses
from mailsvc.services.addressees import Addressees
from mailsvc.services.receive import IncomingLetter, Outcome, Recipient, prepare, receive, resolve_recipient
from mailsvc.storage import mailboxes
from mailsvc.storage.store import Store
from tests.mailsvc.services.conftest import People
from tests.support.mail import DOMAIN, NOW, letter

OLD = Address("xa.cu", DOMAIN)


def exists(store: Store, account: AccountId) -> int:
    with store.read() as db:
        return mailboxes.by_name(db, account, "INBOX").exists


def arrives(store: Store, to: Recipient, number: int = 1) -> Outcome:
    content = prepare(letter(number), store.pieces)
    with store.write() as uow:
        (outcome,) = receive(uow, IncomingLetter(content, b"", "", (to,)))
    return outcome


def hand_on(store: Store, to: AccountId | None) -> None:
    """The alias becomes another box's, or nobody's, with its line in the audit log."""
    with store.write() as uow:
        row = addresses.c.key == OLD.key
        if to is None:
            uow.conn.execute(update(addresses).where(row).values(kind=AddressKind.RETIRED.value))
        else:
            uow.conn.execute(update(addresses).where(row).values(account_id=to))
        audit.record(uow.conn, "test", "unit.reorganise", "plan", {}, NOW)


def test_a_reorganisation_between_rcpt_and_data_is_obeyed(store: Store, people: People) -> None:
    with store.write() as uow:
        boxes.add_address(uow.conn, people.an.account_id, OLD, AddressKind.ALIAS, NOW)
    addressees = Addressees(store)
    with store.read() as db:
        once, cached = resolve_recipient(db, OLD), addressees.resolve(db, OLD)
    hand_on(store, people.binh.account_id)
    assert arrives(store, once, 1) is Outcome.DELIVERED
    assert arrives(store, cached, 2) is Outcome.DELIVERED
    assert (exists(store, people.an.account_id), exists(store, people.binh.account_id)) == (0, 2)
    with store.read() as db:  # no doorbell was rung here: the newest act tells
        assert addressees.resolve(db, OLD).accounts == (people.binh.account_id,)


def test_an_address_that_is_nobodys_meanwhile_reaches_nobody(store: Store, people: People) -> None:
    with store.write() as uow:
        boxes.add_address(uow.conn, people.an.account_id, OLD, AddressKind.ALIAS, NOW)
    with store.read() as db:
        to = resolve_recipient(db, OLD)
        detailed = resolve_recipient(db, Address("xa.cu+tin", DOMAIN))
    hand_on(store, None)
    assert arrives(store, to) is Outcome.MISSING
    assert arrives(store, detailed) is Outcome.MISSING
    assert exists(store, people.an.account_id) == 0


def test_a_detail_is_looked_up_again_too(store: Store, people: People) -> None:
    with store.write() as uow:
        boxes.add_address(uow.conn, people.an.account_id, OLD, AddressKind.ALIAS, NOW)
    with store.read() as db:
        to = resolve_recipient(db, Address("xa.cu+tin", DOMAIN))
    hand_on(store, people.binh.account_id)
    assert arrives(store, to) is Outcome.DELIVERED
    assert exists(store, people.binh.account_id) == 1


def test_who_left_a_group_before_the_letter_was_stored_does_not_get_it(store: Store, people: People) -> None:
    address = Address("nhom", DOMAIN)
    with store.write() as uow:
        members = [people.an.account_id, people.binh.account_id]
        group = groups.create_group(uow.conn, name="Nhóm", address=address, at=NOW, members=members)
    with store.read() as db:
        to = resolve_recipient(db, address)
    with store.write() as uow:
        groups.remove_members(uow.conn, group, [people.an.account_id])
        audit.record(uow.conn, "test", "group.remove", str(address), {}, NOW)
    assert arrives(store, to) is Outcome.DELIVERED
    assert (exists(store, people.an.account_id), exists(store, people.binh.account_id)) == (0, 1)

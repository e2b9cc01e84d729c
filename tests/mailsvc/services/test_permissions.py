"""Deny by default: nobody reaches a box that is not theirs and was not granted (design §6)."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from directory.model import AccountId, AccountState, Right
from directory.repository import delegations
from directory.tables import accounts
from mailsvc.model.errors import MailboxMissing, NotPermitted, WrongCredentials
from mailsvc.services import mailbox_tree, permissions, sign_in
from mailsvc.services.permissions import OWNER, place_by_name, rights_in, sending_addresses
from mailsvc.storage.store import Store
from tests.mailsvc.services.conftest import People, grant


def set_state(store: Store, account: AccountId, state: AccountState) -> None:
    with store.write() as uow:
        uow.conn.execute(update(accounts).where(accounts.c.id == account).values(state=state.value))


def test_everything_in_ones_own_box_and_nothing_in_any_other(store: Store, people: People) -> None:
    with store.read() as db:
        assert rights_in(db, people.an, people.an.account_id) == OWNER
        for other in (people.binh.account_id, people.scanner.account_id, people.vanthu, AccountId(99_999)):
            assert rights_in(db, people.an, other) == Right(0)
            with pytest.raises(MailboxMissing):  # not even that it exists
                place_by_name(db, people.an, other, "INBOX")


def test_a_granted_box_gives_what_was_granted_and_no_more(store: Store, people: People) -> None:
    grant(store, people.vanthu, people.an, Right.READ)
    with store.read() as db:
        place = place_by_name(db, people.an, people.vanthu, "INBOX")
        assert place.is_shared
        with pytest.raises(NotPermitted):
            place_by_name(db, people.an, people.vanthu, "INBOX", Right.ACT)
        with pytest.raises(MailboxMissing):
            place_by_name(db, people.binh, people.vanthu, "INBOX")
    grant(store, people.vanthu, people.an, Right.READ | Right.ACT)
    with store.read() as db:
        place_by_name(db, people.an, people.vanthu, "INBOX", Right.ACT)
        assert "vanthu" not in {address.local for address in sending_addresses(db, people.an)}
    grant(store, people.vanthu, people.an, OWNER)
    with store.read() as db:
        assert [address.local for address in sending_addresses(db, people.an)] == ["an", "vanthu"]


def test_the_right_to_send_alone_does_not_show_the_box(store: Store, people: People) -> None:
    grant(store, people.vanthu, people.an, Right.SEND_AS)
    with store.read() as db, pytest.raises(MailboxMissing):
        place_by_name(db, people.an, people.vanthu, "INBOX")


def test_a_right_that_was_taken_back_is_gone_at_once(store: Store, people: People) -> None:
    grant(store, people.vanthu, people.an, OWNER)
    with store.write() as uow:
        assert delegations.revoke(uow.conn, people.vanthu, people.an.account_id)
    with store.read() as db:
        assert permissions.shared_boxes(db, people.an) == []
        with pytest.raises(MailboxMissing):
            place_by_name(db, people.an, people.vanthu, "INBOX")


def test_a_service_account_reads_nothing_not_even_its_own_box(store: Store, people: People) -> None:
    grant(store, people.vanthu, people.scanner, OWNER)
    with store.read() as db:
        for account in (people.scanner.account_id, people.vanthu, people.an.account_id):
            assert rights_in(db, people.scanner, account) == Right(0)
            with pytest.raises(MailboxMissing):
                place_by_name(db, people.scanner, account, "INBOX")
        assert mailbox_tree.listing(db, people.scanner) == []
        assert [address.local for address in sending_addresses(db, people.scanner)] == ["mayquet"]


def test_an_archived_shared_box_is_out_of_reach(store: Store, people: People) -> None:
    grant(store, people.vanthu, people.an, OWNER)
    set_state(store, people.vanthu, AccountState.ARCHIVED)
    with store.read() as db:
        assert permissions.shared_boxes(db, people.an) == []
        assert rights_in(db, people.an, people.vanthu) == Right(0)
        assert [address.local for address in sending_addresses(db, people.an)] == ["an"]


@pytest.mark.parametrize("state", [AccountState.LOCKED, AccountState.ARCHIVED])
def test_who_was_locked_or_archived_is_nobody_any_more(
    store: Store, people: People, state: AccountState
) -> None:
    """Sessions of webmail and IMAP ask for their principal again: a lock ends them too."""
    set_state(store, people.an.account_id, state)
    with store.read() as db, pytest.raises(WrongCredentials):
        sign_in.principal(db, people.an.account_id)


def test_nobody_signs_in_as_a_shared_box(store: Store, people: People) -> None:
    with store.read() as db, pytest.raises(WrongCredentials):
        sign_in.principal(db, people.vanthu)


def test_who_left_reads_the_own_box_and_changes_nothing(store: Store, people: People) -> None:
    left = replace(people.an, read_only=True)
    with store.read() as db:
        assert rights_in(db, left, left.account_id) == Right.READ
        place_by_name(db, left, left.account_id, "INBOX")
        with pytest.raises(NotPermitted):
            place_by_name(db, left, left.account_id, "INBOX", Right.ACT)

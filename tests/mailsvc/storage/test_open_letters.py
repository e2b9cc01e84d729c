"""What a hand-over asks of storage, and to whom a letter to a group went: on SQLite and on PostgreSQL alike."""

from datetime import timedelta

from sqlalchemy import update

from directory import life
from directory.address import Address
from directory.model import AccountKind, Right, vietnam_day
from directory.policies import Defaults
from directory.repository import delegations, groups
from directory.scope import SERVER
from directory.tables import accounts, addresses
from mailsvc.model.flags import ANSWERED, FLAGGED
from mailsvc.services import hand_over, unused, whereabouts
from mailsvc.services.receive import IncomingLetter, prepare, receive, resolve_recipient
from mailsvc.services.writing_rules import members_at_sending
from mailsvc.storage import entries, mailboxes, open_letters, seen
from mailsvc.storage.store import Store
from tests.support.mail import DOMAIN, NOW, add_account, deliver, letter

ALL = Right.READ | Right.ACT | Right.SEND_AS


def test_open_letters_of_shared_and_own_boxes(store: Store) -> None:
    with store.write() as uow:
        box, own = add_account(uow, "vanthu", AccountKind.UNIT), add_account(uow, "an")
        other = add_account(uow, "binh")
        delegations.grant(uow.conn, box, own, ALL, NOW)
    for number in range(4):
        deliver(store, letter(number), box, own)
    with store.write() as uow:
        for account in (box, own):
            inbox = mailboxes.by_name(uow, account, "INBOX")
            entries.set_flags(uow, inbox, [(1, 3)], keep=-1, add_bits=ANSWERED | 1)
            entries.set_flags(uow, inbox, [(2, 2)], keep=-1, add_bits=FLAGGED)
        seen.mark(uow, mailboxes.by_name(uow, box, "INBOX"), own, [(1, 3)], is_seen=True)
    with store.read() as db:

        def waiting(account: int, viewer: int | None = None) -> list[int]:
            inbox = mailboxes.by_name(db, account, "INBOX")
            found = open_letters.open_letters(db, inbox, viewer=viewer, since=NOW, limit=10)
            return sorted(item.uid for item in found)

        assert (waiting(box), waiting(box, own), waiting(own)) == ([2, 4], [2, 4], [2, 4])
        assert waiting(box, other) == [1, 2, 3, 4]  # unread by that one
    with store.write() as uow:
        hand_over.hand_over(uow, SERVER, "vanthu", "binh", giver="an", actor="test")
    with store.read() as db:
        assert seen.unseen(db, mailboxes.by_name(db, box, "INBOX"), other) == 2


def test_a_list_is_frozen_and_addresses_are_looked_up_again(store: Store) -> None:
    address = Address("nhom", DOMAIN)
    with store.write() as uow:
        members = [add_account(uow, local) for local in ("an", "binh")]
        groups.create_group(uow.conn, name="Nhóm", address=address, at=NOW, members=members)
        to = resolve_recipient(uow, address)
        content = prepare(letter(1), store.pieces)
        receive(uow, IncomingLetter(content, b"", "", (to,)))
        uow.conn.execute(
            update(addresses).where(addresses.c.key == f"an@{DOMAIN}").values(account_id=members[0])
        )
    with store.read() as db:
        (kept,) = members_at_sending(db, 1)
        assert kept.members == tuple(members)
        assert whereabouts.as_now(db, (to,)) == (to,)


def test_who_is_unused_is_found(store: Store) -> None:
    with store.write() as uow:
        an, binh = add_account(uow, "an"), add_account(uow, "binh")
        uow.conn.execute(
            update(accounts).where(accounts.c.id == binh).values(last_login_at=NOW + 50 * 86_400)
        )
    later = NOW + 61 * 86_400
    with store.read() as db:
        found = unused.look(db, later, Defaults())
    assert [(item.account.id, item.days) for item in found] == [(an, 61)]
    with store.write() as uow:
        life.note_listed(uow.conn, found, later)
        states = life.unused_accounts(uow.conn, vietnam_day(later) + timedelta(days=30))
        assert [account.id for account in life.lock_unused(uow.conn, states, later)] == [an]

"""Who may write to whom: groups choose their senders, wide lists are confirmed, membership is frozen at sending."""

import pytest
from sqlalchemy import select, update

from directory import policies
from directory.address import Address
from directory.model import AccountId, Branch, Right, vietnam_day
from directory.policies import PolicyName, Where
from directory.repository import groups
from directory.repository.groups import Part, Senders
from directory.repository.rows import insert_one
from directory.scope import SERVER
from directory.tables import accounts, unit_versions, units
from mailsvc.model.errors import CrossBranchForbidden, ListForbidden, WideListNeedsConfirmation
from mailsvc.services import submit as submitting
from mailsvc.services import writing_rules
from mailsvc.services.receive import prepare, resolve_recipient
from mailsvc.services.submit import OutgoingLetter
from mailsvc.services.writing_rules import Writing
from mailsvc.storage import tables
from mailsvc.storage.store import Store
from tests.mailsvc.services.conftest import People, grant
from tests.support.mail import DOMAIN, NOW, add_account, letter

LIST = Address("nhom", DOMAIN)


@pytest.fixture
def group(store: Store, people: People) -> int:
    """Binh, the unit box and three more."""
    with store.write() as uow:
        more = [add_account(uow, f"p{number}") for number in range(3)]
        members = [people.binh.account_id, people.vanthu, *more]
        return groups.create_group(uow.conn, name="Nhóm", address=LIST, at=NOW, members=members)


def send(
    store: Store,
    people: People,
    to: Address = LIST,
    *,
    number: int = 1,
    writing: Writing = writing_rules.USUAL,
    sender: Address | None = None,
) -> None:
    content = prepare(letter(number), store.pieces)
    with store.write() as uow:
        local = (resolve_recipient(uow, to),)
        out = OutgoingLetter(content, b"", b"", sender or people.an.address, local, (), writing=writing)
        submitting.submit(uow, people.an, out)


def senders(store: Store, group: int, who: Senders) -> None:
    with store.write() as uow:
        groups.set_senders(uow.conn, group, who)


def test_everybody_inside_writes_to_an_open_group(store: Store, people: People, group: int) -> None:
    send(store, people)
    with store.read() as db:
        assert db.conn.execute(select(tables.mailboxes.c.id).where(tables.mailboxes.c.unseen == 1)).all()


@pytest.mark.parametrize("who", [Senders.MEMBERS, Senders.OWNERS, Senders.NAMED])
def test_a_group_chooses_its_senders(store: Store, people: People, group: int, who: Senders) -> None:
    senders(store, group, who)
    with pytest.raises(ListForbidden):
        send(store, people)
    part = Part.SENDER if who is Senders.NAMED else Part.OWNER
    with store.write() as uow:
        groups.give_part(uow.conn, group, people.an.account_id, part)
    send(store, people)


def test_who_sends_as_a_member_is_a_member(store: Store, people: People, group: int) -> None:
    senders(store, group, Senders.MEMBERS)
    grant(store, people.vanthu, people.an, Right.READ | Right.SEND_AS)
    send(store, people, sender=Address("vanthu", DOMAIN))


def test_a_named_sender_is_not_an_owner(store: Store, people: People, group: int) -> None:
    senders(store, group, Senders.OWNERS)
    with store.write() as uow:
        groups.give_part(uow.conn, group, people.an.account_id, Part.SENDER)
    with pytest.raises(ListForbidden):
        send(store, people)


def test_a_wide_list_needs_the_right_and_a_confirmation(store: Store, people: People, group: int) -> None:
    narrow = Writing(wide_list=4)
    with pytest.raises(ListForbidden):
        send(store, people, writing=narrow)
    with store.write() as uow:
        groups.give_part(uow.conn, group, people.an.account_id, Part.SENDER)
    with pytest.raises(WideListNeedsConfirmation) as asked:
        send(store, people, writing=narrow)
    assert asked.value.count == 5
    send(store, people, writing=Writing(wide_list=4, confirmed=True))


def test_strangers_never_write_to_a_group(store: Store, people: People, group: int) -> None:
    with store.read() as db:
        with pytest.raises(ListForbidden):
            writing_rules.check_stranger(resolve_recipient(db, LIST))
        writing_rules.check_stranger(resolve_recipient(db, people.an.address))


def test_to_whom_a_letter_went_is_kept_whoever_joins_or_leaves_later(
    store: Store, people: People, group: int
) -> None:
    send(store, people)
    with store.write() as uow:
        groups.remove_members(uow.conn, group, [people.binh.account_id])
        groups.add_members(uow.conn, group, [add_account(uow, "moi")])
    with store.read() as db:
        message = db.conn.execute(select(tables.messages.c.id)).scalar_one()
        (kept,) = writing_rules.members_at_sending(db, message)
    assert (kept.group_id, kept.address, kept.sender_id) == (group, str(LIST), people.an.account_id)
    assert people.binh.account_id in kept.members
    assert len(kept.members) == 5


def branch_of(store: Store, account: AccountId, branch: Branch) -> None:
    with store.write() as uow:
        unit = insert_one(uow.conn, units, code=branch.value, created_at=NOW)
        insert_one(
            uow.conn,
            unit_versions,
            unit_id=unit,
            name=branch.value,
            tier="province",
            branch=branch.value,
            name_fold=" ",
            sort_key="",
            valid_from="2020-01-01",
        )
        uow.conn.execute(update(accounts).where(accounts.c.id == account).values(unit_id=unit))


def test_writing_across_branches_follows_policy(store: Store, people: People, group: int) -> None:
    branch_of(store, people.an.account_id, Branch.STATE)
    branch_of(store, people.binh.account_id, Branch.PARTY)
    send(store, people, people.binh.address)
    with store.write() as uow:
        fields = policies.read_fields(PolicyName.CROSS_BRANCH, {"to": "council,mass"})
        where = Where(branch=Branch.STATE)
        policies.set_policy(
            uow.conn,
            SERVER,
            PolicyName.CROSS_BRANCH,
            where,
            fields,
            on=vietnam_day(uow.clock()),
            actor="test",
            at=NOW,
        )
    with pytest.raises(CrossBranchForbidden):
        send(store, people, people.binh.address, number=2)
    with pytest.raises(CrossBranchForbidden):  # Binh is one of them
        send(store, people, number=3)
    send(store, people, Address("p0", DOMAIN), number=4)  # a box of no unit is of no branch

"""Letters that were deleted and come back."""

import pytest

from directory import audit
from mailsvc.model.errors import LetterMissing, MailboxMissing, OverQuota
from mailsvc.model.flags import DELETED, FLAGGED, SEEN
from mailsvc.services import letters, mailbox_tree
from mailsvc.services.letters import FlagChange
from mailsvc.services.recover import deleted, recover
from mailsvc.services.verify import verify
from mailsvc.storage import mailboxes
from tests.support.mail import add_account, deliver, inbox, letter, make_store, principal


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data")
    yield store
    store.close()


@pytest.fixture
def an(store):
    with store.write() as uow:
        return principal(add_account(uow, "an", quota=20_000))


def expunge_all(store, who, name="INBOX"):
    with store.write() as uow:
        place = inbox(uow, who, name=name)
        return letters.expunge(uow, place, [(1, int(place.mailbox.uid_next))])


def test_a_deleted_letter_comes_back_octet_for_octet_with_its_flags_under_a_new_uid(store, an):
    deliver(store, letter(1), an.account_id)
    with store.write() as uow:
        place = inbox(uow, an)
        held = letters.entry(uow, place, 1)
        before = letters.octets(uow, held)
        letters.store_flags(uow, place, [(1, 1)], FlagChange.ADD, SEEN | FLAGGED | DELETED, ["Khan"])
        flags = letters.entry(uow, place, 1).flags
    expunge_all(store, an)
    with store.write() as uow:
        (lost,) = deleted(uow, an)
        assert (lost.mailbox_name, lost.uid, lost.subject) == ("INBOX", 1, "Cong van so 1")
        assert recover(uow, an, lost.mailbox_id, [lost.uid]) == [(lost.mailbox_id, 2)]
    with store.read() as db:
        back = letters.entry(db, inbox(db, an), 2)
        assert (letters.octets(db, back), back.flags) == (before, flags & ~DELETED)
        assert back.internal_date == held.internal_date
        assert deleted(db, an) == []
        assert [line.act for line in audit.lines(db.conn, limit=1)] == ["letter.recover"]
        assert not verify(db).faults


def test_a_letter_comes_back_once(store, an):
    deliver(store, letter(1), an.account_id)
    expunge_all(store, an)
    with store.write() as uow:
        box = inbox(uow, an).mailbox.id
        recover(uow, an, box, [1])
    with pytest.raises(LetterMissing), store.write() as uow:
        recover(uow, an, box, [1])


def test_from_trash_and_from_a_deleted_mailbox_letters_come_to_the_inbox(store, an):
    deliver(store, letter(1), an.account_id)
    deliver(store, letter(2), an.account_id)
    with store.write() as uow:
        mailbox_tree.create(uow, an, "Du an")
        letters.move(uow, inbox(uow, an), inbox(uow, an, name="Trash"), [(1, 1)])
        letters.move(uow, inbox(uow, an), inbox(uow, an, name="Du an"), [(2, 2)])
    expunge_all(store, an, "Trash")
    with store.write() as uow:
        mailbox_tree.delete(uow, an, "Du an")
    with store.write() as uow:
        found = deleted(uow, an)
        assert {one.mailbox_name for one in found} == {"Trash", "Du an"}
        for one in found:
            recover(uow, an, one.mailbox_id, [one.uid])
    with store.read() as db:
        assert inbox(db, an).mailbox.exists == 2
        assert not verify(db).faults


def test_what_does_not_fit_the_quota_does_not_come_back_at_all(store, an):
    for number in range(2):
        deliver(store, letter(number, body=b"x" * 70 + b"\r\n" * 4_000), an.account_id)
    expunge_all(store, an)
    with store.write() as uow:
        mailboxes.set_quota(uow, an.account_id, 10_000)
        box = inbox(uow, an).mailbox.id
    with pytest.raises(OverQuota), store.write() as uow:
        recover(uow, an, box, [1, 2])
    with store.read() as db:
        assert inbox(db, an).mailbox.exists == 0
        assert len(deleted(db, an)) == 2


def test_nobody_sees_or_takes_back_what_others_deleted(store, an):
    with store.write() as uow:
        binh = principal(add_account(uow, "binh"), "binh")
    deliver(store, letter(1), an.account_id)
    expunge_all(store, an)
    with store.read() as db:
        box = inbox(db, an).mailbox.id
        assert deleted(db, binh) == []
        with pytest.raises(MailboxMissing):
            deleted(db, binh, an.account_id)
    with pytest.raises(MailboxMissing), store.write() as uow:
        recover(uow, binh, box, [1])

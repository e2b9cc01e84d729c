"""Drafts: one id for life, one letter in Drafts, never overwritten unseen, never sent twice."""

import pytest

from directory.address import Address
from directory.model import AccountId, Right
from mailsvc.model.errors import Conflict, LetterMissing, MailboxMissing, NotPermitted
from mailsvc.model.flags import ANSWERED, DRAFT, SEEN
from mailsvc.model.ids import Uid
from mailsvc.services import drafts, letters, view
from mailsvc.services.drafts import KeptDraft
from mailsvc.services.permissions import OWNER, Principal
from mailsvc.services.receive import prepare
from mailsvc.services.submit import OutgoingLetter, sort_recipients
from mailsvc.storage.store import Store
from tests.mailsvc.services.conftest import People, grant
from tests.support.mail import DOMAIN, deliver, inbox, letter


def save(
    store: Store,
    who: Principal,
    draft: str = "",
    revision: int = 0,
    *,
    account: AccountId | None = None,
    number: int = 1,
    new: bool = False,
) -> KeptDraft:
    content = prepare(letter(number), store.pieces)
    with store.write() as uow:
        return drafts.save(
            uow, who, account or who.account_id, draft, revision, f'{{"n": {number}}}', content, new=new
        )


def in_mailbox(store: Store, who: Principal, name: str, account: AccountId | None = None) -> list[int]:
    """Flags of what is in a mailbox."""
    with store.read() as db:
        return list(view.Snapshots().of(db, inbox(db, who, account, name)).flags)


def outgoing(store: Store, who: Principal, *, sender: str = "an") -> OutgoingLetter:
    with store.read() as db:
        found = sort_recipients(db, (Address("binh", DOMAIN), Address("x", "world.example")))
    return OutgoingLetter(
        prepare(letter(9), store.pieces),
        b"",
        b"",
        Address(sender, DOMAIN),
        found.local,
        found.remote,
        keep_in_sent_of=who.account_id,
    )


def test_saving_again_replaces_the_letter_and_raises_the_revision(store: Store, people: People) -> None:
    first = save(store, people.an)
    second = save(store, people.an, first.id, first.revision, number=2)
    assert (second.id, second.revision) == (first.id, 2)
    assert in_mailbox(store, people.an, "Drafts") == [SEEN | DRAFT]
    with store.read() as db:
        assert drafts.content_of(db, people.an, second) == letter(2)
        assert drafts.of_entry(db, people.an, second.mailbox_id, second.uid) == second


def test_an_older_revision_overwrites_nothing(store: Store, people: People) -> None:
    first = save(store, people.an)
    newest = save(store, people.an, first.id, 1, number=2)
    for revision in (0, 1, 3):
        with pytest.raises(Conflict):
            save(store, people.an, first.id, revision, number=3)
    with store.read() as db:
        assert drafts.get(db, people.an, first.id) == newest
    assert len(in_mailbox(store, people.an, "Drafts")) == 1


def test_sending_twice_sends_once(store: Store, people: People) -> None:
    kept = save(store, people.an)
    what = outgoing(store, people.an)
    with store.write() as uow:
        drafts.send(uow, people.an, kept.id, 1, what, None)
    with pytest.raises(LetterMissing), store.write() as uow:
        drafts.send(uow, people.an, kept.id, 1, what, None)
    assert len(in_mailbox(store, people.binh, "INBOX")) == 1
    assert in_mailbox(store, people.an, "Sent") == [SEEN]
    assert in_mailbox(store, people.an, "Drafts") == []


def test_an_old_revision_is_not_sent(store: Store, people: People) -> None:
    kept = save(store, people.an)
    save(store, people.an, kept.id, 1, number=2)
    with pytest.raises(Conflict), store.write() as uow:
        drafts.send(uow, people.an, kept.id, 1, outgoing(store, people.an), None)
    assert in_mailbox(store, people.binh, "INBOX") == []


def test_what_may_not_be_sent_stays_a_draft(store: Store, people: People) -> None:
    kept = save(store, people.an)
    with pytest.raises(NotPermitted), store.write() as uow:
        drafts.send(uow, people.an, kept.id, 1, outgoing(store, people.an, sender="binh"), None)
    with store.read() as db:
        assert drafts.get(db, people.an, kept.id) == kept
    assert len(in_mailbox(store, people.an, "Drafts")) == 1


def test_the_answered_letter_is_marked_even_if_its_mailbox_is_gone_nothing_fails(
    store: Store, people: People
) -> None:
    deliver(store, letter(1), people.an.account_id)
    with store.read() as db:
        place = inbox(db, people.an)
        elsewhere = inbox(db, people.binh)
    for where in (place, elsewhere):
        kept = save(store, people.an)
        with store.write() as uow:
            drafts.send(uow, people.an, kept.id, 1, outgoing(store, people.an), (where.mailbox.id, Uid(1)))
    assert in_mailbox(store, people.an, "INBOX") == [ANSWERED]
    assert in_mailbox(store, people.binh, "INBOX") == [0, 0]


def test_drafts_of_others_are_not_there(store: Store, people: People) -> None:
    kept = save(store, people.an)
    for act in (drafts.get, drafts.discard):
        with pytest.raises(LetterMissing), store.write() as uow:
            act(uow, people.binh, kept.id)
    with pytest.raises(LetterMissing):
        save(store, people.binh, kept.id, 1)
    with pytest.raises(LetterMissing), store.write() as uow:
        drafts.send(uow, people.binh, kept.id, 1, outgoing(store, people.binh, sender="binh"), None)
    with pytest.raises(MailboxMissing):
        save(store, people.binh, account=people.an.account_id)


def test_clerks_of_one_box_share_its_drafts(store: Store, people: People) -> None:
    grant(store, people.vanthu, people.an, OWNER)
    grant(store, people.vanthu, people.binh, OWNER)
    kept = save(store, people.an, account=people.vanthu)
    changed = save(store, people.binh, kept.id, 1, account=people.vanthu, number=2)
    assert (changed.revision, changed.author_id) == (2, people.an.account_id)
    with pytest.raises(Conflict):
        save(store, people.an, kept.id, 1, account=people.vanthu)
    grant(store, people.vanthu, people.binh, Right.READ)
    with pytest.raises((LetterMissing, NotPermitted)), store.read() as db:
        drafts.get(db, people.binh, kept.id)


def test_a_draft_moves_to_the_box_it_is_written_for(store: Store, people: People) -> None:
    grant(store, people.vanthu, people.an, OWNER)
    kept = save(store, people.an)
    moved = save(store, people.an, kept.id, 1, account=people.vanthu)
    assert moved.account_id == people.vanthu
    assert in_mailbox(store, people.an, "Drafts") == []
    assert len(in_mailbox(store, people.an, "Drafts", people.vanthu)) == 1


def test_a_draft_that_another_client_deleted_can_still_be_saved_and_sent(
    store: Store, people: People
) -> None:
    kept = save(store, people.an)
    with store.write() as uow:
        letters.expunge(uow, inbox(uow, people.an, name="Drafts"), [(1, 99)])
    with store.read() as db, pytest.raises(LetterMissing):
        drafts.content_of(db, people.an, kept)
    again = save(store, people.an, kept.id, 1, number=2)
    assert len(in_mailbox(store, people.an, "Drafts")) == 1
    with store.write() as uow:
        drafts.discard(uow, people.an, again.id)
    assert in_mailbox(store, people.an, "Drafts") == []

"""Mailboxes made, renamed and deleted (RFC 9051 §6.3.4 to §6.3.6), in one's own box and in shared ones."""

import pytest

from directory.model import Right
from mailsvc.model.errors import (
    BadName,
    MailboxExists,
    MailboxMissing,
    MailboxProtected,
    NotPermitted,
    ServiceError,
)
from mailsvc.model.mailbox import STANDARD_MAILBOXES
from mailsvc.services import letters, mailbox_tree, view
from mailsvc.services.permissions import Principal
from mailsvc.storage.store import Store
from tests.mailsvc.services.conftest import People, grant
from tests.support.mail import deliver, inbox, letter

UNIT_BOX = "Đơn vị/vanthu@lamdong.example/"


def names(store: Store, who: Principal) -> set[str]:
    with store.read() as db:
        return {listed.name for listed in mailbox_tree.listing(db, who)} - {
            name for name, _ in STANDARD_MAILBOXES
        }


def create(store: Store, who: Principal, *wanted: str) -> None:
    for name in wanted:
        with store.write() as uow:
            mailbox_tree.create(uow, who, name)


def refused(store: Store, error: type[ServiceError], act, *arguments) -> None:
    """The act is refused, and nothing of it is left."""
    who = arguments[0]
    before = names(store, who)
    with pytest.raises(error), store.write() as uow:
        act(uow, *arguments)
    assert names(store, who) == before


def test_creating_makes_what_is_missing_above(store: Store, people: People) -> None:
    create(store, people.an, "Năm 2026/Công văn/Đến/")
    assert names(store, people.an) == {"Năm 2026", "Năm 2026/Công văn", "Năm 2026/Công văn/Đến"}


def test_names_are_one_whatever_their_normal_form(store: Store, people: People) -> None:
    create(store, people.an, "Đến".encode().decode())
    refused(
        store, MailboxExists, mailbox_tree.create, people.an, "Đê\u0301n".replace("ê\u0301", "e\u0302\u0301")
    )
    for name in ("inbox", "INBOX", "InBox/"):
        refused(store, MailboxExists, mailbox_tree.create, people.an, name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "a//b",
        "/a",
        "a\x00",
        "a\nb",
        "a*",
        "%",
        " ",
        "x" * 1001,
        "/".join("a" * 30),
        "a\u2028b",
        "\udc80",
    ],
)
def test_bad_names_are_refused(store: Store, people: People, name: str) -> None:
    refused(store, BadName, mailbox_tree.create, people.an, name)


def test_renaming_takes_along_what_is_below(store: Store, people: People) -> None:
    create(store, people.an, "a/b/c", "ab")
    with store.write() as uow:
        mailbox_tree.rename(uow, people.an, "a", "x/y")
    assert names(store, people.an) == {"x", "x/y", "x/y/b", "x/y/b/c", "ab"}


def test_renaming_is_refused_where_it_would_lose_or_loop(store: Store, people: People) -> None:
    create(store, people.an, "a/b", "c")
    refused(store, MailboxExists, mailbox_tree.rename, people.an, "a", "c")
    refused(store, MailboxExists, mailbox_tree.rename, people.an, "a", "INBOX")
    refused(store, MailboxExists, mailbox_tree.rename, people.an, "a", "a")
    refused(store, BadName, mailbox_tree.rename, people.an, "a", "a/b/c")
    refused(store, MailboxMissing, mailbox_tree.rename, people.an, "z", "y")
    refused(store, MailboxProtected, mailbox_tree.rename, people.an, "Sent", "Gửi")
    deep = "/".join("d" * 20)
    refused(store, BadName, mailbox_tree.rename, people.an, "a", deep)  # its child would lie too deep


def test_renaming_inbox_moves_its_letters_out(store: Store, people: People) -> None:
    deliver(store, letter(1), people.an.account_id)
    with store.write() as uow:
        mailbox_tree.rename(uow, people.an, "INBOX", "Cũ/2026")
    snapshots = view.Snapshots()
    with store.read() as db:
        assert len(snapshots.of(db, inbox(db, people.an)).uids) == 0
        assert len(snapshots.of(db, inbox(db, people.an, name="Cũ/2026")).uids) == 1


def test_deleting_gives_the_room_back_and_never_takes_children_along(store: Store, people: People) -> None:
    create(store, people.an, "a/b")
    with store.write() as uow:
        place = inbox(uow, people.an, name="a/b")
        letters.append(uow, place, letters.prepare(letter(1), store.pieces))
    refused(store, MailboxProtected, mailbox_tree.delete, people.an, "a")
    for name, _ in STANDARD_MAILBOXES:
        refused(store, MailboxProtected, mailbox_tree.delete, people.an, name)
    refused(store, MailboxMissing, mailbox_tree.delete, people.an, "zzz")
    with store.write() as uow:
        mailbox_tree.delete(uow, people.an, "a/b")
    assert names(store, people.an) == {"a"}
    with store.read() as db:
        assert mailbox_tree.quota(db, people.an.account_id)[0] == 0
    create(store, people.an, "a/b")
    with store.read() as db:
        assert (
            inbox(db, people.an, name="a/b").mailbox.uid_validity != place.mailbox.uid_validity
        )  # RFC 9051 §6.3.5


def test_a_shared_box_is_changed_by_those_who_may_act(store: Store, people: People) -> None:
    refused(store, MailboxMissing, mailbox_tree.create, people.an, UNIT_BOX + "x")
    grant(store, people.vanthu, people.an, Right.READ)
    refused(store, NotPermitted, mailbox_tree.create, people.an, UNIT_BOX + "x")
    grant(store, people.vanthu, people.an, Right.READ | Right.ACT)
    create(store, people.an, UNIT_BOX + "x", "y")
    assert UNIT_BOX + "x" in names(store, people.an)
    refused(store, NotPermitted, mailbox_tree.rename, people.an, UNIT_BOX + "x", "x")  # never from box to box
    refused(store, NotPermitted, mailbox_tree.rename, people.an, "y", UNIT_BOX + "y")
    refused(store, MailboxMissing, mailbox_tree.delete, people.binh, UNIT_BOX + "x")


def test_keywords_keep_their_names_from_box_to_box(store: Store, people: People) -> None:
    """In another box the same names are other bits; letters with swapped bits must not be changed twice."""
    grant(store, people.vanthu, people.an, Right.READ | Right.ACT)
    with store.write() as uow:
        own, unit = inbox(uow, people.an), inbox(uow, people.an, people.vanthu)
        for place, order in ((unit, ("hai", "mot")), (own, ("mot", "hai"))):
            for keyword in order:
                letters.append(uow, place, letters.prepare(letter(1), store.pieces), keywords=(keyword,))
        letters.copy(uow, own, unit, [(1, 2)])
    with store.read() as db:
        snapshot = view.Snapshots().of(db, inbox(db, people.an, people.vanthu))
        held = [
            {name for bit, name in enumerate(snapshot.keywords) if flags >> (5 + bit) & 1}
            for flags in snapshot.flags
        ]
        assert held == [{"hai"}, {"mot"}, {"mot"}, {"hai"}]

"""Hand-over of a shared box (NĐ 30/2020): what waits is unread for the newcomer, and nothing else is."""

import io

import pytest
from openpyxl import load_workbook

from directory import audit
from directory.model import AccountId, AccountKind, Right
from directory.repository import delegations
from directory.scope import NOBODY, SERVER
from mailsvc.model.flags import FLAGGED
from mailsvc.services import hand_over, hand_over_sheet
from mailsvc.services.hand_over import HandOverRefused
from mailsvc.services.provision import joined_shared_box
from mailsvc.storage import entries, mailboxes, seen
from mailsvc.storage.store import Store
from tests.mailsvc.services.conftest import People, grant
from tests.support.mail import add_account, deliver, inbox, letter

ALL = Right.READ | Right.ACT | Right.SEND_AS


@pytest.fixture
def used(store: Store, people: People) -> Store:
    """Ten letters: An has read the first eight, and flagged the second."""
    grant(store, people.vanthu, people.an, ALL)
    for number in range(10):
        deliver(store, letter(number), people.vanthu)
    with store.write() as uow:
        box = mailboxes.by_name(uow, people.vanthu, "INBOX")
        seen.mark(uow, box, people.an.account_id, [(1, 8)], is_seen=True)
        entries.set_flags(uow, box, [(2, 2)], keep=-1, add_bits=FLAGGED)
    return store


def unseen(store: Store, people: People, who: AccountId) -> int:
    with store.read() as db:
        return seen.unseen(db, mailboxes.by_name(db, people.vanthu, "INBOX"), who)


def test_the_report_lists_what_is_open_and_counts_what_is_done(used: Store, people: People) -> None:
    used.clock.now += 40 * 86_400
    with used.read() as db:
        made = hand_over.report(db, SERVER, "vanthu", "an")
    assert sorted(item.letter.uid for item in made.letters) == [2, 9, 10]
    assert made.counts == {
        "open": 3,
        "unread": 2,
        "unanswered": 3,
        "flagged": 1,
        "drafts": 0,
        "queued": 0,
        "done": 7,
    }


def test_letters_of_the_last_month_that_nobody_answered_are_open_too(used: Store, people: People) -> None:
    with used.read() as db:
        assert hand_over.report(db, SERVER, "vanthu").counts["open"] == 10


def test_the_newcomer_finds_unread_what_waits_and_nothing_else(used: Store, people: People) -> None:
    used.clock.now += 40 * 86_400
    with used.write() as uow:
        hand_over.hand_over(uow, SERVER, "vanthu", "binh", giver="an", actor="test")
    assert unseen(used, people, people.binh.account_id) == 3
    with used.read() as db:
        assert [item.grantee_id for item in delegations.delegates_of(db.conn, people.vanthu)] == [
            people.binh.account_id
        ]
        assert inbox(db, people.binh, people.vanthu).rights == ALL
        line = audit.lines(db.conn, limit=1)[0]
    assert (line.act, "binh" in line.detail) == ("account.hand_over", True)


def test_a_newcomer_to_a_full_box_is_not_greeted_by_all_of_it(store: Store, people: People) -> None:
    for number in range(50):
        deliver(store, letter(number), people.vanthu)
    with store.write() as uow:
        delegations.grant(uow.conn, people.vanthu, people.binh.account_id, ALL, uow.clock())
        joined_shared_box(uow, people.vanthu, people.binh.account_id)
    assert unseen(store, people, people.binh.account_id) == 0
    deliver(store, letter(99), people.vanthu)
    assert unseen(store, people, people.binh.account_id) == 1


@pytest.mark.parametrize(
    ("box", "taker", "giver", "reason"),
    [
        ("an", "binh", "", "personal_box"),
        ("khong", "binh", "", "unknown_box"),
        ("vanthu", "vanthu", "", "not_a_person"),
        ("vanthu", "binh", "binh", "same_person"),
        ("vanthu", "an", "binh", "not_the_holder"),
        ("chutich", "binh", "", "not_the_holder"),
    ],
)
def test_what_cannot_be_handed_over_is_refused(
    used: Store, people: People, box: str, taker: str, giver: str, reason: str
) -> None:
    with used.write() as uow:
        add_account(uow, "chutich", AccountKind.POST)
    with used.write() as uow, pytest.raises(HandOverRefused) as refused:
        hand_over.hand_over(uow, SERVER, box, taker, giver=giver, actor="test")
    assert refused.value.reason == reason


def test_nobody_reads_a_box_by_asking_for_its_hand_over(used: Store, people: People) -> None:
    with used.read() as db, pytest.raises(HandOverRefused):
        hand_over.report(db, NOBODY, "vanthu")


def test_the_workbook_runs_no_formula_that_a_stranger_wrote(store: Store, people: People) -> None:
    hostile = letter(1).replace(b"Subject: Cong van so 1", b'Subject: =HYPERLINK("http://x","y")')
    deliver(store, hostile, people.vanthu)
    with store.read() as db:
        octets = hand_over_sheet.workbook(hand_over.report(db, SERVER, "vanthu"))
    book = load_workbook(io.BytesIO(octets))
    cells = [cell for row in book["Thư còn mở"].iter_rows() for cell in row if cell.value]
    assert any(str(cell.value).startswith("'=HYPERLINK") for cell in cells)
    assert all(cell.data_type != "f" for cell in cells)

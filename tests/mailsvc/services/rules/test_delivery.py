"""Rules at delivery: what a script wants happens with the letter, in the same unit, and no letter is lost by one."""

from pathlib import Path

import pytest

from directory.model import AccountId, AccountKind
from mailsvc.model.errors import Conflict, LetterMissing, NotPermitted, TooLarge, TooMany
from mailsvc.services import letters
from mailsvc.services.receive import IncomingLetter, Outcome, Recipient, deliver_queued, prepare, receive
from mailsvc.services.rules import keeping
from mailsvc.services.rules.keeping import BadScript, owner_of
from mailsvc.storage import mailboxes, outbound, scripts
from mailsvc.storage.scripts import Owner, OwnerKind
from mailsvc.storage.store import Store
from tests.support.mail import DOMAIN, add_account, letter, make_store, principal

OUTSIDE = "khach@ngoai.example"


class House:
    """Two people, a unit box, and letters that come."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.write() as uow:
            self.an = add_account(uow, "an")
            self.binh = add_account(uow, "binh")
            self.unit = add_account(uow, "daron", AccountKind.UNIT)

    def rule(self, text: str, box: AccountId | None = None) -> None:
        owner = Owner(OwnerKind.BOX, int(box or self.an))
        with self.store.write() as uow:
            keeping.put(uow, owner, "r", text.encode())
            keeping.activate(uow, owner, "r")

    def comes(
        self, octets: bytes | None = None, sender: str = OUTSIDE, to: str = "an", *boxes: AccountId
    ) -> Outcome:
        address = keeping_address(to)
        with self.store.write() as uow:
            incoming = IncomingLetter(
                prepare(octets or letter(1), self.store.pieces),
                b"Return-Path: <%b>\r\nReceived: from a by b\r\n" % sender.encode(),
                sender,
                (Recipient(address, boxes or (self.an,)),),
            )
            return receive(uow, incoming)[0]

    def queue(self) -> int:
        """Deliver what rules have queued for our own boxes; how many letters wait for the world."""
        with self.store.write() as uow:
            outside = 0
            for queued, recipient in outbound.waiting(uow, 100):
                if recipient.local_account_id is None:
                    outside += 1
                    continue
                assert deliver_queued(uow, queued, recipient.address, recipient.local_account_id)
                outbound.set_state(uow, recipient.id, "sent", next_attempt=0, reply="250", attempted=False)
            return outside

    def held(self, mailbox: str, box: AccountId | None = None) -> list[bytes]:
        reader = self.store.reader()
        try:
            place = mailboxes.by_name(reader, box or self.an, mailbox)
            found = []
            for uid in range(1, int(place.uid_next)):
                one = letters.entry(reader, _Place(place), uid)
                if one is not None:
                    found.append(letters.octets(reader, one))
            return found
        finally:
            reader.close()


class _Place:
    def __init__(self, mailbox) -> None:
        self.mailbox = mailbox


def keeping_address(local: str):
    from directory.address import parse_address

    return parse_address(f"{local}@{DOMAIN}")


@pytest.fixture
def house(tmp_path: Path):
    store = make_store(tmp_path / "data")
    yield House(store)
    store.close()


def test_a_letter_is_filed_where_the_rule_says(house: House) -> None:
    house.rule(
        r'require ["fileinto","mailbox","imap4flags"]; if header :contains "subject" "so 1" {fileinto :create :flags ["\\Flagged","$Tinh"] "Tinh/Huyen";}'
    )
    assert house.comes() is Outcome.DELIVERED
    house.comes(letter(2))
    assert len(house.held("INBOX")) == 1
    (filed,) = house.held("Tinh/Huyen")
    assert filed.endswith(letter(1))
    reader = house.store.reader()
    box = mailboxes.by_name(reader, house.an, "Tinh/Huyen")
    assert (box.exists, box.unseen) == (1, 1)
    assert "$Tinh" in mailboxes.keywords(reader, house.an)
    reader.close()


def test_a_mailbox_that_is_not_there_is_no_reason_to_lose_a_letter(house: House) -> None:
    house.rule('require "fileinto"; fileinto "Khong co"; fileinto "INBOX"; keep;')
    house.comes()
    assert len(house.held("INBOX")) == 1


def test_what_is_discarded_is_gone_and_others_have_it(house: House) -> None:
    house.rule("discard;")
    assert house.comes(None, OUTSIDE, "an", house.an, house.binh) is Outcome.DELIVERED
    assert (house.held("INBOX"), len(house.held("INBOX", house.binh))) == ([], 1)


def test_a_full_box_waits_in_the_queue_whatever_its_rule(house: House) -> None:
    house.rule('require ["fileinto","copy"]; fileinto :copy "Archive";')
    with house.store.write() as uow:
        mailboxes.charge(uow, house.an, (1 << 30) - 500)
    assert house.comes() is Outcome.QUEUED
    assert (house.held("INBOX"), house.held("Archive")) == ([], [])


def test_the_province_comes_first_and_the_box_last(house: House) -> None:
    province = Owner(OwnerKind.PROVINCE, 0)
    with house.store.write() as uow:
        keeping.put(
            uow,
            province,
            "p",
            b'require "fileinto"; if header :contains "subject" "so 2" {fileinto "Junk"; stop;}',
        )
        keeping.activate(uow, province, "p")
    house.rule('require "fileinto"; fileinto "Archive";')
    house.comes()
    house.comes(letter(2))
    assert (len(house.held("Archive")), len(house.held("Junk"))) == (1, 1)
    house.comes(letter(2), OUTSIDE, "binh", house.binh)
    assert len(house.held("Junk", house.binh)) == 1


def test_a_changed_header_is_a_letter_of_its_own(house: House) -> None:  # RFC 5293
    house.rule('require "editheader"; addheader "X-Do" "Hỏa tốc"; deleteheader "subject";')
    house.comes(None, OUTSIDE, "an", house.an, house.binh)
    (mine,) = house.held("INBOX")
    (other,) = house.held("INBOX", house.binh)
    assert mine.startswith(b"X-Do: =?utf-8?")
    assert b"Subject:" not in mine
    assert mine.endswith(b"\r\n\r\nNoi dung thu.\r\n")
    assert other.endswith(letter(1))


def test_an_answer_goes_once_to_each_sender(house: House) -> None:  # RFC 5230 §4
    house.rule('require "vacation"; vacation :days 2 :subject "Đi vắng" "Tôi nghỉ phép.";')
    for _ in range(2):
        house.comes(letter(1), f"binh@{DOMAIN}")
    house.comes(letter(3), OUTSIDE)
    assert house.queue() == 1
    (answer,) = house.held("INBOX", house.binh)
    assert b"Auto-Submitted: auto-replied\r\n" in answer
    assert b"In-Reply-To: <1@" in answer
    assert answer.startswith(b"Delivered-To: binh@")
    house.store.clock.now += 3 * 86_400
    house.comes(letter(4), f"binh@{DOMAIN}")
    house.queue()
    assert len(house.held("INBOX", house.binh)) == 2
    assert len(house.held("INBOX")) == 4


@pytest.mark.parametrize(
    ("octets", "sender"),
    [
        (letter(1), ""),
        (letter(1), "mailer-daemon@ngoai.example"),
        (letter(1), "tin-request@ngoai.example"),
        (letter(1), f"an@{DOMAIN}"),
        (b"Auto-Submitted: auto-generated\r\n" + letter(1), OUTSIDE),
        (b"Precedence: bulk\r\n" + letter(1), OUTSIDE),
        (b"List-Id: <a.b>\r\n" + letter(1), OUTSIDE),
        (letter(1).replace(b"To: an@", b"To: ds@"), OUTSIDE),
    ],
)
def test_nobody_answers_machines_or_lists(
    house: House, octets: bytes, sender: str
) -> None:  # RFC 5230 §4.5, §4.6
    house.rule('require "vacation"; vacation "x";')
    house.comes(octets, sender)
    assert house.queue() == 0
    assert len(house.held("INBOX")) == 1


def test_a_letter_is_sent_on_inside_and_not_in_circles(house: House) -> None:  # RFC 5228 §10
    house.rule(f'redirect "binh@{DOMAIN}";')
    house.rule(f'redirect "an@{DOMAIN}";', house.binh)
    house.comes()
    for _ in range(5):
        house.queue()
    (inner,) = house.held("INBOX", house.binh)
    assert inner.endswith(letter(1))
    assert house.held("INBOX") == []


def test_nothing_is_sent_outside_unless_the_policy_allows_it(house: House) -> None:
    house.rule(f'redirect "{OUTSIDE}";')
    for number in (1, 2):
        house.comes(letter(number), f"binh@{DOMAIN}")
    assert house.queue() == 0
    held = house.held("INBOX")
    assert [one.endswith((letter(1), letter(2))) for one in held] == [True, True, False]  # and one notice
    assert "ngoài hệ thống".encode() in held[2] or b"Auto-Submitted: auto-generated" in held[2]


def test_a_refusal_goes_back_with_its_reason(house: House) -> None:  # RFC 5429 §2.1
    house.rule('require "reject"; reject "Gui van thu.";')
    house.comes(letter(1), f"binh@{DOMAIN}")
    house.queue()
    assert house.held("INBOX") == []
    assert b"Gui van thu." in house.held("INBOX", house.binh)[0]


def test_scripts_are_kept_checked_and_bounded(house: House) -> None:  # RFC 5804 §2
    reader = house.store.reader()
    owner = owner_of(reader, principal(house.an), house.an)
    with pytest.raises(NotPermitted):
        owner_of(reader, principal(house.an), house.binh)
    with house.store.write() as uow:
        with pytest.raises(BadScript, match="line 2"):
            keeping.put(uow, owner, "a", b"keep;\nnothing;")
        with pytest.raises(TooLarge):
            keeping.put(uow, owner, "a", b"#" * 70_000)
        for number in range(keeping.MAX_SCRIPTS):
            keeping.put(uow, owner, f"s{number}", b"keep;")
        with pytest.raises(TooMany):
            keeping.put(uow, owner, "more", b"keep;")
        keeping.activate(uow, owner, "s1")
        with pytest.raises(Conflict):
            keeping.remove(uow, owner, "s1")
        with pytest.raises(LetterMissing):
            keeping.activate(uow, owner, "none")
        keeping.rename(uow, owner, "s1", "mot")
        with pytest.raises(Conflict):
            keeping.rename(uow, owner, "s2", "mot")
        keeping.activate(uow, owner, None)
        keeping.remove(uow, owner, "mot")
    assert len(scripts.of_owner(reader, owner)) == keeping.MAX_SCRIPTS - 1
    reader.close()


def test_who_has_no_rule_costs_no_look_at_the_letter(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.rule("keep;", house.binh)
    monkeypatch.setattr("mailsvc.storage.messages.content", lambda *_: pytest.fail("read"))
    house.comes()
    assert scripts.with_rules(house.store.reader()) == {Owner(OwnerKind.BOX, int(house.binh))}

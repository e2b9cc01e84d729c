"""NOTIFY (RFC 5465)."""

import pytest

from directory.model import Right
from tests.mailsvc.imap.player import Client, Player
from tests.support.mail import letter


@pytest.fixture
def alice(imap: Player) -> Client:
    imap.house.fill(2)
    imap.alice.does("CREATE Tinh")
    return imap.alice


def test_other_mailboxes_are_told_by_their_counters(imap: Player, alice: Client) -> None:  # RFC 5465 §5.2
    assert alice.does("NOTIFY SET STATUS (mailboxes (Tinh nowhere) (MessageNew MessageExpunge))") == [
        b'* STATUS "Tinh" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1795000001)'
    ]
    imap.alice2.appends(letter(5), "Tinh")
    alice.gets('* STATUS "Tinh" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY ...)')
    imap.house.deliver(letter(6))  # into INBOX, which was not asked for
    imap.alice2.does("SELECT Tinh")
    imap.alice2.does(r"STORE 1 +FLAGS (\Flagged)")
    assert alice.does("NOOP") == []
    imap.alice2.does(r"STORE 1 +FLAGS (\Deleted)")
    imap.alice2.does("EXPUNGE")
    alice.gets('* STATUS "Tinh" (MESSAGES 0 UIDNEXT 2 UIDVALIDITY ...)')
    alice.does("NOTIFY NONE")
    imap.alice2.appends(letter(5), "Tinh")
    assert alice.does("NOOP") == []


def test_the_open_mailbox_tells_without_a_command(imap: Player, alice: Client) -> None:  # RFC 5465 §6.1.1
    alice.does("SELECT INBOX")
    alice.does(
        "NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (Subject)]) MessageExpunge FlagChange))"
    )
    imap.house.deliver(letter(3))
    alice.gets("* 3 EXISTS", "* 3 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] {...")
    imap.alice2.does("SELECT INBOX")
    imap.alice2.does(r"STORE 1 +FLAGS (\Deleted)")
    alice.gets(r"* 1 FETCH (UID 1 FLAGS (\Deleted))")
    imap.alice2.does("EXPUNGE")
    alice.gets("* 1 EXPUNGE")


def test_a_delayed_expunge_waits_for_a_command(imap: Player, alice: Client) -> None:  # RFC 5465 §6.1.2
    alice.does("SELECT INBOX")
    alice.does("NOTIFY SET (selected-delayed (MessageNew MessageExpunge))")
    imap.alice2.does("SELECT INBOX")
    imap.alice2.does(r"STORE 1 +FLAGS (\Deleted)")
    imap.alice2.does("EXPUNGE")
    imap.house.deliver(letter(3))
    alice.gets("* 3 EXISTS")
    assert alice.does("NOOP") == [b"* 1 EXPUNGE"]


def test_without_the_open_mailbox_nothing_of_it_is_told(imap: Player, alice: Client) -> None:  # RFC 5465 §3.1
    alice.does("SELECT INBOX")
    alice.does("NOTIFY SET (personal (MessageNew MessageExpunge))")
    imap.house.deliver(letter(3))
    assert alice.does("NOOP") == []
    assert alice.does("FETCH 1:* UID") == [b"* 1 FETCH (UID 1)", b"* 2 FETCH (UID 2)"]


def test_names_subscriptions_and_annotations_are_told(
    imap: Player, alice: Client
) -> None:  # RFC 5465 §5.4 to §5.7
    alice.does(
        "NOTIFY SET (personal (MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange))"
    )
    other = imap.alice2
    other.does("CREATE Moi")
    alice.gets(r'* LIST (\HasNoChildren) "/" "Moi"')
    other.does("SUBSCRIBE Moi")
    alice.gets(r'* LIST (\HasNoChildren \Subscribed) "/" "Moi"')
    other.does("RENAME Moi Cu")
    alice.gets(r'* LIST (\HasNoChildren \Subscribed) "/" "Cu" ("OLDNAME" ("Moi"))')
    other.does('SETMETADATA Cu (/private/comment "x" /shared/comment "y")')
    alice.gets('* METADATA "Cu" "/private/comment" "/shared/comment"')
    other.does('SETMETADATA "" (/private/comment "x")')
    alice.gets('* METADATA "" "/private/comment"')
    other.does("DELETE Cu")
    alice.gets(r'* LIST (\NonExistent) "/" "Cu"')


def test_a_unit_box_that_is_shared_appears(imap: Player, alice: Client) -> None:  # RFC 5465 §5.4, §5.9
    alice.does('NOTIFY SET (subtree "&ARABoQ-n v&Hss-" (MailboxName MessageNew MessageExpunge))')
    imap.house.share(Right.READ)
    told = [alice.line() for _ in range(6)]
    assert all(line.startswith(b"* LIST ") and b"daron@" in line for line in told)
    imap.house.deliver(letter(7), to="unit")
    assert b"/INBOX" in alice.line()
    imap.house.revoke()
    assert all(alice.line().startswith(rb"* LIST (\NonExistent)") for _ in range(6))


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("SET (personal (MessageNew))", b"BAD"),
        ("SET (personal (FlagChange))", b"BAD"),
        ("SET (selected (MailboxName))", b"BAD"),
        ("SET (personal (MessageNew (UID) MessageExpunge))", b"BAD"),
        ("SET (selected NONE) (selected-delayed NONE)", b"BAD"),
        ("SET (selected (MessageNew (BODY[]) MessageExpunge))", b"BAD"),
        ("SET (personal (AnnotationChange))", b"NO [BADEVENT (MessageNew "),
        ("SET", b"BAD"),
        ("PERHAPS", b"BAD"),
    ],
)
def test_other_wishes_are_refused(alice: Client, said: str, answer: bytes) -> None:  # RFC 5465 §5, §8
    assert alice.refuses(f"NOTIFY {said}").startswith(answer)

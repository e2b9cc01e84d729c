"""Unit boxes (hộp thư đơn vị) of those who reach them, in the shared name space (RFC 2342 §5)."""

import pytest

from directory.model import Right
from mailsvc.imap.wire.utf7 import encode_mailbox
from tests.mailsvc.imap.player import ImapHouse, Player
from tests.support.mail import DOMAIN

BOX = encode_mailbox(f"Đơn vị/daron@{DOMAIN}/INBOX").decode()
CLERK = Right.READ | Right.ACT


@pytest.fixture
def unit(imap: Player) -> Player:
    imap.house.share(CLERK, "alice")
    imap.house.share(CLERK, "bob")
    imap.house.fill(2, to="unit")
    return imap


def test_they_are_named_listed_and_counted(unit: Player) -> None:
    assert unit.alice.does("NAMESPACE") == [b'* NAMESPACE (("" "/")) NIL (("&ARABoQ-n v&Hss-/" "/"))']
    listed = unit.alice.does('LIST "" "&ARABoQ-n v&Hss-/*"')
    assert b'* LIST (\\HasNoChildren) "/" "%b"' % BOX.encode() in listed
    assert b'* LIST (\\Noselect \\HasChildren) "/" "&ARABoQ-n v&Hss-/daron@%b"' % DOMAIN.encode() in listed
    assert b'* LIST (\\Noselect \\HasChildren) "/" "&ARABoQ-n v&Hss-"' in unit.alice.does('LIST "" %')
    assert unit.alice.does(f'STATUS "{BOX}" (MESSAGES UNSEEN)') == [
        f'* STATUS "{BOX}" (MESSAGES 2 UNSEEN 2)'.encode()
    ]
    assert b"QUOTA" in unit.alice.does(f'GETQUOTAROOT "{BOX}"')[1]


def test_what_one_has_read_the_other_has_not(unit: Player) -> None:
    unit.alice.does(f'SELECT "{BOX}"')
    unit.bob.does(f'SELECT "{BOX}"')
    unit.alice.does("FETCH 1 BODY[]")
    unit.alice.does(r"STORE 2 +FLAGS (\Flagged)")
    assert unit.alice.does("FETCH 1:2 FLAGS") == [
        rb"* 1 FETCH (FLAGS (\Seen))",
        rb"* 2 FETCH (FLAGS (\Flagged))",
    ]
    assert unit.bob.does("FETCH 1:2 FLAGS")[-2:] == [
        b"* 1 FETCH (FLAGS ())",
        rb"* 2 FETCH (FLAGS (\Flagged))",
    ]
    assert unit.alice.does("SEARCH UNSEEN") == [b"* SEARCH 2"]
    assert unit.bob.does("SEARCH UNSEEN") == [b"* SEARCH 1 2"]


def test_who_may_only_read_marks_for_themselves_and_no_more(imap: Player) -> None:
    imap.house.share(Right.READ)
    imap.house.fill(1, to="unit")
    replies = imap.alice.asks(f'SELECT "{BOX}"')
    assert rb"* OK [PERMANENTFLAGS (\Seen)] Flags that are kept" in replies
    assert imap.alice.does(r"STORE 1 +FLAGS (\Seen)") == [rb"* 1 FETCH (FLAGS (\Seen))"]
    assert imap.alice.refuses(r"STORE 1 +FLAGS (\Flagged)").startswith(b"NO [NOPERM]")
    assert imap.alice.refuses("EXPUNGE").startswith(b"NO [NOPERM]")
    assert imap.alice.refuses("MOVE 1 Archive").startswith(b"NO [NOPERM]")
    assert imap.alice.refuses(f'CREATE "{BOX}/x"').startswith(b"NO [NOPERM]")
    assert b"COPYUID" in imap.alice.asks("COPY 1 Archive")[-1]
    assert imap.alice.refuses(f'COPY 1 "{BOX}"').startswith(b"NO [NOPERM]")


def test_strangers_do_not_even_learn_of_it(house: ImapHouse) -> None:
    client = house.client("bob")
    assert client.refuses(f'SELECT "{BOX}"').startswith(b"NO [NONEXISTENT]")
    assert client.refuses(f'STATUS "{BOX}" (MESSAGES)').startswith(b"NO [NONEXISTENT]")
    client.close()


def test_a_right_that_is_taken_away_ends_the_session(unit: Player) -> None:
    unit.alice.does(f'SELECT "{BOX}"')
    unit.house.revoke("alice")
    unit.alice.sends("a FETCH 1 BODY[]").gets("* BYE ...").ends()
    assert unit.bob.does(f'STATUS "{BOX}" (MESSAGES)')

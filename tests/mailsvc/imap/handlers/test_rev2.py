"""IMAP4rev2 (RFC 9051) and UTF8=ACCEPT (RFC 6855): what a client gets that has enabled them."""

import unicodedata

import pytest

from tests.mailsvc.imap.player import Client, Player
from tests.support.mail import letter

NAME = "Công văn"


@pytest.fixture
def rev2(imap: Player) -> Client:
    imap.house.fill(3)
    assert imap.alice.does("ENABLE IMAP4rev2") == [b"* ENABLED IMAP4rev2"]
    return imap.alice


def test_mailbox_names_are_utf8_once_enabled(rev2: Client, imap: Player) -> None:  # RFC 9051 §5.1
    rev2.does(f'CREATE "{NAME}"')
    assert f'* LIST (\\HasNoChildren) "/" "{NAME}"'.encode() in rev2.does('LIST "" *')
    assert rev2.does(f'STATUS "{NAME}" (MESSAGES)') == [f'* STATUS "{NAME}" (MESSAGES 0)'.encode()]
    # "&" means nothing special; and who has not enabled it reads modified UTF-7 as ever.
    rev2.does('CREATE "A&-B"')
    assert b'* LIST (\\HasNoChildren) "/" "A&-B"' in rev2.does('LIST "" A*')
    imap.alice2.does('SELECT "A&--B"')
    imap.alice2.does('SELECT "C&APQ-ng v&AQM-n"')


def test_names_that_are_not_normal_are_kept_normal_and_told(rev2: Client) -> None:  # RFC 9051 §6.3.4
    apart = unicodedata.normalize("NFD", NAME)
    told = rev2.does(f'CREATE "{apart}"')
    assert told == [f'* LIST (\\HasNoChildren) "/" "{NAME}" ("OLDNAME" ("{apart}"))'.encode()]
    assert f'* LIST (\\HasNoChildren) "/" "{NAME}" ("OLDNAME" ("{apart}"))'.encode() in rev2.does(
        f'SELECT "{apart}"'
    )


def test_select_tells_the_name_and_nothing_recent(rev2: Client) -> None:  # RFC 9051 §6.3.2, Appendix E
    told = rev2.does("SELECT inbox")
    assert rb'* LIST (\HasNoChildren \Subscribed) "/" "INBOX"' in told
    assert not any(b"RECENT" in line or b"UNSEEN" in line for line in told)


def test_search_is_always_answered_with_esearch(rev2: Client) -> None:  # RFC 9051 §6.4.4
    rev2.does("SELECT INBOX")
    assert rev2.does("SEARCH UNSEEN") == [b'* ESEARCH (TAG "t") ALL 1:3']
    assert rev2.does("UID SEARCH DELETED") == [b'* ESEARCH (TAG "t") UID']


def test_a_mailbox_with_others_below_it_says_so(imap: Player) -> None:  # RFC 9051 §6.3.5
    imap.alice.does("CREATE a/b")
    assert imap.alice.refuses("DELETE a").startswith(b"NO [HASCHILDREN]")


def test_utf8_accept_is_enabled_before_a_mailbox_is_opened(imap: Player) -> None:  # RFC 6855 §3
    assert imap.alice.does("ENABLE UTF8=ACCEPT") == [b"* ENABLED UTF8=ACCEPT"]
    assert imap.alice.does("ENABLE UTF8=ACCEPT") == [b"* ENABLED"]
    assert imap.alice.refuses(b'SELECT "\xff"').startswith(b"BAD")
    imap.alice2.does("SELECT INBOX")
    assert imap.alice2.refuses("ENABLE UTF8=ACCEPT").startswith(b"BAD")


def test_a_letter_with_utf8_headers_is_appended_as_such(imap: Player) -> None:  # RFC 6855 §4
    octets = "Subject: Họp giao ban\r\n\r\nNội dung\r\n".encode()
    said = b"APPEND INBOX (\\Seen) UTF8 (~{%d+}\r\n%b)" % (len(octets), octets)
    assert imap.alice2.refuses(said).startswith(b"BAD")
    imap.alice.does("ENABLE UTF8=ACCEPT")
    imap.alice.does(said)
    imap.alice.does("SELECT INBOX")
    assert imap.alice.does("FETCH 1 BODY.PEEK[]") == [
        b"* 1 FETCH (BODY[] {%d}\r\n%b)" % (len(octets), octets)
    ]


def test_a_mailbox_is_made_for_a_purpose(imap: Player) -> None:  # RFC 6154 §3, CREATE-SPECIAL-USE
    imap.alice.does(r"CREATE Mau (USE (\drafts))")
    assert rb'* LIST (\HasNoChildren \Drafts) "/" "Mau"' in imap.alice.does('LIST "" Mau')
    for uses in (r"\All", r"\Flagged", r"\Sent \Drafts"):
        assert imap.alice.refuses(f"CREATE Khac (USE ({uses}))").startswith(b"NO [USEATTR]")
    assert imap.alice.does('LIST "" Khac') == []
    assert imap.alice.refuses("CREATE Khac (FOR x)").startswith(b"BAD")


def test_unauthenticate_forgets_everything(imap: Player) -> None:  # RFC 8437 §3, §4.1
    imap.house.deliver(letter(1))
    client = imap.client("alice")
    client.does("ENABLE IMAP4rev2 CONDSTORE")
    client.does("SELECT INBOX")
    assert client.does("UNAUTHENTICATE") == []
    assert client.refuses("SELECT INBOX").startswith(b"BAD")
    assert client.refuses("UNAUTHENTICATE").startswith(b"BAD")
    assert b"AUTH=PLAIN" in client.does("CAPABILITY")[0]

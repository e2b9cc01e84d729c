"""METADATA (RFC 5464): annotations of mailboxes and of the server."""

import pytest

from directory.model import Right
from mailsvc.services.mailbox_metadata import MAX_ENTRIES, MAX_OCTETS
from tests.mailsvc.imap.player import Player


def test_an_entry_is_kept_for_the_one_who_set_it(imap: Player) -> None:  # RFC 5464 §4.2, §4.3
    alice = imap.alice
    own = "của tôi".encode()
    alice.does(b'SETMETADATA INBOX (/private/Comment "%b" /shared/comment {3+}\r\na\x00b)' % own)
    assert alice.does("GETMETADATA INBOX (/shared/comment /private/comment /private/none)") == [
        b'* METADATA "INBOX" ("/shared/comment" ~{3}\r\na\x00b "/private/comment" {%d}\r\n%b "/private/none" NIL)'
        % (len(own), own)
    ]
    alice.does("SETMETADATA INBOX (/private/comment NIL)")
    assert alice.does("GETMETADATA INBOX /private/comment") == [
        b'* METADATA "INBOX" ("/private/comment" NIL)'
    ]


def test_depth_and_size_choose_what_is_told(imap: Player) -> None:  # RFC 5464 §4.2.1, §4.2.2
    alice = imap.alice
    alice.does('SETMETADATA "" (/private/a "1" /private/a/b "22" /private/a/b/c "333")')
    assert alice.does('GETMETADATA (DEPTH 1) "" /private/a') == [
        b'* METADATA "" ("/private/a" "1" "/private/a/b" "22")'
    ]
    replies = alice.asks('GETMETADATA "" (DEPTH infinity MAXSIZE 2) (/private/a)')
    assert replies[0] == b'* METADATA "" ("/private/a" "1" "/private/a/b" "22")'
    assert replies[1].startswith(b"t OK [METADATA LONGENTRIES 3]")


def test_what_all_see_is_for_those_who_may_act(imap: Player) -> None:  # RFC 5464 §3.3
    imap.house.share(Right.READ | Right.ACT)
    imap.house.share(Right.READ, "bob")
    unit = next(line.split(b'"/" ')[1].decode() for line in imap.alice.does('LIST "" *') if b"/INBOX" in line)
    imap.alice.does(f'SETMETADATA {unit} (/shared/comment "chung" /private/comment "rieng")')
    assert imap.bob.does(f"GETMETADATA {unit} (/shared/comment /private/comment)") == [
        f'* METADATA {unit} ("/shared/comment" "chung" "/private/comment" NIL)'.encode()
    ]
    assert imap.bob.refuses(f'SETMETADATA {unit} (/shared/comment "x")').startswith(b"NO [NOPERM]")
    assert imap.bob.refuses('SETMETADATA "" (/shared/comment "x")').startswith(b"NO [NOPERM]")
    imap.house.revoke()
    assert imap.alice.refuses(f"GETMETADATA {unit} /shared/comment").startswith(b"NO [NONEXISTENT]")


def test_limits_are_told_and_nothing_is_half_set(imap: Player) -> None:  # RFC 5464 §4.3
    alice = imap.alice
    long = b"x" * (MAX_OCTETS + 1)
    said = b'SETMETADATA INBOX (/private/a "1" /private/b {%d+}\r\n%b)' % (len(long), long)
    assert alice.refuses(said).startswith(b"NO [METADATA MAXSIZE %d]" % MAX_OCTETS)
    entries = " ".join(f'/private/e{number} "1"' for number in range(MAX_ENTRIES))
    alice.does(f"SETMETADATA INBOX ({entries})")
    assert alice.refuses('SETMETADATA INBOX (/private/more "1")').startswith(b"NO [METADATA TOOMANY]")
    assert alice.does("GETMETADATA INBOX (/private/a /private/more)") == [
        b'* METADATA "INBOX" ("/private/a" NIL "/private/more" NIL)'
    ]


@pytest.mark.parametrize(
    "name", ["comment", "/public/a", "/private", "/private/a/", "/private//a", '"/private/*"']
)
def test_other_names_are_bad(imap: Player, name: str) -> None:  # RFC 5464 §3.2
    assert imap.alice.refuses(f'SETMETADATA INBOX ({name} "1")').startswith(b"BAD")
    assert imap.alice.refuses(f"GETMETADATA INBOX {name}").startswith(b"BAD")


def test_annotations_stay_with_the_mailbox(imap: Player) -> None:  # RFC 5464 §4.1
    alice = imap.alice
    alice.does("CREATE a")
    alice.does('SETMETADATA a (/private/comment "1")')
    alice.does('SETMETADATA INBOX (/private/comment "2")')
    alice.does("RENAME a b")
    alice.does("RENAME INBOX c")
    for mailbox, value in [("b", b'"1"'), ("c", b'"2"'), ("INBOX", b'"2"')]:
        assert value in alice.does(f"GETMETADATA {mailbox} /private/comment")[0]
    alice.does("DELETE b")
    alice.does("CREATE b")
    assert b"NIL" in alice.does("GETMETADATA b /private/comment")[0]

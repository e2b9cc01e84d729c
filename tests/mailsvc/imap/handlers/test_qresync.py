"""QRESYNC (RFC 7162 §3.2)."""

import re

import pytest

from tests.mailsvc.imap.player import Client, Player
from tests.support.mail import letter


def state(client: Client) -> tuple[int, int]:
    """UIDVALIDITY and HIGHESTMODSEQ of INBOX."""
    said = client.does("STATUS INBOX (UIDVALIDITY HIGHESTMODSEQ)")[0]
    uid_validity, mod_seq = re.findall(rb"(?:UIDVALIDITY|HIGHESTMODSEQ) (\d+)", said)
    return int(uid_validity), int(mod_seq)


def changes(replies: list[bytes]) -> list[bytes]:
    """VANISHED and FETCH, without mod-sequences."""
    return [
        re.sub(rb" MODSEQ \(\d+\)", b"", reply)
        for reply in replies
        if b"VANISHED" in reply or b"FETCH" in reply
    ]


@pytest.fixture
def away(imap: Player) -> tuple[Player, int, int]:
    """Alice saw eight letters; then two went, one was flagged, and one came."""
    imap.house.fill(8)
    imap.alice.does("ENABLE QRESYNC")
    uid_validity, mod_seq = state(imap.alice)
    imap.alice2.does("SELECT INBOX")
    imap.alice2.does(r"STORE 2,5 +FLAGS.SILENT (\Deleted)")
    imap.alice2.does("EXPUNGE")
    imap.alice2.does(r"UID STORE 6 +FLAGS.SILENT (\Flagged)")
    imap.house.deliver(letter(9))
    return imap, uid_validity, mod_seq


def test_select_tells_what_changed_and_what_went(away: tuple[Player, int, int]) -> None:  # RFC 7162 §3.2.5
    imap, uid_validity, mod_seq = away
    assert changes(imap.alice.does(f"SELECT INBOX (QRESYNC ({uid_validity} {mod_seq}))")) == [
        b"* VANISHED (EARLIER) 2,5",
        rb"* 4 FETCH (UID 6 FLAGS (\Flagged))",
        b"* 7 FETCH (UID 9 FLAGS ())",
    ]
    now = state(imap.alice)[1]
    assert changes(imap.alice.does(f"SELECT INBOX (QRESYNC ({uid_validity} {now}))")) == []
    assert changes(imap.alice.does(f"EXAMINE INBOX (CONDSTORE QRESYNC ({uid_validity + 1} {mod_seq}))")) == []


@pytest.mark.parametrize(
    ("rest", "gone", "changed"),
    [
        ("1:5", "2,5", ()),
        ("5:8", "5", (6,)),
        ("3:4,7", "", ()),
        ("6,9", "", (6, 9)),
        ("1:8 (1,3 1,4)", "5", (6,)),
        ("1:8 (1,2 1,3)", "5", (6,)),
        ("(2:4 3,4,6)", "", (6, 9)),
        ("1:8 (1:4000000000 1:4000000000)", "2,5", (6,)),
    ],
)
def test_known_uids_and_numbers_narrow_the_answer(
    away: tuple[Player, int, int], rest: str, gone: str, changed: tuple[int, ...]
) -> None:  # RFC 7162 §3.2.5.1, §3.2.5.2
    imap, uid_validity, mod_seq = away
    said = changes(imap.alice.does(f"SELECT INBOX (QRESYNC ({uid_validity} {mod_seq} {rest}))"))
    assert [one for one in said if b"VANISHED" in one] == (
        [f"* VANISHED (EARLIER) {gone}".encode()] if gone else []
    )
    assert [int(re.findall(rb"UID (\d+)", one)[0]) for one in said if b"FETCH" in one] == [*changed]


def test_uid_fetch_tells_what_vanished_first(away: tuple[Player, int, int]) -> None:  # RFC 7162 §3.2.6
    imap, _, mod_seq = away
    imap.alice.does("SELECT INBOX")
    assert changes(imap.alice.does(f"UID FETCH 1:5 (FLAGS) (CHANGEDSINCE {mod_seq} VANISHED)")) == [
        b"* VANISHED (EARLIER) 2,5"
    ]
    assert changes(imap.alice.does(f"UID FETCH 3:* (FLAGS) (VANISHED CHANGEDSINCE {mod_seq})")) == [
        b"* VANISHED (EARLIER) 5",
        rb"* 4 FETCH (UID 6 FLAGS (\Flagged))",
        b"* 7 FETCH (UID 9 FLAGS ())",
    ]
    for wrong in (
        f"FETCH 1:5 (FLAGS) (CHANGEDSINCE {mod_seq} VANISHED)",
        "UID FETCH 1:5 (FLAGS) (VANISHED)",
        f"UID FETCH 1:5 (FLAGS) (CHANGEDSINCE {mod_seq} BOGUS)",
    ):
        assert imap.alice.refuses(wrong).startswith(b"BAD")


def test_without_enable_it_is_bad(imap: Player) -> None:  # RFC 7162 §3.2.5, §3.2.6
    imap.alice.does("SELECT INBOX")
    assert imap.alice.refuses("UID FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)").startswith(b"BAD")
    assert imap.alice.refuses("SELECT INBOX (QRESYNC (1 1))").startswith(b"BAD")
    assert imap.alice.does("ENABLE QRESYNC CONDSTORE") == [b"* ENABLED QRESYNC CONDSTORE"]
    assert imap.alice.does("ENABLE QRESYNC") == [b"* ENABLED"]
    for wrong in (
        "(0 1)",
        "(1 0)",
        "(1)",
        "(1 1 1:*)",
        "(1 1 $)",
        "(1 1 2 3)",
        "(1 1 (1))",
        "(1 1 (1 1) 2)",
        "1 1",
    ):
        assert imap.alice.refuses(f"SELECT INBOX (QRESYNC {wrong})").startswith(b"BAD"), wrong


def test_vanished_takes_the_place_of_expunge(imap: Player) -> None:  # RFC 7162 §3.2.10.2
    imap.house.fill(6)
    alice, other = imap.alice, imap.alice2
    alice.does("ENABLE QRESYNC")
    alice.does("SELECT INBOX")
    other.does("SELECT INBOX")
    other.does(r"STORE 1,3:4 +FLAGS.SILENT (\Deleted)")
    other.does("EXPUNGE")
    alice.does("FETCH 1 UID")  # nothing may be told now
    assert not [one for one in alice.does("UID SEARCH 1:6") if b"VANISHED" in one]  # it names numbers
    assert b"* VANISHED 1,3:4" in alice.does("UID SEARCH UID 1:6")
    alice.does(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    alice.sends("e EXPUNGE").gets("* VANISHED 2", "e OK [HIGHESTMODSEQ ...] ...")
    alice.sends("m MOVE 1 Trash").gets(
        "* OK [COPYUID ... 5 1] ...", "* VANISHED 5", "m OK [HIGHESTMODSEQ ...] ..."
    )
    assert alice.does("FETCH 1 UID") == [b"* 1 FETCH (UID 6)"]
    alice.does(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    alice.sends("c CLOSE").gets("c OK Mailbox closed")  # RFC 7162 §3.2.8: no HIGHESTMODSEQ


def test_another_select_says_that_the_first_mailbox_is_closed(imap: Player) -> None:  # RFC 7162 §3.2.11
    imap.alice.does("SELECT INBOX")
    assert imap.alice.does("SELECT Sent")[0].startswith(b"* OK [CLOSED]")
    imap.alice.does("CLOSE")
    assert b"CLOSED" not in imap.alice.does("SELECT Sent")[0]

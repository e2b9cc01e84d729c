"""ESEARCH (RFC 4731), SEARCHRES (RFC 5182) and WITHIN (RFC 5032)."""

import pytest

from tests.mailsvc.imap.player import Player
from tests.support.mail import NOW, letter

HOUR = 3600


@pytest.fixture
def filled(imap: Player) -> Player:
    imap.house.fill(5)
    imap.alice.does("SELECT INBOX")
    imap.alice.does(r"STORE 2,4:5 +FLAGS.SILENT (\Flagged)")
    return imap


def test_return_options_give_what_they_name(filled: Player) -> None:  # RFC 4731 §3.1
    for options, said in [
        ("MIN", b"MIN 2"),
        ("max", b"MAX 5"),
        ("MIN MAX", b"MIN 2 MAX 5"),
        ("COUNT", b"COUNT 3"),
        ("ALL", b"ALL 2,4:5"),
        ("", b"ALL 2,4:5"),
        ("MAX ALL COUNT MIN", b"MIN 2 MAX 5 ALL 2,4:5 COUNT 3"),
    ]:
        assert filled.alice.does(f"SEARCH RETURN ({options}) FLAGGED") == [b'* ESEARCH (TAG "t") ' + said]
    assert filled.alice.does("UID SEARCH RETURN (ALL) CHARSET UTF-8 1:2") == [
        b'* ESEARCH (TAG "t") UID ALL 1:2'
    ]


def test_nothing_found_is_an_answer_too(filled: Player) -> None:  # RFC 4731 §3.1
    assert filled.alice.does("SEARCH RETURN (MIN MAX ALL) DELETED") == [b'* ESEARCH (TAG "t")']
    assert filled.alice.does("SEARCH RETURN (ALL COUNT) DELETED") == [b'* ESEARCH (TAG "t") COUNT 0']


def test_mod_seq_is_that_of_the_letters_named(filled: Player) -> None:  # RFC 7162 §3.1.10
    filled.alice.does(r"STORE 3 +FLAGS (\Seen)")
    low, high = (int(filled.alice.does(f"FETCH {n} MODSEQ")[0].split(b"(")[-1].rstrip(b")")) for n in (1, 3))
    assert filled.alice.does("SEARCH RETURN (MIN) MODSEQ 1") == [b'* ESEARCH (TAG "t") MIN 1 MODSEQ %d' % low]
    assert filled.alice.does("SEARCH RETURN (MIN COUNT) MODSEQ 1") == [
        b'* ESEARCH (TAG "t") MIN 1 COUNT 5 MODSEQ %d' % high
    ]


@pytest.mark.parametrize(
    "options", ["BOGUS", "MIN,MAX", "MIN ", " ".join(["MIN"] * 30)], ids=["unknown", "comma", "blank", "many"]
)
def test_other_return_options_are_bad(filled: Player, options: str) -> None:
    assert filled.alice.refuses(f"SEARCH RETURN ({options}) ALL").startswith(b"BAD")


def test_what_was_saved_is_meant_by_dollar(filled: Player) -> None:  # RFC 5182 §2.1
    alice = filled.alice
    assert alice.does("SEARCH RETURN (SAVE) FLAGGED") == []
    assert alice.does("FETCH $ UID") == [b"* %d FETCH (UID %d)" % (n, n) for n in (2, 4, 5)]
    assert alice.does("UID FETCH $ UID") == alice.does("FETCH $ UID")
    assert alice.does("SEARCH $ NOT 4") == [b"* SEARCH 2 5"]
    assert alice.does("SEARCH UID $ 4") == [b"* SEARCH 4"]
    assert len(alice.does(r"STORE $ +FLAGS (\Answered)")) == 3
    alice.sends("c COPY $ Archive").gets("c OK [COPYUID ... 2,4:5 1:3] ...")
    assert alice.does("SEARCH RETURN (SAVE COUNT) $ 5") == [b'* ESEARCH (TAG "t") COUNT 1']
    alice.does("SEARCH ALL")
    assert alice.does("SEARCH $") == [b"* SEARCH 5"]  # only SAVE changes it


@pytest.mark.parametrize(
    ("options", "saved"),
    [("MIN", "2"), ("MAX", "5"), ("MIN MAX", "2 5"), ("MIN COUNT", "2 4 5"), ("ALL", "2 4 5"), ("", "2 4 5")],
)
def test_min_and_max_alone_save_only_themselves(filled: Player, options: str, saved: str) -> None:
    filled.alice.does(f"SEARCH RETURN (SAVE {options}) FLAGGED".replace(" )", ")"))  # RFC 5182 §2.4
    assert filled.alice.does("SEARCH $") == [f"* SEARCH {saved}".encode()]


def test_saved_letters_that_are_gone_are_no_part_of_it(filled: Player) -> None:  # RFC 5182 §2.1
    alice = filled.alice
    alice.does("UID SEARCH RETURN (SAVE) 2,4,5")
    alice.does(r"STORE 1,4 +FLAGS.SILENT (\Deleted)")
    alice.does("EXPUNGE")
    assert alice.does("FETCH $ UID") == [b"* 1 FETCH (UID 2)", b"* 3 FETCH (UID 5)"]
    alice.does(r"STORE $ +FLAGS.SILENT (\Deleted)")
    alice.does(r"STORE 2 +FLAGS.SILENT (\Deleted)")
    assert alice.does("UID EXPUNGE $") == [b"* 3 EXPUNGE", b"* 1 EXPUNGE"]
    assert alice.does("FETCH 1 UID") == [b"* 1 FETCH (UID 3)"]


def test_nothing_is_saved_at_first_after_a_failure_and_in_another_mailbox(filled: Player) -> None:
    alice = filled.alice
    assert alice.does("SEARCH $") == [b"* SEARCH"]
    assert alice.does("FETCH $ UID") == []
    alice.does("SEARCH RETURN (SAVE) ALL")
    alice.refuses("SEARCH RETURN (SAVE) BOGUS")
    assert alice.does("SEARCH $") == [b"* SEARCH 1 2 3 4 5"]  # BAD changes nothing: RFC 5182 §2.1
    assert alice.refuses("SEARCH RETURN (SAVE) CHARSET X-NONE TEXT {1+}\r\nx").startswith(b"NO [BADCHARSET")
    assert alice.does("SEARCH $") == [b"* SEARCH"]  # NO empties it
    alice.does("SEARCH RETURN (SAVE) ALL")
    alice.does("SELECT INBOX")
    assert alice.does("SEARCH $") == [b"* SEARCH"]
    assert alice.refuses("FETCH $,1 UID").startswith(b"BAD")


def test_older_and_younger_count_from_now(imap: Player) -> None:  # RFC 5032
    for age in (2 * HOUR, HOUR, 10):
        imap.house.store.clock.now = NOW - age
        imap.house.deliver(letter(age))
    imap.house.store.clock.now = NOW
    imap.alice.does("SELECT INBOX")
    assert imap.alice.does(f"SEARCH YOUNGER {HOUR}") == [b"* SEARCH 2 3"]
    assert imap.alice.does(f"SEARCH OLDER {HOUR}") == [b"* SEARCH 1 2"]
    assert imap.alice.does("SEARCH YOUNGER 1") == [b"* SEARCH"]
    assert imap.alice.does(f"SEARCH NOT OLDER 11 NOT YOUNGER {9}") == [b"* SEARCH 3"]
    for wrong in ("OLDER 0", "YOUNGER -1", "OLDER x", "OLDER", "YOUNGER 99999999999"):
        assert imap.alice.refuses(f"SEARCH {wrong}").startswith(b"BAD")

"""MULTISEARCH (RFC 7377), CONTEXT (RFC 5267), FILTERS (RFC 5466) and SEARCH=FUZZY (RFC 6203)."""

import re

import pytest

from directory.model import Right
from tests.mailsvc.imap.player import Client, Player
from tests.support.mail import letter


@pytest.fixture
def alice(imap: Player) -> Client:
    imap.house.fill(4)
    alice = imap.alice
    alice.does("CREATE Tinh/Huyen/Xa")
    alice.appends(letter(8), "Tinh")
    alice.appends(letter(9), "Tinh/Huyen/Xa")
    return alice


def where(replies: list[bytes]) -> dict[str, str]:
    """Mailbox and what was said of it."""
    found = [
        re.fullmatch(rb'\* ESEARCH \(TAG "t" MAILBOX "(.*)" UIDVALIDITY \d+\) UID (.*)', one)
        for one in replies
    ]
    return {match[1].decode(): match[2].decode() for match in found if match}


def test_several_mailboxes_are_searched_at_once(alice: Client) -> None:  # RFC 7377 §2.2
    assert where(alice.does("ESEARCH IN (mailboxes (INBOX Tinh nowhere)) UNSEEN")) == {
        "INBOX": "ALL 1:4",
        "Tinh": "ALL 1",
    }
    assert where(alice.does("ESEARCH IN (subtree Tinh) ALL")) == {"Tinh": "ALL 1", "Tinh/Huyen/Xa": "ALL 1"}
    assert where(alice.does("ESEARCH IN (subtree-one Tinh) ALL")) == {"Tinh": "ALL 1"}
    assert where(alice.does("ESEARCH IN (personal) RETURN (COUNT MAX) ALL")) == {
        "INBOX": "MAX 4 COUNT 4",
        "Tinh": "MAX 1 COUNT 1",
        "Tinh/Huyen/Xa": "MAX 1 COUNT 1",
    }
    assert where(alice.does("ESEARCH IN (mailboxes INBOX personal) SUBJECT nothing")) == {}


def test_the_open_mailbox_is_searched_unless_others_are_named(alice: Client) -> None:  # RFC 7377 §2.2
    assert alice.refuses("ESEARCH ALL").startswith(b"BAD")
    assert alice.refuses("ESEARCH IN (selected) ALL").startswith(b"BAD")
    alice.does("SELECT Tinh")
    assert where(alice.does("ESEARCH ALL")) == {"Tinh": "ALL 1"}
    assert where(alice.does("ESEARCH IN (selected mailboxes INBOX) UID 2:*")) == {
        "INBOX": "ALL 2:4",
        "Tinh": "ALL 1",
    }
    alice.does("ESEARCH RETURN (SAVE) ALL")
    assert alice.does("FETCH $ UID") == [b"* 1 FETCH (UID 1)"]
    assert alice.refuses("ESEARCH IN (personal) RETURN (SAVE) ALL").startswith(b"BAD")
    assert alice.refuses("ESEARCH IN (selected-delayed) ALL").startswith(b"BAD")
    assert alice.refuses("ESEARCH IN (anything) ALL").startswith(b"BAD")


def test_unit_boxes_are_found_only_by_those_who_reach_them(imap: Player, alice: Client) -> None:
    imap.house.share(Right.READ)
    imap.house.fill(2, to="unit")
    shared = where(alice.does('ESEARCH IN (subtree "&ARABoQ-n v&Hss-") ALL'))
    assert list(shared.values()) == ["ALL 1:2"]
    assert where(imap.bob.does('ESEARCH IN (subtree "&ARABoQ-n v&Hss-") ALL')) == {}


def test_a_result_is_kept_up_to_date(imap: Player, alice: Client) -> None:  # RFC 5267 §4.3
    alice.does("SELECT INBOX")
    alice.sends("B01 UID SEARCH RETURN (UPDATE COUNT) UNSEEN").gets(
        '* ESEARCH (TAG "B01") UID COUNT 4', "B01 OK ..."
    )
    alice.sends(r"a STORE 2 +FLAGS.SILENT (\Seen)").gets(
        '* ESEARCH (TAG "B01") UID REMOVEFROM (0 2)', "a OK ..."
    )
    imap.house.deliver(letter(5))
    alice.sends("b NOOP").gets("* 5 EXISTS", '* ESEARCH (TAG "B01") UID ADDTO (0 5)', "b OK ...")
    imap.alice2.does("SELECT INBOX")
    imap.alice2.does(r"UID STORE 1 +FLAGS (\Deleted)")
    imap.alice2.does("EXPUNGE")
    alice.sends("c NOOP").gets('* ESEARCH (TAG "B01") UID REMOVEFROM (0 1)', "* 1 EXPUNGE", "c OK ...")
    alice.sends("B01 SEARCH RETURN (UPDATE) ALL").gets("B01 BAD ...")
    alice.does('CANCELUPDATE "B01"')
    imap.house.deliver(letter(6))
    assert alice.does("NOOP") == [b"* 5 EXISTS"]


def test_numbers_are_those_of_the_moment(imap: Player, alice: Client) -> None:  # RFC 5267 §4.3.3, §4.3.4
    alice.does("SELECT INBOX")
    alice.sends("B02 SEARCH RETURN (UPDATE (UID FLAGS)) UNSEEN").gets('* ESEARCH (TAG "B02")', "B02 OK ...")
    imap.alice2.does("SELECT INBOX")
    imap.alice2.does(r"UID STORE 1 +FLAGS (\Deleted)")
    imap.alice2.does("EXPUNGE")
    imap.house.deliver(letter(5))
    alice.sends("c NOOP").gets(
        '* ESEARCH (TAG "B02") REMOVEFROM (0 1)',
        "* 1 EXPUNGE",
        "* 4 EXISTS",
        "* 4 FETCH (UID 5 FLAGS ())",
        '* ESEARCH (TAG "B02") ADDTO (0 4)',
        "c OK ...",
    )


def test_what_is_too_much_is_not_kept_up_to_date(alice: Client) -> None:  # RFC 5267 §4.3.1
    alice.does("SELECT INBOX")
    for number in range(8):
        alice.asks("SEARCH RETURN (UPDATE COUNT) ALL", tag=f"u{number}")
    assert alice.asks("SEARCH RETURN (UPDATE COUNT) ALL", tag="u8")[1].startswith(b'* NO [NOUPDATE "u8"]')
    assert alice.asks("SORT RETURN (UPDATE COUNT) (SUBJECT) UTF-8 ALL", tag="u9")[1].startswith(
        b'* NO [NOUPDATE "u9"]'
    )
    assert alice.does("SORT RETURN (CONTEXT PARTIAL 1:2) (REVERSE ARRIVAL) UTF-8 ALL") == [
        b'* ESEARCH (TAG "t") PARTIAL (1:2 1:2)'
    ]
    assert alice.refuses("SEARCH RETURN (UPDATE (BODY[])) ALL").startswith(b"BAD")


def test_a_search_is_kept_under_a_name(alice: Client) -> None:  # RFC 5466 §3
    alice.does('SETMETADATA "" (/private/filters/values/Nho "OR UID 2 UID 4")')
    alice.does('SETMETADATA "" (/private/filters/values/hai "FILTER nho NOT UID 4")')
    alice.does("SELECT INBOX")
    assert alice.does("SEARCH FILTER nho") == [b"* SEARCH 2 4"]
    assert alice.does("SEARCH 1:3 FILTER hai") == [b"* SEARCH 2"]
    assert alice.refuses("SEARCH FILTER khac").startswith(b"NO [UNDEFINED-FILTER khac]")
    alice.does('SETMETADATA "" (/private/filters/values/vong "FILTER vong")')
    alice.does('SETMETADATA "" (/private/filters/values/hong "OR UID 2")')
    for name in ("vong", "hong"):
        assert alice.refuses(f"SEARCH FILTER {name}").startswith(b"NO [UNDEFINED-FILTER")


def test_fuzzy_finds_the_words_and_says_how_well(imap: Player) -> None:  # RFC 6203 §4, §6
    for subject in ("Họp giao ban tuần", "Hop giao ban", "Giao ban: chuẩn bị họp"):
        imap.house.deliver(
            f"Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx\r\n".encode()
        )
    alice = imap.alice
    alice.does("SELECT INBOX")
    said = 'SUBJECT "Họp giao ban"'.encode()
    assert alice.does(b"SEARCH " + said) == [b"* SEARCH 1"]
    assert alice.does(b"SEARCH FUZZY " + said) == [b"* SEARCH 1 2 3"]
    assert alice.does(b"SEARCH RETURN (ALL RELEVANCY) FUZZY " + said) == [
        b'* ESEARCH (TAG "t") ALL 1:3 RELEVANCY (100 70 40)'
    ]
    assert alice.does(b"SORT (REVERSE RELEVANCY) UTF-8 FUZZY " + said) == [b"* SORT 3 2 1"]
    assert alice.refuses(b"SEARCH RETURN (RELEVANCY) " + said).startswith(b"BAD")
    assert alice.refuses(b"SORT (RELEVANCY) UTF-8 " + said).startswith(b"BAD")

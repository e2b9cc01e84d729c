from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.imap.wire import replies
from mailsvc.imap.wire.grammar import Cursor


def test_strings_are_quoted_where_they_can_be() -> None:
    assert replies.string(b'a"b\\') == b'"a\\"b\\\\"'
    assert replies.string(b"a\r\nb") == b"{4}\r\na\r\nb"
    assert replies.string("đ".encode()) == b"{2}\r\n\xc4\x91"
    assert replies.nstring(None) == b"NIL"


def test_flags_are_listed_by_bit() -> None:
    lists = replies.FlagLists(("$Forwarded", None, "x"))
    assert lists[0] == b"FLAGS ()"
    assert lists[0b10100001] == b"FLAGS (\\Seen $Forwarded x)"


@given(st.integers(0, 253402300799 - 86400), st.sampled_from([0, 420, -210]))
def test_an_internal_date_says_the_moment_it_was_made_of(seconds: int, zone: int) -> None:
    written = replies.InternalDates(zone).of(seconds)
    assert Cursor([written], []).date_time() == seconds


def test_an_internal_date_reads_like_the_calendar() -> None:
    assert replies.InternalDates(420).of(int(datetime(2024, 2, 28, 20, 1, 2, tzinfo=UTC).timestamp())) == (
        b'"29-Feb-2024 03:01:02 +0700"'
    )


def test_lines_read_as_rfc_3501_7_writes_them() -> None:
    assert replies.tagged(b"a", "OK", "done", "READ-WRITE") == b"a OK [READ-WRITE] done\r\n"
    assert (
        replies.status(replies.mailbox_name("Công"), [(b"MESSAGES", 3)])
        == b'* STATUS "C&APQ-ng" (MESSAGES 3)\r\n'
    )
    assert replies.search([2, 5], 917) == b"* SEARCH 2 5 (MODSEQ 917)\r\n"
    assert replies.search([]) == b"* SEARCH\r\n"
    assert (
        replies.list_line(b"LIST", ["\\HasNoChildren"], b'"INBOX"')
        == b'* LIST (\\HasNoChildren) "/" "INBOX"\r\n'
    )
    assert (
        replies.namespace([b'""'], [], [replies.mailbox_name("Đơn vị/")])
        == b'* NAMESPACE (("" "/")) NIL (("&ARABoQ-n v&Hss-/" "/"))\r\n'
    )
    assert replies.quota("", [("STORAGE", 10, 512)]) == b'* QUOTA "" (STORAGE 10 512)\r\n'

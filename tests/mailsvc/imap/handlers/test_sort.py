"""SORT (RFC 5256 §3) and ESORT (RFC 5267 §3)."""

import pytest

from mailsvc.imap.handlers.first_address import display_of, first_address, mailbox_of
from tests.mailsvc.imap.player import Player

LETTERS = [
    (
        b'From: "Zung" <binh@x.vn>\r\nTo: Y <y@x.vn>, a@x.vn\r\nCc: nhom: c@x.vn;\r\nSubject: Re: bao cao\r\n'
        b"Date: Tue, 3 Nov 2026 10:00:00 +0700\r\n\r\n" + b"x" * 50,
        '" 4-Nov-2026 10:00:00 +0700"',
    ),
    (
        b"From: an@x.vn\r\nTo: B@x.vn\r\nSubject: =?utf-8?Q?=C4=90=E1=BB=81?=\r\n"
        b"Date: Tue, 3 Nov 2026 04:00:00 +0000\r\n\r\n" + b"x" * 10,
        '" 3-Nov-2026 10:00:00 +0700"',
    ),
    (b"From: CHI@x.vn\r\nSubject: BAO CAO\r\n\r\n" + b"x" * 90, '" 2-Nov-2026 10:00:00 +0700"'),
]


@pytest.fixture(scope="module")
def sorting(shared_imap: Player) -> Player:
    shared_imap.alice.does("CREATE sorted")
    for content, date in LETTERS:
        shared_imap.alice.appends(content, "sorted", date)
    shared_imap.alice.does("SELECT sorted")
    return shared_imap


@pytest.mark.parametrize(
    ("criteria", "order"),
    [
        ("ARRIVAL", "3 2 1"),
        ("REVERSE ARRIVAL", "1 2 3"),
        ("DATE", "3 1 2"),  # the third has no Date: its internal date counts
        ("REVERSE DATE", "2 1 3"),
        ("SIZE", "2 3 1"),
        ("FROM", "2 1 3"),
        ("TO", "3 2 1"),
        ("CC", "2 3 1"),
        ("DISPLAYFROM", "2 3 1"),  # an@x.vn, chi@x.vn, Zung: RFC 5957 §3
        ("REVERSE DISPLAYFROM", "1 3 2"),
        ("DISPLAYTO", "3 2 1"),
        ("SUBJECT", "1 3 2"),
        ("REVERSE SUBJECT", "2 1 3"),
        ("SUBJECT ARRIVAL", "3 1 2"),
        ("REVERSE SUBJECT REVERSE ARRIVAL", "2 1 3"),
    ],
)
def test_letters_come_in_the_order_asked_for(sorting: Player, criteria: str, order: str) -> None:
    assert sorting.alice.does(f"SORT ({criteria}) UTF-8 ALL") == [f"* SORT {order}".encode()]


def test_keys_choose_and_uids_are_told(sorting: Player) -> None:
    assert sorting.alice.does("UID SORT (ARRIVAL) US-ASCII NOT FROM chi") == [b"* SORT 2 1"]
    assert sorting.alice.does("SORT (ARRIVAL) US-ASCII FROM nobody") == [b"* SORT"]
    said = "Đề".encode()
    assert sorting.alice.does(b"SORT (ARRIVAL) UTF-8 SUBJECT {%d+}\r\n%b" % (len(said), said)) == [
        b"* SORT 2"
    ]
    assert b"(MODSEQ " in sorting.alice.does("SORT (ARRIVAL) UTF-8 MODSEQ 1")[0]


def test_return_options_follow_the_order(sorting: Player) -> None:  # RFC 5267 §3.1, §3.2
    for options, said in [
        ("MIN", b"MIN 2"),
        ("MAX", b"MAX 1"),
        ("ALL", b"ALL 2:3,1"),
        ("", b"ALL 2:3,1"),
        ("MIN MAX COUNT", b"MIN 2 MAX 1 COUNT 3"),
    ]:
        assert sorting.alice.does(f"SORT RETURN ({options}) (SIZE) UTF-8 ALL") == [
            b'* ESEARCH (TAG "t") ' + said
        ]
    assert sorting.alice.does("UID SORT RETURN (COUNT) (SIZE) UTF-8 1") == [
        b'* ESEARCH (TAG "t") UID COUNT 1'
    ]


@pytest.mark.parametrize(
    "words",
    ["() UTF-8 ALL", "(BOGUS) UTF-8 ALL", "(REVERSE) UTF-8 ALL", "(DATE) UTF-8", "(DATE)", "DATE UTF-8 ALL",
     "RETURN (SAVE) (DATE) UTF-8 ALL", "(" + " ".join(["DATE"] * 30) + ") UTF-8 ALL"],
)  # fmt: skip
def test_other_words_are_bad(sorting: Player, words: str) -> None:
    assert sorting.alice.refuses(f"SORT {words}").startswith(b"BAD")


def test_an_unknown_charset_is_refused(sorting: Player) -> None:  # RFC 5256 §3
    assert sorting.alice.refuses("SORT (DATE) KOI8-R ALL").startswith(b"NO [BADCHARSET")


def test_the_first_mailbox_of_an_envelope() -> None:
    envelope = (
        b'("date" {3}\r\n()) (("n" NIL "f\\"r" "x")) NIL NIL (("a" NIL {2}\r\nTo "h")("b" NIL "no" "h")) '
        b'((NIL NIL "group" NIL)("c" NIL "cc" "h")(NIL NIL NIL NIL)) NIL NIL "<1@x>")'
    )
    assert [mailbox_of(envelope, field) for field in (2, 3, 5, 6, 7)] == ['f"r', "", "to", "group", ""]
    assert [display_of(envelope, field) for field in (2, 3, 5, 6)] == ["n", "", "a", "group"]
    assert first_address(b"(NIL NIL NIL)", 5) == (b"", b"", b"", b"")

"""BINARY (RFC 3516), CATENATE (RFC 4469), REPLACE (RFC 8508) and PARTIAL (RFC 9394)."""

import base64

import pytest

from tests.mailsvc.imap.player import Client, Player
from tests.support.mail import letter

FILE = bytes(range(256)) * 40
WITH_FILE = (
    b"From: a@tinh.example\r\nSubject: Tep\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"C=C3=B4ng v=C4=83n\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(FILE).replace(b"\n", b"\r\n")
    + b"--b\r\nContent-Type: x/y\r\nContent-Transfer-Encoding: x-own\r\n\r\nabc\r\n--b--\r\n"
)


@pytest.fixture
def alice(imap: Player) -> Client:
    imap.house.deliver(WITH_FILE, letter(2), letter(3))
    imap.alice.does("SELECT INBOX")
    return imap.alice


def test_a_part_comes_out_of_its_encoding(alice: Client) -> None:  # RFC 3516 §4.2
    text = "Công văn".encode()
    assert alice.does("FETCH 1 BINARY.PEEK[1]") == [b"* 1 FETCH (BINARY[1] {%d}\r\n%b)" % (len(text), text)]
    assert alice.does("FETCH 1 (BINARY.SIZE[2] BINARY.SIZE[1])") == [
        b"* 1 FETCH (BINARY.SIZE[2] %d BINARY.SIZE[1] %d)" % (len(FILE), len(text))
    ]
    assert alice.does("FETCH 1 FLAGS") == [b"* 1 FETCH (FLAGS ())"]
    alice.sends("x FETCH 1 BINARY[2]<3.5>")
    assert alice.line() == b"* 1 FETCH (BINARY[2]<3> {5}\r\n\x03\x04\x05\x06\x07)"
    alice.gets(r"* 1 FETCH (UID 1 FLAGS (\Seen))", "x OK ...")


def test_octets_with_nul_come_as_literal8(alice: Client) -> None:  # RFC 3516 §4.2, §7
    assert alice.does("FETCH 1 BINARY.PEEK[2]") == [b"* 1 FETCH (BINARY[2] ~{%d}\r\n%b)" % (len(FILE), FILE)]


def test_an_unknown_encoding_is_said(alice: Client) -> None:  # RFC 3516 §4.3
    assert alice.refuses("FETCH 1 BINARY.PEEK[3]").startswith(b"NO [UNKNOWN-CTE]")
    assert alice.does("FETCH 1 BINARY.PEEK[9]") == [b"* 1 FETCH (BINARY[9] NIL)"]
    for item in ("BINARY[HEADER]", "BINARY[1.MIME]", "BINARY.SIZE[1]<0.1>", "BINARYX[1]"):
        assert alice.refuses(f"FETCH 1 {item}").startswith(b"BAD")


def test_a_literal8_is_a_letter_if_it_holds_no_nul(alice: Client) -> None:  # RFC 3516 §4.4
    alice.does(b"APPEND INBOX ~{8+}\r\nS: x\r\n\r\n")
    assert alice.refuses(b"APPEND INBOX ~{9+}\r\nS: x\r\n\r\n\x00").startswith(b"NO [UNKNOWN-CTE]")


def test_a_letter_is_put_together_of_others(alice: Client) -> None:  # RFC 4469 §3
    validity = alice.does("STATUS INBOX (UIDVALIDITY)")[0].split(b" ")[-1].rstrip(b")").decode()
    alice.does(
        b'APPEND Drafts (\\Draft) CATENATE (URL "/INBOX;UIDVALIDITY=%b/;UID=1/;SECTION=HEADER" '
        b'TEXT {5+}\r\n--b\r\n URL ";UID=1/;SECTION=2.MIME" URL ";UID=1/;SECTION=2/;PARTIAL=0.10")'
        % validity.encode()
    )
    header = alice.does("FETCH 1 BODY.PEEK[HEADER]")[0].partition(b"\r\n")[2][:-1]
    mime = alice.does("FETCH 1 BODY.PEEK[2.MIME]")[0].partition(b"\r\n")[2][:-1]
    alice.does("SELECT Drafts")
    got = alice.does("FETCH 1 BODY.PEEK[]")[0].partition(b"\r\n")[2][:-1]
    assert got == header + b"--b\r\n" + mime + base64.b64encode(FILE)[:10]


@pytest.mark.parametrize(
    "url",
    ["/INBOX/;UID=99", "/INBOX;UIDVALIDITY=99999999/;UID=1", "/nowhere/;UID=1", ";UID=1/;SECTION=9",
     "imap://host/INBOX/;UID=1", "/INBOX", ";UID=0", "/INBOX/;UID=1/;SECTION=HEADER.FIELDS"],
)  # fmt: skip
def test_a_url_that_means_nothing_is_named(alice: Client, url: str) -> None:  # RFC 4469 §4.1
    refusal = alice.refuses(f'APPEND INBOX CATENATE (TEXT {{3+}}\r\na\r\n URL "{url}")')
    assert refusal.startswith(f'NO [BADURL "{url}"]'.encode()), refusal
    assert alice.does("STATUS INBOX (MESSAGES)") == [b'* STATUS "INBOX" (MESSAGES 3)']


def test_a_draft_is_replaced_in_one_step(alice: Client) -> None:  # RFC 8508 §3
    new = b"Subject: ban 2\r\n\r\nx\r\n"
    replies = alice.asks(b"REPLACE 2 INBOX (\\Draft) {%d+}\r\n%b" % (len(new), new))
    assert replies[0].startswith(b"* OK [APPENDUID ")
    assert b"* 2 EXPUNGE" in replies
    assert b"* 3 EXISTS" in replies
    assert b"ban 2" in alice.does("FETCH 3 BODY.PEEK[]")[0]
    moved = alice.asks(b"UID REPLACE 4 Drafts {%d+}\r\n%b" % (len(new), new))
    assert b"* 3 EXPUNGE" in moved
    assert alice.does("STATUS Drafts (MESSAGES)") == [b'* STATUS "Drafts" (MESSAGES 1)']
    for said, answer in [
        (b"UID REPLACE 99 INBOX", b"NO [NONEXISTENT]"),
        (b"REPLACE 99 INBOX", b"BAD"),
        (b"REPLACE 1:2 INBOX", b"BAD"),
        (b"REPLACE 1 nowhere", b"NO [TRYCREATE]"),
    ]:
        assert alice.refuses(said + b" {%d+}\r\n%b" % (len(new), new)).startswith(answer)


def test_a_page_of_what_was_found(imap: Player, alice: Client) -> None:  # RFC 9394 §3.1
    imap.house.fill(7)
    alice.does("NOOP")
    for options, said in [
        ("PARTIAL 1:3", b"PARTIAL (1:3 1:3)"),
        ("PARTIAL -1:-3", b"PARTIAL (-1:-3 8:10)"),
        ("PARTIAL 9:20", b"PARTIAL (9:20 9:10)"),
        ("PARTIAL 11:20 COUNT", b"PARTIAL (11:20 NIL) COUNT 10"),
        ("MIN PARTIAL -4:-2", b"MIN 1 PARTIAL (-4:-2 7:9)"),
    ]:
        assert alice.does(f"SEARCH RETURN ({options}) ALL") == [b'* ESEARCH (TAG "t") ' + said]
    for options in ("PARTIAL 0:3", "PARTIAL 1:-3", "PARTIAL 1:2 ALL", "PARTIAL 1:2 PARTIAL 3:4", "PARTIAL 1"):
        assert alice.refuses(f"SEARCH RETURN ({options}) ALL").startswith(b"BAD")


def test_a_page_can_be_saved(imap: Player, alice: Client) -> None:  # RFC 9394 §3.2
    imap.house.fill(7)
    alice.does("NOOP")
    alice.does("SEARCH RETURN (SAVE PARTIAL 2:3) ALL")
    assert alice.does("SEARCH RETURN (ALL) $") == [b'* ESEARCH (TAG "t") ALL 2:3']
    alice.does("SEARCH RETURN (SAVE PARTIAL 2:3 MAX) ALL")
    assert alice.does("SEARCH RETURN (ALL) $") == [b'* ESEARCH (TAG "t") ALL 2:3,10']
    alice.does("SEARCH RETURN (SAVE PARTIAL 2:3 COUNT) ALL")
    assert alice.does("SEARCH RETURN (COUNT) $") == [b'* ESEARCH (TAG "t") COUNT 10']


def test_fetch_takes_a_page_too(alice: Client) -> None:  # RFC 9394 §3.3
    assert alice.does("UID FETCH 1:* (UID) (PARTIAL -1:-2)") == [b"* 2 FETCH (UID 2)", b"* 3 FETCH (UID 3)"]
    assert alice.does("UID FETCH 1:* (UID) (PARTIAL 5:9)") == []
    assert alice.refuses("FETCH 1:* (UID) (PARTIAL 1:2)").startswith(b"BAD")

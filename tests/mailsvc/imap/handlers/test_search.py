import pytest

from tests.mailsvc.imap.player import Player

LETTERS = [
    b"From: An <an@x.vn>\r\nTo: binh@x.vn\r\nSubject: =?utf-8?Q?B=C3=A1o_c=C3=A1o?= bao\r\n"
    b"Date: Mon, 7 Feb 1994 23:52:25 -0800\r\nX-Priority: 1\r\n\r\n" + "Kính gửi xã Đạ Ròn".encode(),
    (
        b"From: Chi <chi@x.vn>\r\nCc: an@x.vn\r\nSubject: hop\r\nDate: Tue, 8 Feb 1994 01:00:00 +0700\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nbmdheSBtYWk=\r\n"
    ),
    b"From: An <an@x.vn>\r\nBcc: chi@x.vn\r\nSubject: x\r\n\r\n" + b"y" * 3000,
]


def said(text: str) -> str:
    return f"{{{len(text.encode())}+}}\r\n{text}"


@pytest.fixture(scope="module")
def found(shared_imap: Player) -> Player:
    imap = shared_imap
    imap.alice.appends(LETTERS[0], flags=r'(\Seen) " 1-Mar-2024 20:00:00 +0000"')
    imap.alice.appends(LETTERS[1], flags=r'(\Flagged Khan) " 1-Mar-2024 10:00:00 +0700"')
    imap.alice.appends(LETTERS[2], flags=r'(\Deleted) "28-Feb-2024 10:00:00 +0700"')
    imap.alice.does("SELECT INBOX")
    return imap


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ("ALL", "1 2 3"),
        ("SEEN", "1"),
        ("UNSEEN UNDELETED", "2"),
        ("KEYWORD KHAN", "2"),
        ("UNKEYWORD Khan", "1 3"),
        ("KEYWORD never", ""),
        ("FROM an", "1 3"),
        ("FROM an@x NOT DELETED", "1"),
        ("OR TO binh CC AN@", "1 2"),
        ("BCC chi", "3"),
        ('SUBJECT "bao cao"', "1"),
        ("CHARSET UTF-8 SUBJECT " + said("BÁO cáo"), "1"),
        ("CHARSET UTF-8 SUBJECT " + said("báo bao"), ""),
        ("HEADER X-Priority 1", "1"),
        ('HEADER X-Priority ""', "1"),
        ("BODY " + said("Đạ"), "1"),
        ('BODY "ngay mai"', "2"),
        ('TEXT "x-priority"', "1"),
        ("TEXT hop", "2"),
        ("LARGER 3000", "3"),
        ("SMALLER 3000", "1 2"),
        ("ON 2-Mar-2024", "1"),
        ("ON 1-Mar-2024", "2"),
        ("BEFORE 1-Mar-2024", "3"),
        ("SINCE 1-Mar-2024", "1 2"),
        ("SENTON 7-Feb-1994", "1"),
        ("SENTSINCE 8-Feb-1994", "2"),
        ("SENTBEFORE 8-Feb-1994", "1"),
        ("UID 2:*", "2 3"),
        ("1,3", "1 3"),
        ("NEW", ""),
        ("OLD", "1 2 3"),
        ("(SEEN FROM an) NOT (TO nobody)", "1"),
        ("RECENT", ""),
    ],
)
def test_keys_find_what_rfc_3501_6_4_4_says(found: Player, keys: str, numbers: str) -> None:
    (reply,) = found.alice.does("SEARCH " + keys)
    assert reply.decode() == f"* SEARCH {numbers}".rstrip()


def test_uid_search_answers_in_uids(imap: Player) -> None:
    imap.house.fill(2)
    imap.alice.does("SELECT INBOX")
    imap.alice.does(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    imap.alice.does("EXPUNGE")
    assert imap.alice.does('UID SEARCH SUBJECT "van so"') == [b"* SEARCH 2"]
    assert imap.alice.does('SEARCH SUBJECT "van so"') == [b"* SEARCH 1"]
    assert imap.alice.refuses("SEARCH 9").startswith(b"BAD")

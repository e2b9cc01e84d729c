"""Extensions used by Python's imaplib, which knows nothing of them but their words."""

import imaplib
import re
from collections.abc import Iterator

import pytest

from tests.mailsvc.imap.player import PASSWORD, ImapHouse
from tests.support.mail import DOMAIN, letter

NEW_COMMANDS = (
    "SETMETADATA",
    "GETMETADATA",
    "UID REPLACE",
    "ENABLE",
    "MYRIGHTS",
    "ESEARCH",
    "NOTIFY",
    "CANCELUPDATE",
)


@pytest.fixture(autouse=True)
def _commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """imaplib refuses to send words that it does not know."""
    for name in NEW_COMMANDS:
        monkeypatch.setitem(imaplib.Commands, name, ("AUTH", "SELECTED"))
    monkeypatch.setitem(imaplib.Commands, "UNAUTHENTICATE", ("AUTH", "SELECTED"))


@pytest.fixture
def client(house: ImapHouse) -> Iterator[imaplib.IMAP4]:
    house.fill(4)
    with imaplib.IMAP4("127.0.0.1", house.port) as client:
        client.login(f"alice@{DOMAIN}", PASSWORD)
        client.select("INBOX")
        yield client


def said(client: imaplib.IMAP4, name: str, words: str, reply: str) -> list[bytes]:
    """The untagged replies of one kind to a command that succeeds."""
    assert client._simple_command(name, words)[0] == "OK"
    return client.response(reply)[1]


def test_imaplib_searches(client: imaplib.IMAP4) -> None:
    # ESEARCH, SEARCHRES, WITHIN
    assert said(client, "SEARCH", "RETURN (MIN MAX COUNT SAVE) YOUNGER 3600", "ESEARCH")[0].endswith(
        b"MIN 1 MAX 4 COUNT 4"
    )
    assert said(client, "SEARCH", "RETURN (ALL) $ NOT 2", "ESEARCH")[0].endswith(b"ALL 1,3:4")
    assert said(client, "SEARCH", "OLDER 3600", "SEARCH") == [b""]


def test_imaplib_lists(client: imaplib.IMAP4) -> None:
    # LIST-EXTENDED, LIST-STATUS
    assert (
        client._simple_command("LIST", '(SUBSCRIBED) "" (INBOX Sent) RETURN (STATUS (MESSAGES))')[0] == "OK"
    )
    assert len(client.response("LIST")[1]) == 2
    assert client.response("STATUS")[1] == [b'"INBOX" (MESSAGES 4)', b'"Sent" (MESSAGES 0)']


def test_imaplib_asks_for_ids_dates_and_previews(client: imaplib.IMAP4) -> None:
    # OBJECTID, SAVEDATE, PREVIEW, APPENDLIMIT
    told = client.fetch("1", "(EMAILID THREADID SAVEDATE PREVIEW)")[1][0]
    assert re.match(
        rb'1 \(EMAILID \(M\w+\) THREADID \(T\w+\) SAVEDATE "[^"]+" PREVIEW "Noi dung thu."\)', told
    ), told
    assert client.status("INBOX", "(MAILBOXID APPENDLIMIT)")[0] == "OK"
    assert f"APPENDLIMIT={35 << 20}" in client.capability()[1][0].decode()


def test_imaplib_appends_two_letters_at_once(client: imaplib.IMAP4) -> None:
    # MULTIAPPEND, LITERAL+: only the last literal waits
    first, last = letter(8), letter(9)
    client.literal = last
    words = f"Sent (\\Seen) {{{len(first)}+}}\r\n".encode() + first
    assert client._simple_command("APPEND", words.decode())[0] == "OK"
    assert client.status("Sent", "(MESSAGES UNSEEN)")[1] == [b'"Sent" (MESSAGES 2 UNSEEN 1)']


def test_imaplib_sorts_and_threads(client: imaplib.IMAP4) -> None:
    # SORT, ESORT, THREAD
    assert client.sort("(REVERSE SUBJECT)", "UTF-8", "ALL") == ("OK", [b"4 3 2 1"])
    assert client.sort("(DISPLAYFROM REVERSE DISPLAYTO)", "UTF-8", "2:3") == ("OK", [b"2 3"])
    assert client._simple_command("SORT", "RETURN (COUNT) (SUBJECT) UTF-8 ALL")[0] == "OK"
    assert client.response("ESEARCH")[1][0].endswith(b"COUNT 4")
    assert client.thread("ORDEREDSUBJECT", "UTF-8", "ALL") == ("OK", [b"(1)(2)(3)(4)"])
    assert client.thread("REFERENCES", "UTF-8", "ALL") == ("OK", [b"(1)(2)(3)(4)"])


def test_imaplib_speaks_rev2(client: imaplib.IMAP4) -> None:
    # IMAP4rev2, UTF8=ACCEPT
    client.unselect()
    assert client._simple_command("ENABLE", "IMAP4rev2 UTF8=ACCEPT")[0] == "OK"
    client._encoding = "utf-8"
    assert client.create('"Công văn"')[0] == "OK"
    assert '"Công văn"'.encode() in client.list('""', "C*")[1][0]
    client.select("INBOX")
    assert said(client, "SEARCH", "UNSEEN", "ESEARCH")[0].endswith(b"ALL 1:4")


def test_imaplib_makes_a_mailbox_for_a_purpose_and_sees_rights(client: imaplib.IMAP4) -> None:
    # CREATE-SPECIAL-USE, LIST-MYRIGHTS, ACL, METADATA
    assert client._simple_command("CREATE", r"Mau (USE (\Drafts))")[0] == "OK"
    assert client._simple_command("LIST", '"" Mau RETURN (MYRIGHTS)')[0] == "OK"
    assert client.response("LIST")[1] == [rb'(\HasNoChildren \Drafts) "/" "Mau"']
    assert client.response("MYRIGHTS")[1] == [b'"Mau" lrswikxtep']
    assert client.myrights("INBOX")[1] == [b'"INBOX" lrswikxtep']
    assert client._simple_command("SETMETADATA", 'INBOX (/private/comment "ghi chu")')[0] == "OK"
    assert said(client, "GETMETADATA", "INBOX /private/comment", "METADATA") == [
        b'"INBOX" ("/private/comment" "ghi chu")'
    ]


def test_imaplib_composes(client: imaplib.IMAP4) -> None:
    # BINARY, CATENATE, REPLACE, PARTIAL
    assert client.fetch("1", "(BINARY.SIZE[1])")[1] == [b"1 (BINARY.SIZE[1] 15)"]
    words = 'Sent CATENATE (URL "/INBOX/;UID=1/;SECTION=HEADER" URL ";UID=2/;SECTION=TEXT")'
    assert client._simple_command("APPEND", words)[0] == "OK"
    client.literal = letter(8)
    assert client._simple_command("UID REPLACE", "4 INBOX (\\Draft)")[0] == "OK"
    assert client.status("INBOX", "(MESSAGES)")[1] == [b'"INBOX" (MESSAGES 4)']
    assert said(client, "UID", "SEARCH RETURN (PARTIAL -1:-2) ALL", "ESEARCH")[0].endswith(
        b"PARTIAL (-1:-2 3,5)"
    )


def test_imaplib_changes_its_user(client: imaplib.IMAP4) -> None:
    # UNAUTHENTICATE
    assert client._simple_command("UNAUTHENTICATE")[0] == "OK"
    client.state = "NONAUTH"
    assert client.login(f"bob@{DOMAIN}", PASSWORD)[0] == "OK"
    assert client.select("INBOX") == ("OK", [b"0"])


def test_imaplib_searches_more(client: imaplib.IMAP4) -> None:
    # MULTISEARCH, FILTERS, SEARCH=FUZZY, CONTEXT=SEARCH, CONTEXT=SORT
    client.append("Sent", None, None, letter(9))
    found = said(client, "ESEARCH", "IN (personal) RETURN (COUNT) ALL", "ESEARCH")
    assert [one.split()[-1] for one in found] == [b"4", b"1"]
    assert client._simple_command("SETMETADATA", '"" (/private/filters/values/hai "UID 2")')[0] == "OK"
    assert client.search(None, "FILTER hai") == ("OK", [b"2"])
    assert said(client, "SEARCH", 'RETURN (ALL RELEVANCY) FUZZY TEXT "noi dung"', "ESEARCH")[0].endswith(
        b"RELEVANCY (100 100 100 100)"
    )
    assert said(client, "SEARCH", "RETURN (UPDATE COUNT) UNSEEN", "ESEARCH")[0].endswith(b"COUNT 4")
    client.store("1", "+FLAGS.SILENT", r"(\Seen)")
    assert client.response("ESEARCH")[1][0].endswith(b"REMOVEFROM (0 1)")
    assert said(client, "SORT", "RETURN (CONTEXT PARTIAL 1:2) (REVERSE SUBJECT) UTF-8 ALL", "ESEARCH")[
        0
    ].endswith(b"PARTIAL (1:2 4,3)")


def test_imaplib_is_told_of_other_mailboxes(client: imaplib.IMAP4) -> None:
    # NOTIFY
    assert client._simple_command("NOTIFY", "SET (personal (MessageNew MessageExpunge))")[0] == "OK"
    client.append("Sent", None, None, letter(9))
    client.noop()
    assert client.response("STATUS")[1][0].startswith(b'"Sent" (MESSAGES 1 UIDNEXT 2 ')

"""OBJECTID (RFC 8474), SAVEDATE (RFC 8514), PREVIEW (RFC 8970) and APPENDLIMIT (RFC 7889)."""

import re

from tests.mailsvc.imap.player import Client, Player
from tests.support.mail import DOMAIN, NOW, letter

DAY = 86_400


def mailbox_id(client: Client, name: str) -> bytes:
    said = client.does(f"STATUS {name} (MAILBOXID)")[0]
    return re.fullmatch(rb'\* STATUS ".*" \(MAILBOXID \(([A-Za-z0-9_-]+)\)\)', said).group(1)


def ids(client: Client, numbers: str = "1:*", what: str = "EMAILID") -> list[bytes]:
    return [
        re.search(what.encode() + rb" \(([A-Za-z0-9_-]+)\)", one).group(1)
        for one in client.does(f"FETCH {numbers} {what}")
    ]


def test_a_mailbox_keeps_its_id_when_renamed_and_gives_it_to_no_other(imap: Player) -> None:  # RFC 8474 §4
    alice = imap.alice
    alice.sends("c CREATE foo").gets("c OK [MAILBOXID (F...)] ...")
    foo = mailbox_id(alice, "foo")
    assert b"* OK [MAILBOXID (%b)] The same for ever" % foo in alice.does("SELECT foo")
    alice.does("UNSELECT")
    alice.does("RENAME foo bar")
    assert mailbox_id(alice, "bar") == foo
    alice.does("DELETE bar")
    alice.does("CREATE bar")
    told = {mailbox_id(alice, name) for name in ("bar", "INBOX", "Sent")}
    assert len(told) == 3
    assert foo not in told
    assert b"MAILBOXID (" in alice.does('LIST "" Sent RETURN (STATUS (MAILBOXID))')[1]


def test_copies_have_one_email_id_and_other_letters_another(imap: Player) -> None:  # RFC 8474 §5.1
    imap.house.deliver(letter(1), letter(2))
    alice = imap.alice
    alice.does("SELECT INBOX")
    first, second = ids(alice)
    assert first != second
    alice.does("COPY 1 Archive")
    alice.does("MOVE 2 Archive")
    alice.does("SELECT Archive")
    assert ids(alice) == [first, second]
    assert alice.does(f"SEARCH EMAILID {second.decode()}") == [b"* SEARCH 2"]
    assert alice.does("SEARCH EMAILID M0") == [b"* SEARCH"]
    # The same letter at another time is another, as its INTERNALDATE may not differ under one EMAILID.
    alice.appends(letter(1), "Archive", '"17-Jul-1996 02:44:25 +0700"')
    assert ids(alice, "3")[0] not in {first, second}


def test_letters_of_a_conversation_have_one_thread_id(imap: Player) -> None:  # RFC 8474 §5.2
    imap.house.deliver(letter(1), letter(2), letter(3, references=f"<1@{DOMAIN}>"))
    imap.alice.does("SELECT INBOX")
    one, other, answer = ids(imap.alice, what="THREADID")
    assert one == answer != other
    assert imap.alice.does(f"SEARCH THREADID {one.decode()}") == [b"* SEARCH 1 3"]
    assert not {one, other} & set(ids(imap.alice))


def test_save_date_is_when_the_letter_came_into_this_mailbox(imap: Player) -> None:  # RFC 8514 §3, §4
    clock = imap.house.store.clock
    imap.alice.appends(letter(1), flags='"17-Jul-1996 02:44:25 +0700"')
    imap.alice.does("SELECT INBOX")
    first = imap.alice.does("FETCH 1 (SAVEDATE INTERNALDATE)")[0]
    assert b'SAVEDATE "18-Nov-2026' in first
    assert b'INTERNALDATE "17-Jul-1996' in first
    clock.now = NOW + 3 * DAY
    imap.alice.does("COPY 1 Archive")
    clock.now = NOW
    assert imap.alice.does("FETCH 1 (SAVEDATE INTERNALDATE)")[0] == first
    imap.alice.does("SELECT Archive")
    assert imap.alice.does("UID FETCH 1 SAVEDATE")[0].startswith(b'* 1 FETCH (UID 1 SAVEDATE "21-Nov-2026 ')
    for key, found in [
        ("SAVEDON 21-Nov-2026", b" 1"),
        ("SAVEDBEFORE 21-Nov-2026", b""),
        ("SAVEDSINCE 21-Nov-2026", b" 1"),
        ("SAVEDSINCE 22-Nov-2026", b""),
        ("SAVEDATESUPPORTED", b" 1"),
    ]:
        assert imap.alice.does(f"SEARCH {key}") == [b"* SEARCH" + found], key


def test_preview_is_the_beginning_of_the_text(imap: Player) -> None:  # RFC 8970 §3
    imap.house.deliver(letter(1), letter(2, body="Kính gửi xã Đạ Ròn".encode()), letter(3, body=b""))
    imap.house.deliver(letter(4, body=b"word " * 500))
    imap.alice.does("SELECT INBOX")
    text = "Kính gửi xã Đạ Ròn".encode()
    assert imap.alice.does("FETCH 1:3 (UID PREVIEW (LAZY) FLAGS)") == [
        b'* 1 FETCH (UID 1 PREVIEW "Noi dung thu." FLAGS ())',
        b"* 2 FETCH (UID 2 PREVIEW {%d}\r\n%b FLAGS ())" % (len(text), text),
        b'* 3 FETCH (UID 3 PREVIEW "" FLAGS ())',
    ]
    assert imap.alice.does("FETCH 1 PREVIEW (LAZY) (CHANGEDSINCE 999999)") == []
    assert imap.alice.does("FETCH 1 PREVIEW") == [b'* 1 FETCH (PREVIEW "Noi dung thu.")']
    assert len(imap.alice.does("FETCH 4 PREVIEW")[0]) < 256
    assert imap.alice.refuses("FETCH 1 PREVIEW (EAGER)").startswith(b"BAD")


def test_the_append_limit_is_told(imap: Player) -> None:  # RFC 7889 §2, §3
    limit = (
        imap.house.settings.max_message_bytes if hasattr(imap.house.settings, "max_message_bytes") else None
    )
    said = imap.alice.does("STATUS INBOX (APPENDLIMIT)")[0]
    number = int(re.fullmatch(rb'\* STATUS "INBOX" \(APPENDLIMIT (\d+)\)', said).group(1))
    assert limit in {None, number}
    assert b"APPENDLIMIT=%d" % number in imap.alice.does("CAPABILITY")[0]
    imap.alice.sends(f"a APPEND INBOX {{{number + 1}}}").gets("a NO [TOOBIG] ...")

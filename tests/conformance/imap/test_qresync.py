"""A client that was away, at our door and at Dovecot's: both must tell it the same (RFC 7162 §3.2.5)."""

import imaplib
import re

import pytest

from tests.conformance.imap.dovecot import IMAP, DovecotClient
from tests.mailsvc.imap.player import PASSWORD, Client, ImapHouse
from tests.support.mail import DOMAIN, letter
from tests.support.system import need


def story(client: Client) -> list[list[bytes]]:
    """Some letters; some change and some go; then what a resync says, mod-sequences left out."""
    for number in range(1, 9):
        client.appends(letter(number))
    client.does("ENABLE QRESYNC")
    opened = b" ".join(client.does("SELECT INBOX"))
    uid_validity, mod_seq = (
        int(re.findall(name + rb" (\d+)", opened)[0]) for name in (rb"UIDVALIDITY", rb"HIGHESTMODSEQ")
    )
    client.does(r"STORE 2,5:6 +FLAGS.SILENT (\Deleted)")
    told = [client.does("EXPUNGE")]
    client.does(r"UID STORE 4 +FLAGS.SILENT (\Flagged)")
    client.does("UNSELECT")
    for rest in ("", " 1:8", " 5:8", " 1:3", " 1:8 (1:2 1,3)"):
        told += [
            client.does(f"SELECT INBOX (QRESYNC ({uid_validity} {mod_seq}{rest}))"),
            client.does("UNSELECT"),
        ]
    client.does("SELECT INBOX")
    told.append(client.does(f"UID FETCH 1:6 (FLAGS) (CHANGEDSINCE {mod_seq} VANISHED)"))
    return [[words(one) for one in replies if re.match(rb"\* (VANISHED|\d+ FETCH)", one)] for replies in told]


def words(reply: bytes) -> bytes:
    reply = re.sub(rb"\\Recent ?| ?MODSEQ \(\d+\)", b"", reply).replace(b" )", b")").replace(b"( ", b"(")
    return b" ".join(sorted(re.findall(rb"\* .*?\(|UID \d+|FLAGS \(.*?\)|VANISHED .*", reply)))


@pytest.mark.peer
def test_a_returning_client_is_told_what_dovecot_tells(house: ImapHouse) -> None:
    need(IMAP, package="dovecot-imapd")
    ours, theirs = house.client("alice"), DovecotClient()
    try:
        assert story(ours) == story(theirs)
    finally:
        ours.close()
        theirs.close()


def test_imaplib_resyncs(house: ImapHouse) -> None:
    house.fill(3)
    with imaplib.IMAP4("127.0.0.1", house.port) as client:
        client.login(f"alice@{DOMAIN}", PASSWORD)
        assert client.enable("QRESYNC")[0] == "OK"
        client.select("INBOX")
        uid_validity, mod_seq = (
            int(client.response(name)[1][0]) for name in ("UIDVALIDITY", "HIGHESTMODSEQ")
        )
        client.store("2", "+FLAGS.SILENT", r"(\Deleted)")
        client.expunge()
        client.unselect()
        client._simple_command("SELECT", f"INBOX (QRESYNC ({uid_validity} {mod_seq}))")
        assert client.response("VANISHED")[1][-1] == b"(EARLIER) 2"

"""SORT and THREAD at our door and at Dovecot's (RFC 5256)."""

import pytest

from tests.conformance.imap.dovecot import IMAP, DovecotClient
from tests.mailsvc.imap.player import Client, ImapHouse
from tests.support.system import need


def letter(number: int, subject: str, above: str = "", sender: str = "a", day: int = 0) -> bytes:
    return (
        f"From: {sender}@x.vn\r\nTo: {chr(122 - number)}@x.vn\r\nSubject: {subject}\r\n"
        f"Date: {day or number} Nov 2026 10:00:00 +0700\r\nMessage-ID: <{number}@x.vn>\r\n"
        + (f"References: {above}\r\n" if above else "")
        + f"\r\n{'x' * number}\r\n"
    ).encode()


LETTERS = [
    letter(1, "bao cao", sender="c"),
    letter(2, "hop", sender="B"),
    letter(3, "Re: bao cao", "<1@x.vn>"),
    letter(4, "khac", "<0@x.vn>", day=20),
    letter(5, "Fwd: hop [x]", day=19),
    letter(6, "mot", "<0@x.vn>", sender="d"),
    letter(7, "Re: bao cao", "<1@x.vn> <3@x.vn>"),
    letter(8, "[ds] bao cao (fwd)", "<1@x.vn> <missing@x.vn>", day=2),
    letter(9, "=?utf-8?Q?=C4=90=E1=BB=81_ngh=E1=BB=8B?=", "<10@x.vn>"),
    letter(10, "Hop", "<9@x.vn>"),
    letter(11, "hai"),
    letter(12, "HAI"),
]
COMMANDS = [
    *[f"THREAD {algorithm} UTF-8 {keys}" for algorithm in ("REFERENCES", "ORDEREDSUBJECT") for keys in ("ALL", "2:8")],
    "UID THREAD REFERENCES US-ASCII NOT 1",
    *[
        f"SORT ({criteria}) UTF-8 ALL"
        for criteria in (
            "ARRIVAL", "DATE", "REVERSE DATE", "SIZE", "FROM", "TO", "CC", "SUBJECT", "DISPLAYFROM", "REVERSE DISPLAYTO", "SUBJECT REVERSE DATE", "REVERSE FROM SIZE",
        )
    ],
    *[f"SORT RETURN ({options}) (DATE) UTF-8 3:7" for options in ("MIN", "MAX", "COUNT")],
    "UID SORT (REVERSE SIZE) UTF-8 BODY xxx",
]  # fmt: skip


def play(client: Client) -> dict[str, list[bytes]]:
    for one in LETTERS:
        client.appends(one)
    client.does("SELECT INBOX")
    return {command: client.does(command) for command in COMMANDS}


@pytest.mark.peer
def test_both_sort_and_thread_alike(house: ImapHouse) -> None:
    need(IMAP, package="dovecot-imapd")
    ours, theirs = house.client("alice"), DovecotClient()
    try:
        said_by_us, said_by_them = play(ours), play(theirs)
    finally:
        ours.close()
        theirs.close()
    assert {
        command: (said, said_by_them[command])
        for command, said in said_by_us.items()
        if said != said_by_them[command]
    } == {}

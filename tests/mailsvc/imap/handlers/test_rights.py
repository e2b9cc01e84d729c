"""ACL (RFC 4314) and LIST-MYRIGHTS (RFC 8440): rights follow the directory."""

import pytest

from directory.model import Right
from tests.mailsvc.imap.player import Player
from tests.support.mail import DOMAIN


@pytest.fixture
def unit(imap: Player) -> str:
    imap.house.share(Right.READ | Right.ACT)
    imap.house.share(Right.READ, "bob")
    return next(line.split(b'"/" ')[1].decode() for line in imap.alice.does('LIST "" *') if b"/INBOX" in line)


def test_everyone_sees_their_own_rights(imap: Player, unit: str) -> None:  # RFC 4314 §3.5
    assert imap.alice.does("MYRIGHTS inbox") == [b'* MYRIGHTS "INBOX" lrswikxtep']
    assert imap.alice.does(f"MYRIGHTS {unit}") == [f"* MYRIGHTS {unit} lrswikxte".encode()]
    assert imap.bob.does(f"MYRIGHTS {unit}") == [f"* MYRIGHTS {unit} lrs".encode()]
    assert imap.bob.refuses("MYRIGHTS nowhere").startswith(b"NO [NONEXISTENT]")


def test_rights_come_with_the_list(imap: Player, unit: str) -> None:  # RFC 8440 §3
    told = imap.bob.does('LIST "" * RETURN (MYRIGHTS)')
    at = next(number for number, line in enumerate(told) if line.endswith(unit.encode()))
    assert told[at + 1] == f"* MYRIGHTS {unit} lrs".encode()


def test_who_works_in_a_box_sees_who_else_does(imap: Player, unit: str) -> None:  # RFC 4314 §3.3, §3.4
    assert imap.alice.does(f"GETACL {unit}") == [
        f"* ACL {unit} alice@{DOMAIN} lrswikxte bob@{DOMAIN} lrs".encode()
    ]
    assert imap.alice.does(f"LISTRIGHTS {unit} bob@{DOMAIN}") == [
        f'* LISTRIGHTS {unit} bob@{DOMAIN} "" lrs wikxte p'.encode()
    ]
    assert imap.bob.refuses(f"GETACL {unit}").startswith(b"NO [NOPERM]")


def test_rights_are_not_given_over_imap(imap: Player, unit: str) -> None:  # RFC 4314 §3.1, §3.2
    assert imap.alice.refuses(f"SETACL {unit} bob@{DOMAIN} +w").startswith(b"NO [NOPERM]")
    assert imap.alice.refuses(f"DELETEACL {unit} bob@{DOMAIN}").startswith(b"NO [NOPERM]")
    for rights in ("lrQ", "+z"):
        assert imap.alice.refuses(f"SETACL {unit} bob@{DOMAIN} {rights}").startswith(b"BAD")
    assert imap.alice.refuses(f'SETACL {unit} "" lr').startswith(b"BAD")

import contextlib
import socket

from tests.mailsvc.imap.player import PASSWORD, ImapHouse, Player
from tests.support.mail import DOMAIN


def test_a_script_that_closes_its_half_at_once_is_answered_whole(house: ImapHouse) -> None:
    house.fill(1)
    client = house.client()
    client.sends_octets(f"a LOGIN alice@{DOMAIN} {PASSWORD}\r\nb SELECT INBOX\r\nc FETCH 1 UID\r\n".encode())
    client._socket.shutdown(socket.SHUT_WR)
    lines = []
    while line := client.line():
        lines.append(line)
    assert lines[-1].startswith(b"c OK")
    client.close()


def test_a_failed_handshake_ends_that_connection_only(imap: Player) -> None:
    client = imap.client()
    client.sends("a STARTTLS").gets("a OK ...").sends_octets(b"this is not TLS at all\r\n" * 10)
    try:
        while client.line():
            pass
    except ConnectionResetError:
        pass
    assert imap.alice.does("NOOP") == []


def test_a_client_that_leaves_in_the_middle_of_a_reply_hurts_nobody(imap: Player) -> None:
    imap.alice.appends(b"x" * 3_000_000)
    gone = imap.house.client("alice")
    gone.does("SELECT INBOX")
    gone.sends("a FETCH 1 BODY.PEEK[]").sends("b FETCH 1 BODY.PEEK[]")
    gone.close()
    assert imap.alice.does("STATUS INBOX (MESSAGES)") == [b'* STATUS "INBOX" (MESSAGES 1)']


def test_a_bug_of_ours_is_told_as_one_and_the_session_lives(imap: Player, monkeypatch) -> None:
    from mailsvc.services import mailbox_tree

    def broken(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr(mailbox_tree, "listing", broken)
    assert imap.alice.refuses('LIST "" *').startswith(b"NO [SERVERBUG]")
    assert imap.alice.does("NOOP") == []


def test_a_thousand_commands_in_one_packet_are_answered_in_order(imap: Player) -> None:
    imap.alice.sends_octets(b"".join(b"%d NOOP\r\n" % number for number in range(1000)))
    for number in range(1000):
        imap.alice.gets(f"{number} OK ...")


def test_behind_a_balancer_the_client_is_whom_it_names(tmp_path) -> None:  # the PROXY protocol
    house = ImapHouse(tmp_path / "data", proxy_protocol=True)
    try:
        with socket.create_connection(("127.0.0.1", house.port), 20) as connection:
            connection.sendall(b"PROXY TCP4 192.0.2.7 127.0.0.1 4321 143\r\na CAPABILITY\r\n")
            told = connection.makefile("rb")
            assert b"LOGINDISABLED" in told.readline()  # no trusted network: passwords wait for TLS
        with socket.create_connection(("127.0.0.1", house.port), 20) as connection:
            connection.sendall(b"a CAPABILITY\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(100) == b""
    finally:
        house.close()

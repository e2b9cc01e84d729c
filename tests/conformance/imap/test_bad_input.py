"""What hostile or broken clients send, on real sockets: a clear refusal, the connection kept where the RFC wants it."""

import socket
import time

import pytest

from tests.mailsvc.imap.player import PASSWORD, ImapHouse
from tests.support.mail import DOMAIN

LOGIN = f"LOGIN alice@{DOMAIN} {PASSWORD}"


def test_an_endless_line_before_login_is_cut_off(house: ImapHouse) -> None:
    client = house.client()
    client.sends_octets(b"a" * 9000).gets("* BYE [TOOBIG] ...").ends()
    client.close()


def test_a_large_literal_before_login_is_refused_at_once(house: ImapHouse) -> None:
    client = house.client()
    client.sends("a LOGIN {1000000}").gets("a NO [TOOBIG] ...").sends("b LOGIN {1000000+}").gets(
        "* BYE ..."
    ).ends()
    client.close()


def test_a_stranger_cannot_pile_up_commands_behind_a_login(house: ImapHouse) -> None:
    client = house.client()
    client.sends_octets(b"a LOGIN x y\r\n" + b"b NOOP\r\n" * 30_000)
    # Reading stops while LOGIN is checked: how much came in one piece decides whether the rest is too much.
    assert client.line().startswith((b"* BYE [LIMIT]", b"a NO [AUTHENTICATIONFAILED]"))
    client.close()


def test_a_literal_larger_than_a_letter_may_be_leaves_the_session_alive(house: ImapHouse) -> None:
    client = house.client("alice")
    size = house.settings.smtp.max_message_bytes + 1
    client.sends(f"a APPEND INBOX {{{size}}}").gets("a NO [TOOBIG] ...")
    client.sends_octets(b"b APPEND INBOX {3000000+}\r\n" + b"x" * 3_000_000 + b"\r\n").gets("b OK ...")
    client.sends(b"c SEARCH TEXT {100000+}\r\n" + b"x" * 100_000).gets("c NO [TOOBIG] ...")
    client.sends("d NOOP").gets("d OK ...")
    client.close()


@pytest.mark.parametrize(
    "octets",
    [
        b"a SELECT \x00\r\n",
        b"\x00\r\n",
        b"a SELECT \xff\xfe\r\n",
        b'a SELECT "\xff\xfe"\r\n',
        b"a SELECT &\r\n",
        b"a FETCH 1 " + b"(" * 5000 + b"\r\n",
        b"a SEARCH " + b"(" * 5000 + b"\r\n",
        b"a SEARCH " + b"NOT " * 10_000 + b"SEEN\r\n",
        b"a FETCH 1:99999999999999999999 FLAGS\r\n",
        b"a UID FETCH " + b"1:*," * 10_000 + b"1 UID BOGUS\r\n",
        b"a STORE 1 +FLAGS (" + b"k" * 60_000 + b")\r\n",
        b"a STORE 1 +FLAGS (" + b" ".join(b"k%d" % n for n in range(5000)) + b")\r\n",
        b'a CREATE "' + b"x/" * 500 + b'y"\r\n',
        b"a CREATE " + b"x" * 5000 + b"\r\n",
        b'a CREATE "a*b"\r\n',
        b'a LIST "" ' + b"%*" * 10_000 + b"a\r\n",
        b"a ID (" + b'"a" "b" ' * 50 + b'"c" NIL)\r\n',
        b"a " + b"x" * 70_000 + b"\r\n",
    ],
)
def test_what_makes_no_sense_is_refused_in_no_time(house: ImapHouse, octets: bytes) -> None:
    house.fill(1)
    client = house.client("alice")
    client.does("SELECT INBOX")
    began = time.monotonic()
    client.sends_octets(octets)
    reply = client.line()
    assert reply.split(b" ")[1] in {b"BAD", b"NO"} or reply.startswith(b"a OK"), reply
    assert time.monotonic() - began < 2
    client.does("CHECK")
    client.close()


def test_pipelined_garbage_is_answered_line_by_line(house: ImapHouse) -> None:
    client = house.client("alice")
    client.sends_octets(b"".join(b"%d FETCH 1 FLAGS\r\n" % number for number in range(500)))
    for number in range(500):
        client.gets(f"{number} BAD [CLIENTBUG] ...")
    client.does("NOOP")
    client.close()


def test_a_reader_that_never_reads_is_not_served_more_than_it_may_owe(house: ImapHouse) -> None:
    house.fill(1)
    client = house.client("alice")
    client.appends(b"x" * 1_000_000)
    client.does("SELECT INBOX")
    client._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client._socket.settimeout(1)
    with pytest.raises(TimeoutError):
        while True:
            client.sends_octets(b"a FETCH 2 BODY.PEEK[]\r\n" * 1000)
    (connection,) = house.server.connections
    assert connection._transport.get_write_buffer_size() < 4_000_000
    other = house.client("bob")
    other.does("NOOP")
    other.close()
    client.close()


def test_without_tls_strangers_may_not_send_passwords(tmp_path) -> None:  # RFC 3501 §11.2
    house = ImapHouse(tmp_path / "data", trusted_networks=())
    try:
        client = house.client()
        assert b"LOGINDISABLED" in client.greeting
        assert b"AUTH=PLAIN" not in client.greeting
        client.sends(f"a {LOGIN}").gets("a NO [PRIVACYREQUIRED] ...")
        client.sends("b AUTHENTICATE PLAIN AHgAeQ==").gets("b NO [PRIVACYREQUIRED] ...")
        client.sends("c STARTTLS").gets("c OK ...").go_secure(house.certificate)
        client.sends(f"d {LOGIN}").gets("d OK ...")
        client.close()
        house.client("bob", tls=True).close()
    finally:
        house.close()


def test_an_address_has_only_so_many_connections_and_guesses(tmp_path) -> None:
    house = ImapHouse(tmp_path / "data", trusted_networks=(), imap={"max_connections_per_address": 5})
    try:
        first = [house.client(tls=True) for _ in range(5)]
        extra = house.client()
        assert extra.greeting.startswith(b"* BYE [LIMIT]")
        extra.close()
        done = first.pop().sends("a LOGOUT").gets("* BYE ...", "a OK ...")
        done.ends()
        done.close()
        for _ in range(6):
            client = first.pop() if first else house.client(tls=True)
            for number in range(5):
                client.sends(f"{number} LOGIN x y").gets(f"{number} NO ...")
            client.gets("* BYE ...").ends()
            client.close()
        client = house.client(tls=True)
        client.sends(f"z {LOGIN}").gets("z NO [LIMIT] ...")
        client.close()
    finally:
        house.close()


def test_strangers_who_say_nothing_are_sent_away(tmp_path) -> None:
    house = ImapHouse(tmp_path / "data", imap={"login_timeout": 5})
    try:
        house.server.login_timeout = 0.05
        client = house.client()
        client.gets("* BYE ...").ends()
        client.close()
        house.server.idle_timeout = 0.05
        house.server.login_timeout = 1.0
        client = house.client("alice")
        client.gets("* BYE ...").ends()
        client.close()
    finally:
        house.close()


def test_stopping_says_bye(house: ImapHouse) -> None:
    client = house.client("alice")
    idle = house.client("bob").sends("a IDLE").gets("+ ...")
    house.stop_serving()
    for one in (client, idle):
        one.gets("* BYE [UNAVAILABLE] ...").ends()
        one.close()

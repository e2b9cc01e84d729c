"""A balancer names the client, in either version, and nobody else may (HAProxy's PROXY protocol)."""

import socket
import ssl
import struct
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsvc.net.limits import TrustedNetworks
from mailsvc.net.proxy import MAX_V1, V2_SIGNATURE, ProxyError, ProxyHeader, parse_header
from mailsvc.smtp.server import SmtpListener
from tests.mailsvc.smtp.support import NOBODY, LoopThread, OpenRules, Wire, make_tls


def v2(family=0x11, addresses=b"\xc0\x00\x02\x07" + b"\x7f\0\0\1" + b"\x10\0\0\x19", command=0x21):
    return V2_SIGNATURE + struct.pack("!BBH", command, family, len(addresses)) + addresses


V6 = ip_address("2001:db8::7").packed * 2 + b"\x10\0\0\x19"


@pytest.mark.parametrize(
    ("header", "client"),
    [
        (b"PROXY TCP4 192.0.2.7 127.0.0.1 4096 25\r\n", "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 ::1 4096 25\r\n", "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN ffff::1 whatever\r\n", None),
        (v2(), "192.0.2.7"),
        (v2(0x21, V6), "2001:db8::7"),
        (
            v2(0x11, b"\xc0\x00\x02\x07\x7f\0\0\1\x10\0\0\x19" + b"\x04\0\x01x"),
            "192.0.2.7",
        ),  # with a TLV behind
        (v2(command=0x20), None),
        (v2(0x00, b""), None),
        (v2(0x31, b"\0" * 216), None),
    ],
)
def test_headers_are_read_to_their_last_octet(header, client):
    expected = ProxyHeader(len(header), None if client is None else ip_address(client))
    assert parse_header(header + b"EHLO a\r\n") == expected
    assert all(parse_header(header[:cut]) is None for cut in range(len(header)))


@pytest.mark.parametrize(
    "header",
    [
        b"EHLO a\r\n", b"PROXY TCP4 192.0.2.700 127.0.0.1 1 25\r\n", b"PROXY TCP4 ::1 ::1 1 25\r\n", b"PROXY TCP5 a\r\n",
        b"PROXY " + b"x" * MAX_V1, b"PROXY TCP4 192.0.2.7 127.0.0.1 1 25\n\r\n", v2(command=0x31), v2(command=0x22),
        v2(addresses=b"\xc0\0\2\7"), v2(addresses=b"\0" * 5000), b"\r\n\r\nx",
    ],
)  # fmt: skip
def test_what_is_no_header_is_refused(header):
    with pytest.raises(ProxyError):
        parse_header(header)


@given(st.binary(max_size=300))
def test_any_octets_are_a_header_or_none_or_refused(data):
    try:
        found = parse_header(data)
    except ProxyError:
        return
    assert found is None or found.octets <= len(data)


class Seen(OpenRules):
    def admit(self, client):
        self.client = str(client.address)


@pytest.fixture
def listening():
    with LoopThread() as thread:
        running = []

        def start(rules, balancers="127.0.0.0/8", **options):
            listener = SmtpListener(
                rules, trusted=NOBODY, balancers=TrustedNetworks([ip_network(balancers)]), **options
            )
            running.append(listener)
            return thread.run(listener.start("127.0.0.1", 0))

        yield start
        for listener in running:
            thread.run(listener.stop())


@pytest.mark.parametrize("header", [b"PROXY TCP4 192.0.2.7 127.0.0.1 4096 25\r\n", v2()])
@pytest.mark.parametrize("cut", [0, 3, 20, 1000])
def test_the_session_sees_the_client(listening, header, cut):
    rules = Seen()
    with Wire(listening(rules)) as wire:
        wire.say(header[:cut]).say(header[cut:] + b"EHLO a\r\n")
        assert wire.reply().startswith(b"220")
        assert wire.reply().startswith(b"250")
    assert rules.client == "192.0.2.7"


def test_tls_begins_right_behind_the_header(listening, tmp_path):
    rules = Seen()
    port = listening(rules, tls=make_tls(tmp_path), implicit_tls=True)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(v2())
        with ssl._create_unverified_context().wrap_socket(plain) as secured:
            assert secured.recv(100).startswith(b"220")
    assert rules.client == "192.0.2.7"


@pytest.mark.parametrize(
    ("balancers", "says"), [("192.0.2.0/24", b"PROXY UNKNOWN\r\n"), ("127.0.0.0/8", b"EHLO a\r\n")]
)
def test_nobody_else_is_served(listening, balancers, says):
    with Wire(listening(Seen(), balancers)) as wire:
        wire.say(says)
        assert wire.reply() == b""

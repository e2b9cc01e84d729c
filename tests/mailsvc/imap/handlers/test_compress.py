"""COMPRESS=DEFLATE (RFC 4978)."""

import zlib

from tests.mailsvc.imap.player import Client, Player


class Compressed:
    """A client behind DEFLATE."""

    def __init__(self, client: Client) -> None:
        client.does("COMPRESS DEFLATE")
        self.socket = client._socket
        self._out = zlib.compressobj(9, zlib.DEFLATED, -15)
        self._in = zlib.decompressobj(-15)

    def sends(self, octets: bytes) -> None:
        self.socket.sendall(self._out.compress(octets) + self._out.flush(zlib.Z_SYNC_FLUSH))

    def hears_until(self, end: bytes) -> bytes:
        heard = b""
        while end not in heard:
            octets = self.socket.recv(65536)
            assert octets, heard[-200:]
            heard += self._in.decompress(octets)
        return heard


def test_both_directions_are_compressed(imap: Player) -> None:  # RFC 4978 §3
    imap.house.fill(200)
    client = Compressed(imap.alice)
    client.sends(b"a SELECT INBOX\r\nb FETCH 1:* (ENVELOPE)\r\n")
    heard = client.hears_until(b"\r\nb OK")
    assert heard.count(b" FETCH (ENVELOPE") == 200
    client.sends(b"c COMPRESS DEFLATE\r\n")
    assert b"c BAD" in client.hears_until(b"active\r\n")


def test_a_command_may_come_in_any_pieces(imap: Player) -> None:
    client = Compressed(imap.alice)
    octets = client._out.compress(
        b"a NOOP\r\nb APPEND INBOX {10+}\r\nS: x\r\n\r\ny\r\nc STATUS INBOX (MESSAGES)\r\n"
    )
    octets += client._out.flush(zlib.Z_SYNC_FLUSH)
    for at in range(len(octets)):
        client.socket.sendall(octets[at : at + 1])
    assert b"MESSAGES 1" in client.hears_until(b"c OK")


def test_what_is_not_deflate_ends_the_connection(imap: Player) -> None:
    client = Compressed(imap.alice)
    client.socket.sendall(b"\xff\xfe plain text\r\n")
    assert b"* BYE" in client.hears_until(b"DEFLATE\r\n")


def test_a_little_that_stands_for_very_much_is_not_held(imap: Player) -> None:
    client = Compressed(imap.alice)
    client.sends(b"a " + b"x" * 50_000_000)
    client.sends(b"\r\nb NOOP\r\n")
    heard = client.hears_until(b"b OK")
    assert b"[TOOBIG]" in heard


def test_unauthenticate_ends_it(imap: Player) -> None:  # RFC 8437 §4.1
    plain = imap.alice
    client = Compressed(plain)
    client.sends(b"a UNAUTHENTICATE\r\n")
    client.hears_until(b"a OK Nobody is signed in\r\n")
    assert plain.does("CAPABILITY")[0].startswith(b"* CAPABILITY IMAP4rev1")

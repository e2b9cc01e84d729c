"""Both ends of one TLS connection see the same octets, and those of another connection are others."""

import datetime as dt
import hashlib
import ssl
from pathlib import Path

import pytest

from mailsvc.net.channel_binding import bindings, end_point
from mailsvc.net.tls import make_certificate, server_context

HOST = "mail.lamdong.example"


def handshake(folder: Path, version: ssl.TLSVersion) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """A connection in memory: its server's end and its client's."""
    server_side = server_context(folder / "cert.pem", folder / "key.pem")
    server_side.maximum_version = version
    client_side = ssl.create_default_context(cafile=folder / "cert.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    client = client_side.wrap_bio(to_client, to_server, server_hostname=HOST)
    waiting = [client, server]
    for _ in range(8):
        for end in tuple(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(end)
    assert not waiting
    return server, client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_certificate(tmp_path / "cert.pem", tmp_path / "key.pem", [HOST], now=dt.datetime.now(dt.UTC))
    return tmp_path


@pytest.mark.parametrize(
    ("version", "kind"),
    [(ssl.TLSVersion.TLSv1_2, "tls-unique"), (ssl.TLSVersion.TLSv1_3, "tls-exporter")],
)
def test_both_ends_agree_and_no_other_connection_does(
    folder: Path, version: ssl.TLSVersion, kind: str
) -> None:
    point = end_point(folder / "cert.pem")
    server, client = handshake(folder, version)
    other, _ = handshake(folder, version)
    here = bindings(server, point)
    assert set(here) == {"tls-server-end-point", kind}
    assert here == bindings(client, point)
    assert here[kind] != bindings(other, point)[kind]


def test_the_end_point_is_the_hash_of_the_certificate_that_was_sent(folder: Path) -> None:
    _, client = handshake(folder, ssl.TLSVersion.TLSv1_3)
    sent = client.getpeercert(binary_form=True)
    assert sent is not None
    assert hashlib.sha256(sent).digest() == end_point(folder / "cert.pem")


def test_without_tls_nothing_is_bound() -> None:
    assert bindings(None, b"x") == {}

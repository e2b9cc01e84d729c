"""The certificate made at init, and the contexts that use it."""

import contextlib
import datetime as dt
import ssl
import stat

import pytest
from cryptography import x509

from mailsvc.net import tls

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def test_a_certificate_names_hosts_and_addresses_and_its_key_is_private(tmp_path):
    certificate, key = tmp_path / "tls" / "cert.pem", tmp_path / "tls" / "key.pem"
    tls.make_certificate(certificate, key, ["mail.lamdong.example", "127.0.0.1", "thư.example"], now=NOW)
    made = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mail.lamdong.example", "xn--th-e0a.example"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("**/*.new"))


def test_a_second_making_replaces_the_first(tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    for name in ("a.example", "b.example"):
        tls.make_certificate(certificate, key, [name], now=NOW)
    context = tls.server_context(certificate, key)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert b"b.example" in x509.load_pem_x509_certificate(certificate.read_bytes()).subject.public_bytes()


def test_a_renewed_certificate_counts_from_the_next_handshake_and_a_broken_one_does_not(tmp_path):
    now = dt.datetime.now(dt.UTC)
    files = [tmp_path / name for name in ("cert.pem", "key.pem")]
    tls.make_certificate(*files, ["old.vn"], now=now)
    held = tls.CertificateFiles(*files)
    assert not held.reload()
    tls.make_certificate(*files, ["new.vn"], now=now)
    assert held.reload()
    assert served_name(held.context) == "new.vn"
    files[0].write_text("nonsense")
    with pytest.raises(ssl.SSLError):
        held.reload()
    assert not held.reload()  # told once
    assert served_name(held.context) == "new.vn"


def served_name(context):
    """The name in the certificate that a client is shown, over memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(to_server, to_client, server_side=True)
    client = tls.opportunistic_context().wrap_bio(to_client, to_server)
    for _ in range(4):
        for end in (client, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return (
        x509.load_der_x509_certificate(tls.peer_chain(client)[0]).subject.rfc4514_string().removeprefix("CN=")
    )

"""TLS: contexts for servers and clients, and the certificate that `init` makes when none is given."""

from __future__ import annotations

import datetime as dt
import os
import ssl
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DER = 2
"""_ssl.ENCODING_DER."""
_VALID_DAYS = 3650
"""Nobody checks who signed it, so it need not be replaced soon; a real certificate comes by settings."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A context for listeners: TLS 1.2 and later (RFC 8997, RFC 9325 §3.1.1), the server's choice of cipher."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context


class CertificateFiles:
    """A context for listeners, and the files that it was made of: what is renewed there counts from the next handshake on."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.certificate = certificate
        self.key = key
        self._loaded = self._stamp()
        self.context = server_context(certificate, key)

    def reload(self) -> bool:
        """Load the files if they have changed; OSError or ssl.SSLError leaves the old pair in use and is raised once."""
        stamp = self._stamp()
        if stamp == self._loaded:
            return False
        self._loaded = stamp
        server_context(self.certificate, self.key)  # tried on a context that nobody uses
        self.context.load_cert_chain(self.certificate, self.key)
        return True

    def _stamp(self) -> tuple[int, ...]:
        found = (self.certificate.stat(), self.key.stat())
        return tuple(value for one in found for value in (one.st_mtime_ns, one.st_ino, one.st_size))


def opportunistic_context() -> ssl.SSLContext:
    """A context for delivery to any MX: encrypts, checks nobody (RFC 7435); better than clear text."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def verifying_context() -> ssl.SSLContext:
    """A context for a server that must be who it says, by the machine's certificate authorities (RFC 8314 §5)."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def peer_chain(tls: ssl.SSLObject) -> list[bytes]:
    """The certificates that the other end showed, in DER, its own first; nothing was checked of them."""
    # Public from Python 3.13 on; before that the same method is on the object inside.
    inner: Any = tls if hasattr(tls, "get_unverified_chain") else getattr(tls, "_sslobj")  # noqa: B009
    shown = inner.get_unverified_chain() or ()
    return [one if isinstance(one, bytes) else one.public_bytes(_DER) for one in shown]


def make_certificate(certificate: Path, key: Path, names: Sequence[str], *, now: dt.datetime) -> None:
    """Write a self-signed certificate for these host names and addresses, and its key (mode 600).

    Both appear whole or not at all; what is there already is replaced.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    encoded_key = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(key, encoded_key, mode=0o600)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode() if not name.isascii() else name)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

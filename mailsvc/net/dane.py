"""Whether a certificate is the one that DNSSEC promises (RFC 6698, RFC 7671, RFC 7672)."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from mailsvc.net.resolver import TlsaRecord

TRUST_ANCHOR, END_ENTITY = 2, 3
MAX_CHAIN = 10
_HASHES = {1: hashlib.sha256, 2: hashlib.sha512}


def usable(records: Sequence[TlsaRecord]) -> tuple[TlsaRecord, ...]:
    """The records that SMTP can use: DANE-TA and DANE-EE, of known selector and matching type (RFC 7672 §3.1)."""
    return tuple(
        one
        for one in records
        if one.usage in {TRUST_ANCHOR, END_ENTITY} and one.selector in {0, 1} and one.matching in {0, 1, 2}
    )


def mismatch(
    records: Sequence[TlsaRecord], chain: Sequence[bytes], names: Sequence[str], now: dt.datetime
) -> str:
    """Why the chain (DER, the server's own first) is not what the records promise; empty if it is.

    DANE-EE looks at nothing but the key or certificate itself, neither name nor date (RFC 7672 §3.1.1); DANE-TA wants
    a chain to the anchor, dates, and one of the names (RFC 7672 §3.1.2, §3.2.2).
    """
    try:
        certificates = [x509.load_der_x509_certificate(one) for one in chain[:MAX_CHAIN]]
    except ValueError:
        return "the certificate cannot be read"
    if not certificates:
        return "no certificate"
    if any(one.usage == END_ENTITY and _fits(one, certificates[0]) for one in records):
        return ""
    anchors = [one for one in records if one.usage == TRUST_ANCHOR]
    reason = "no TLSA record fits the certificate"
    for one in anchors:
        for at, certificate in enumerate(certificates):
            if _fits(one, certificate):
                reason = _chain_fault(certificates[: at + 1], names, now)
                if not reason:
                    return ""
    return reason


def _fits(record: TlsaRecord, certificate: x509.Certificate) -> bool:
    """RFC 6698 §2.1.2, §2.1.3."""
    try:
        octets = (
            certificate.public_bytes(Encoding.DER)
            if record.selector == 0
            else certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        )
    except ValueError:
        return False
    digest = _HASHES.get(record.matching)
    return (digest(octets).digest() if digest else octets) == record.data


def _chain_fault(chain: Sequence[x509.Certificate], names: Sequence[str], now: dt.datetime) -> str:
    for certificate, issuer in pairwise(chain):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            return "the chain does not lead to the trust anchor"
    if any(not one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in chain):
        return "the certificate has expired"
    if not any(_is_named(chain[0], name) for name in names):
        return "the certificate is for another host"
    return ""


def _is_named(certificate: x509.Certificate, name: str) -> bool:
    """RFC 6125 §6.4: the names of the extension, a wildcard for one whole label on the left."""
    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    wanted = name.lower().removesuffix(".")
    above = wanted.partition(".")[2]
    return any(
        one.lower() == wanted or (above and one.lower() == f"*.{above}")
        for one in held.get_values_for_type(x509.DNSName)
    )

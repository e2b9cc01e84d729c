"""Keys of DKIM and ARC: made, published as a record, read from a record, used (RFC 6376 §3.6, RFC 8301, RFC 8463)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)

from mailsvc.sender_auth.tags import TagError, octets_of, parse_tags

MIN_RSA_BITS = 1024  # RFC 8301 §3.2
MAX_RSA_BITS = (
    4096  # what a verifier must be able to check, RFC 8301 §3.2; more is work for us that a stranger asks
)
MAX_RECORD_OCTETS = 8 * 1024


class Algorithm(StrEnum):
    """Signature algorithms that count: rsa-sha1 does not any more (RFC 8301 §3.1)."""

    RSA_SHA256 = "rsa-sha256"
    ED25519_SHA256 = "ed25519-sha256"


class KeyUnusable(ValueError):
    """The record or the key in it cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as its record gives it (RFC 6376 §3.6.1)."""

    key: RSAPublicKey | Ed25519PublicKey
    testing: bool = False
    """t=y: the domain only tries DKIM out."""
    strict: bool = False
    """t=s: i= must be of the very domain d=."""

    @property
    def bits(self) -> int:
        """Its size."""
        return self.key.key_size if isinstance(self.key, RSAPublicKey) else 256

    def verifies(self, algorithm: Algorithm, signature: bytes, signed: bytes) -> bool:
        """Whether the signature is of these octets; KeyUnusable if the key is of another algorithm."""
        try:
            if algorithm is Algorithm.RSA_SHA256 and isinstance(self.key, RSAPublicKey):
                self.key.verify(signature, signed, PKCS1v15(), hashes.SHA256())
            elif algorithm is Algorithm.ED25519_SHA256 and isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature, hashlib.sha256(signed).digest())  # RFC 8463 §3
            else:
                raise KeyUnusable("the key is of another algorithm")
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of ours and where its public half is published."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey

    @property
    def algorithm(self) -> Algorithm:
        """What it signs with."""
        return Algorithm.RSA_SHA256 if isinstance(self.key, RSAPrivateKey) else Algorithm.ED25519_SHA256

    def sign(self, octets: bytes) -> bytes:
        """The signature of these octets (RFC 6376 §3.3, RFC 8463 §3)."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(octets, PKCS1v15(), hashes.SHA256())
        return self.key.sign(hashlib.sha256(octets).digest())


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """What the administrator publishes."""

    name: str
    value: str

    @property
    def quoted(self) -> str:
        """The value in strings of 255 octets at most (RFC 6376 §3.6.2.2)."""
        return " ".join(f'"{self.value[at : at + 250]}"' for at in range(0, len(self.value), 250))

    @property
    def zone_line(self) -> str:
        """The line for a zone file."""
        return f"{self.name}. IN TXT ( {self.quoted} )"


def make_private_key(algorithm: Algorithm = Algorithm.RSA_SHA256, *, bits: int = 2048) -> bytes:
    """A new private key as PEM (PKCS #8); RSA of 2048 bits unless told (RFC 8301 §3.2)."""
    key: RSAPrivateKey | Ed25519PrivateKey
    if algorithm is Algorithm.ED25519_SHA256:
        key = Ed25519PrivateKey.generate()
    else:
        key = generate_private_key(65537, bits)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_signing_key(domain: str, selector: str, pem: bytes) -> SigningKey:
    """A private key from PEM; KeyUnusable if it is none of ours, or RSA of less than 1024 bits (RFC 8301 §3.2)."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"no private key: {error}") from error
    if not isinstance(key, (RSAPrivateKey, Ed25519PrivateKey)):
        raise KeyUnusable("neither RSA nor Ed25519")
    if isinstance(key, RSAPrivateKey) and key.key_size < MIN_RSA_BITS:
        raise KeyUnusable(f"RSA of {key.key_size} bits")
    return SigningKey(domain, selector, key)


def key_record(key: SigningKey) -> DnsRecord:
    """The ready TXT record of a key (RFC 6376 §3.6.1, RFC 8463 §4)."""
    public = key.key.public_key()
    if isinstance(public, RSAPublicKey):
        kind = "rsa"
        octets = public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    else:
        kind = "ed25519"
        octets = public.public_bytes_raw()
    value = f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode('ascii')}"
    return DnsRecord(f"{key.selector}._domainkey.{key.domain}", value)


def read_key_record(record: bytes) -> PublicKey:
    """The key in a TXT record; KeyUnusable for any that may not be used (RFC 6376 §3.6.1, §6.1.2)."""
    if len(record) > MAX_RECORD_OCTETS:
        raise KeyUnusable("the key record is too large")
    try:
        tags = parse_tags(record)
        octets = octets_of(tags.get("p", ""), "p")
    except TagError as error:
        raise KeyUnusable(f"key record: {error}") from error
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        raise KeyUnusable("key record of another version")
    if "p" not in tags:
        raise KeyUnusable("key record without p=")
    if not octets:
        raise KeyUnusable("the key is revoked")
    if "sha256" not in _listed(tags.get("h", "sha256")):
        raise KeyUnusable("the key is not for sha256")
    if not {"*", "email"} & _listed(tags.get("s", "*")):
        raise KeyUnusable("the key is not for mail")
    flags = _listed(tags.get("t", ""))
    return PublicKey(_public_key(tags.get("k", "rsa"), octets), testing="y" in flags, strict="s" in flags)


def _listed(value: str) -> set[str]:
    return {one.strip() for one in value.split(":")}


def _public_key(kind: str, octets: bytes) -> RSAPublicKey | Ed25519PublicKey:
    try:
        if kind == "ed25519":
            return Ed25519PublicKey.from_public_bytes(octets)
        if kind != "rsa":
            raise KeyUnusable(f"key of kind {kind[:20]!r}")
        key = serialization.load_der_public_key(octets)  # SubjectPublicKeyInfo or RSAPublicKey
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable("the key cannot be read") from error
    if not isinstance(key, RSAPublicKey):
        raise KeyUnusable("the key is not RSA")
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise KeyUnusable(f"RSA of {key.key_size} bits")
    return key

"""DKIM signatures, verified and made (RFC 6376, RFC 8301, RFC 8463)."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.sender_auth.canonical import HeaderField, Letter, LetterError, read_letter, select_fields
from mailsvc.sender_auth.dns import to_a_labels
from mailsvc.sender_auth.keys import Algorithm, KeyUnusable, PublicKey, SigningKey
from mailsvc.sender_auth.signing import (
    MAX_FIELD_OCTETS,
    BodyHashes,
    DkimVerdict,
    NotValid,
    algorithm_tag,
    canonicalization,
    domain_tag,
    find_key,
    folded_base64,
    folded_names,
    signed_names,
    signed_octets,
)
from mailsvc.sender_auth.tags import TagError, number, octets_of, parse_tags, required

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.sender_auth.dns import TxtResolver

__all__ = ["DkimResult", "DkimVerdict", "LetterError", "sign", "verify"]

MAX_SIGNATURES = 5  # looked at, from the top; RFC 6376 §8.4
CLOCK_SLOP = 24 * 3600  # seconds that a signer's clock may be ahead, RFC 6376 §3.5 on t=

_SIGNED = (
    "from",
    "sender",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "to",
    "cc",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-id",
    "content-description",
    "resent-date",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-message-id",
    "in-reply-to",
    "references",
    "list-id",
    "list-help",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-subscribe",
    "list-post",
    "list-owner",
    "list-archive",
)
"""RFC 6376 §5.4.1, and RFC 8058 §4."""
_OVERSIGNED = (
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "reply-to",
    "message-id",
    "mime-version",
    "content-type",
)
"""Named once more than they occur, so that none can be added (RFC 6376 §8.15)."""


@dataclass(frozen=True, slots=True)
class DkimResult:
    """What one signature is worth."""

    result: DkimVerdict
    domain: str = ""
    """d=, in ASCII and lower case: who vouches."""
    selector: str = ""
    identity: str = ""
    """i=, or `@` and the domain."""
    algorithm: str = ""
    key_bits: int = 0
    signature_start: str = ""
    """The first eight characters of b=, which tell signatures apart (RFC 6008 §4)."""
    reason: str = ""
    testing: bool = False
    """The domain says that it only tries DKIM out; treat as unsigned (RFC 6376 §3.6.1)."""


async def verify(
    octets: bytes, resolver: TxtResolver, *, now: int, hashes: BodyHashes | None = None
) -> tuple[DkimResult, ...]:
    """The worth of each of the first five signatures, from the top; none if there is none (RFC 6376 §6).

    `hashes` are those of this letter's body, where somebody has made them already.
    """
    try:
        letter = read_letter(octets)
    except LetterError as error:
        return (DkimResult(DkimVerdict.PERMERROR, reason=str(error)),)
    hashes = hashes or BodyHashes(letter.body)
    signatures = letter.named("dkim-signature")[:MAX_SIGNATURES]
    return tuple(
        await asyncio.gather(*(_verify(letter, hashes, one, resolver, now=now) for one in signatures))
    )


def sign(
    octets: bytes,
    keys: Sequence[SigningKey],
    *,
    now: int,
    identity: str | None = None,
    lifetime: int | None = None,
) -> bytes:
    """DKIM-Signature fields to put before the letter, one for each key, each ending in CRLF (RFC 6376 §5).

    Raises LetterError if the letter has no From, which must be signed (RFC 6376 §5.4).
    """
    letter = read_letter(octets)
    if not letter.named("from"):
        raise LetterError("no From to sign")
    body_hash = base64.b64encode(BodyHashes(letter.body).get(relaxed=True)).decode("ascii")
    present = [one.name for one in letter.fields if one.name in _SIGNED]
    names = (*present, *_OVERSIGNED)
    made = []
    for key in keys:
        tags = {
            "v": "1",
            "a": key.algorithm.value,
            "c": "relaxed/relaxed",
            "d": key.domain,
            "s": key.selector,
            "i": identity,
            "t": str(now),
            "x": None if lifetime is None else str(now + lifetime),
            "h": folded_names(names),
            "bh": body_hash,
        }
        given = [f"{name}={value}" for name, value in tags.items() if value is not None]
        draft = ("DKIM-Signature: " + ";\r\n\t".join([*given, "b="])).encode()
        signed = signed_octets(select_fields(letter, names), draft, relaxed=True)
        made.append(draft + folded_base64(key.sign(signed)) + b"\r\n")
    return b"".join(made)


@dataclass(frozen=True, slots=True)
class _Signature:
    """A DKIM-Signature field, read and found well formed (RFC 6376 §3.5)."""

    domain: str
    selector: str
    identity: str
    algorithm: Algorithm
    names: tuple[str, ...]
    relaxed_header: bool
    relaxed_body: bool
    body_hash: bytes
    signature: bytes
    body_length: int | None
    made: int | None
    expires: int | None


def _read(field: HeaderField) -> _Signature:
    if len(field.raw) > MAX_FIELD_OCTETS:
        raise TagError("the signature is too large")
    tags = parse_tags(field.value)
    if tags.get("v") != "1":
        raise TagError("v= is not 1")
    if "q" in tags and "dns/txt" not in {one.strip() for one in tags["q"].split(":")}:
        raise TagError("q= is not dns/txt")
    domain = domain_tag(tags)
    identity = tags.get("i", "@" + domain)
    of = to_a_labels(identity.rpartition("@")[2]) or ""
    if "@" not in identity or not (of == domain or of.endswith("." + domain)):
        raise TagError("i= is not of d=")
    relaxed_header, relaxed_body = canonicalization(tags, "simple/simple")
    return _Signature(
        domain=domain,
        selector=(to_a_labels(required(tags, "s")) or ""),
        identity=identity,
        algorithm=algorithm_tag(tags),
        names=_names(tags),
        relaxed_header=relaxed_header,
        relaxed_body=relaxed_body,
        body_hash=octets_of(required(tags, "bh"), "bh"),
        signature=octets_of(required(tags, "b"), "b"),
        body_length=_body_length(tags),
        made=number(tags, "t"),
        expires=number(tags, "x"),
    )


def _names(tags: dict[str, str]) -> tuple[str, ...]:
    names = signed_names(required(tags, "h"))
    if "from" not in names:
        raise TagError("h= leaves From out")  # RFC 6376 §5.4
    return names


def _body_length(tags: dict[str, str]) -> int | None:
    value = tags.get("l")
    if value is None:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= 76):
        raise TagError("l= is no number")
    return int(value)


async def _verify(
    letter: Letter, hashes: BodyHashes, field: HeaderField, resolver: TxtResolver, *, now: int
) -> DkimResult:
    try:
        one = _read(field)
    except TagError as error:
        return DkimResult(DkimVerdict.PERMERROR, reason=str(error))
    key = None
    verdict, reason = DkimVerdict.PASS, ""
    try:
        _check_claims(letter, hashes, one, now=now)
        key = await find_key(resolver, one.domain, one.selector)
        _check_signature(letter, field, one, key)
    except NotValid as error:
        verdict, reason = error.verdict, str(error)
    except KeyUnusable as error:
        verdict, reason = DkimVerdict.PERMERROR, str(error)
    return DkimResult(
        verdict,
        domain=one.domain,
        selector=one.selector,
        identity=one.identity,
        algorithm=one.algorithm.value,
        key_bits=0 if key is None else key.bits,
        signature_start=base64.b64encode(one.signature[:6]).decode("ascii"),
        reason=reason,
        testing=key is not None and key.testing,
    )


def _check_claims(letter: Letter, hashes: BodyHashes, one: _Signature, *, now: int) -> None:
    """All that can be told without the key, so that a worthless signature costs no look-up (RFC 6376 §6.1.1)."""
    if one.made is not None and one.made > now + CLOCK_SLOP:
        raise NotValid(DkimVerdict.POLICY, "made in the future")
    if one.expires is not None and (one.expires < now or one.expires < (one.made or 0)):
        raise NotValid(DkimVerdict.FAIL, "expired")
    if len(letter.named("from")) > one.names.count("from"):
        raise NotValid(DkimVerdict.FAIL, "a From is not signed")  # RFC 6376 §8.15
    if one.body_length is not None and one.body_length != hashes.length(relaxed=one.relaxed_body):
        # RFC 6376 §8.2, stricter: what stands after l= is not vouched for by anyone.
        raise NotValid(DkimVerdict.POLICY, "l= leaves out a part of the body")
    if hashes.get(relaxed=one.relaxed_body) != one.body_hash:
        raise NotValid(DkimVerdict.FAIL, "the body was changed")


def _check_signature(letter: Letter, field: HeaderField, one: _Signature, key: PublicKey) -> None:
    """Whether the key made it (RFC 6376 §6.1.2, §6.1.3)."""
    if key.strict and to_a_labels(one.identity.rpartition("@")[2]) != one.domain:
        raise NotValid(DkimVerdict.PERMERROR, "i= is of a subdomain, which the key forbids")
    signed = signed_octets(select_fields(letter, one.names), field.raw, relaxed=one.relaxed_header)
    if not key.verifies(one.algorithm, one.signature, signed):
        raise NotValid(DkimVerdict.FAIL, "the signature is not of this header")

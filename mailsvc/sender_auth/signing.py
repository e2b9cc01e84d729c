"""What DKIM and ARC signatures have in common: what is signed, by which key (RFC 6376 §3, RFC 8617 §4.1)."""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

from mailsvc.sender_auth.canonical import HeaderField, canonical_body, canonical_field
from mailsvc.sender_auth.dns import Answer, NoAnswer, can_be_asked, to_a_labels
from mailsvc.sender_auth.keys import Algorithm, KeyUnusable, PublicKey, read_key_record
from mailsvc.sender_auth.tags import TagError, required, without_signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.sender_auth.dns import TxtResolver

MAX_FIELD_OCTETS = 16 * 1024  # of one signature field
MAX_NAMES = 1000  # in h=


class DkimVerdict(StrEnum):
    """RFC 8601 §2.7.1."""

    PASS = "pass"  # noqa: S105  the word of RFC 8601 §2.7.1
    FAIL = "fail"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class NotValid(Exception):
    """Why a signature is not valid, and how that is called."""

    def __init__(self, verdict: DkimVerdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict


class BodyHashes:
    """SHA-256 of the body in either form, counted once however many signatures ask."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._known: dict[bool, tuple[bytes, int]] = {}

    def get(self, *, relaxed: bool) -> bytes:
        """The hash of the whole body (RFC 6376 §3.7)."""
        return self._of(relaxed=relaxed)[0]

    def length(self, *, relaxed: bool) -> int:
        """The octets that were hashed."""
        return self._of(relaxed=relaxed)[1]

    def _of(self, *, relaxed: bool) -> tuple[bytes, int]:
        if relaxed not in self._known:
            canonical = canonical_body(self._body, relaxed=relaxed)
            self._known[relaxed] = (hashlib.sha256(canonical).digest(), len(canonical))
        return self._known[relaxed]


def signed_octets(fields: Sequence[HeaderField], signature: bytes, *, relaxed: bool) -> bytes:
    """What a header signature is of: the fields, then the signature field with b= empty (RFC 6376 §3.7)."""
    parts = [canonical_field(one.raw, relaxed=relaxed) + b"\r\n" for one in fields]
    parts.append(canonical_field(without_signature(signature), relaxed=relaxed))
    return b"".join(parts)


def folded_names(names: Sequence[str]) -> str:
    """The value of h=, in lines of a readable length."""
    lines = [""]
    for name in names:
        if lines[-1] and len(lines[-1]) + len(name) > 70:
            lines.append("")
        lines[-1] += name + ":"
    return "\r\n\t ".join(lines).removesuffix(":")


def folded_base64(octets: bytes) -> bytes:
    """The value of b=, in lines of a readable length."""
    text = base64.b64encode(octets)
    return b"\r\n\t ".join(text[at : at + 72] for at in range(0, len(text), 72))


async def find_key(resolver: TxtResolver, domain: str, selector: str) -> PublicKey:
    """The key of a selector; NotValid if there is none that may be used (RFC 6376 §6.1.2)."""
    name = f"{selector}._domainkey.{domain}"
    if not can_be_asked(name):
        raise NotValid(DkimVerdict.PERMERROR, "s= and d= make no name")
    found = await resolver.txt(name)
    if isinstance(found, Answer):
        try:
            return read_key_record(found.records[0])
        except KeyUnusable as error:
            raise NotValid(DkimVerdict.PERMERROR, str(error)) from error
    if isinstance(found, NoAnswer):
        raise NotValid(DkimVerdict.PERMERROR, "no key")
    raise NotValid(DkimVerdict.TEMPERROR, found.reason)


def signed_names(value: str) -> tuple[str, ...]:
    """The names in h=, in lower case (RFC 6376 §3.5)."""
    names = tuple(one.strip().lower() for one in value.split(":"))
    if len(names) > MAX_NAMES:
        raise TagError("h= names too many fields")
    return names


def canonicalization(tags: dict[str, str], default: str) -> tuple[bool, bool]:
    """Whether header and body are relaxed (RFC 6376 §3.5 on c=)."""
    header, slash, body = tags.get("c", default).partition("/")
    known = {"simple": False, "relaxed": True}
    if header not in known or (body if slash else "simple") not in known:
        raise TagError("c= is not known")
    return known[header], known[body] if slash else False


def domain_tag(tags: dict[str, str]) -> str:
    """The value of d= in A-labels; TagError if it can be no domain."""
    domain = to_a_labels(required(tags, "d"))
    if domain is None or not can_be_asked(domain) or not all(one.isalnum() or one in "-._" for one in domain):
        raise TagError("d= is no domain")
    return domain


def algorithm_tag(tags: dict[str, str]) -> Algorithm:
    """The value of a=; TagError for rsa-sha1 too (RFC 8301 §3.1)."""
    try:
        return Algorithm(required(tags, "a"))
    except ValueError as error:
        raise TagError(f"a= is {tags.get('a', '')[:20]!r}") from error

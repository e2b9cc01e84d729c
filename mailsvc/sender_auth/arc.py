"""The Authenticated Received Chain: what those before us found, validated and carried on (RFC 8617)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mailsvc.sender_auth.canonical import HeaderField, Letter, LetterError, read_letter, select_fields
from mailsvc.sender_auth.keys import Algorithm, KeyUnusable, PublicKey, SigningKey
from mailsvc.sender_auth.signing import (
    MAX_FIELD_OCTETS,
    BodyHashes,
    NotValid,
    algorithm_tag,
    canonicalization,
    domain_tag,
    find_key,
    folded_names,
    signed_names,
    signed_octets,
)
from mailsvc.sender_auth.tags import TagError, number, octets_of, parse_tags, required

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.sender_auth.dns import TxtResolver

MAX_SETS = 50  # RFC 8617 §5.2

_RESULTS, _MESSAGE, _SEAL = "arc-authentication-results", "arc-message-signature", "arc-seal"
_ORDER = (_RESULTS, _MESSAGE, _SEAL)  # RFC 8617 §5.1.1
_INSTANCE = re.compile(rb"[ \t\r\n]*i[ \t\r\n]*=[ \t\r\n]*([0-9]{1,12})[ \t\r\n]*;")
_SIGNED = (
    "mime-version",
    "date",
    "from",
    "to",
    "cc",
    "subject",
    "reply-to",
    "message-id",
    "in-reply-to",
    "references",
    "content-type",
    "content-transfer-encoding",
    "list-id",
    "list-unsubscribe",
    "dkim-signature",
)
"""RFC 8617 §4.1.2: as DKIM signs, and the DKIM signatures; never our own results or any seal."""


class ArcStatus(StrEnum):
    """Chain Validation Status (RFC 8617 §4.4)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105  the word of RFC 8617 §4.4
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class ArcResult:
    """What the chain is worth."""

    status: ArcStatus
    reason: str = ""
    sealers: tuple[str, ...] = ()
    """d= of each seal from the first, where the status is pass."""
    findings: tuple[str, ...] = ()
    """What each sealer had found, unfolded, where the status is pass."""
    covers_from: bool = False
    """Whether the last set vouches for From at all; without that a pass says nothing about the author."""
    ended: bool = False
    """One before us has already said that the chain is broken: nothing is to be added."""


async def validate(octets: bytes, resolver: TxtResolver, *, hashes: BodyHashes | None = None) -> ArcResult:
    """The status of the chain on a letter; all errors are for ever, those of DNS too (RFC 8617 §5.2).

    `hashes` are those of this letter's body, where somebody has made them already.
    """
    try:
        letter = read_letter(octets)
        fields = [one for one in letter.fields if one.name in _ORDER]
        if not fields:
            return ArcResult(ArcStatus.NONE)
        sets = _sets(fields)
        seals = [_read_seal(one[_SEAL]) for one in sets]
        if any(seal.status is ArcStatus.FAIL for seal in seals):
            return ArcResult(ArcStatus.FAIL, reason="sealed as failed", ended=True)
        _check_statuses(seals)
        keys = _Keys(resolver)
        covers_from = await _check_message(
            letter, sets[-1][_MESSAGE], keys, hashes or BodyHashes(letter.body)
        )
        for instance in range(len(sets), 0, -1):
            await _check_seal(sets[:instance], seals[instance - 1], keys)
    except (LetterError, TagError, KeyUnusable, NotValid) as error:
        return ArcResult(ArcStatus.FAIL, reason=str(error))
    findings = tuple(_unfolded(one[_RESULTS].value) for one in sets)
    sealers = tuple(seal.domain for seal in seals)
    return ArcResult(ArcStatus.PASS, sealers=sealers, findings=findings, covers_from=covers_from)


def seal(
    octets: bytes,
    key: SigningKey,
    *,
    authserv_id: str,
    results: str,
    chain: ArcStatus,
    now: int,
    names: Sequence[str] = (),
) -> bytes:
    """The three fields of a new set to put before the letter; none where the chain has ended (RFC 8617 §5.1).

    `results` is what stands in our Authentication-Results after the authserv-id, and `chain` what `validate` said
    when the letter came in. All changes to the letter come before.
    """
    letter = read_letter(octets)
    earlier = [one for one in letter.fields if one.name in _ORDER]
    instance = 1 + max((_instance(one) or 0 for one in earlier), default=0)
    if instance > MAX_SETS or _ended(earlier, instance - 1):
        return b""
    results_raw = f"ARC-Authentication-Results: i={instance}; {authserv_id};\r\n\t{results}".encode()
    wanted = tuple(names) or tuple(one.name for one in letter.fields if one.name in _SIGNED)
    body_hash = base64.b64encode(BodyHashes(letter.body).get(relaxed=True)).decode("ascii")
    common = {"a": key.algorithm.value, "d": key.domain, "i": str(instance), "s": key.selector, "t": str(now)}
    message = _signature(
        "ARC-Message-Signature",
        {**common, "bh": body_hash, "c": "relaxed/relaxed", "h": folded_names(wanted)},
        key,
        select_fields(letter, wanted),
    )
    new = [HeaderField(_RESULTS, results_raw), HeaderField(_MESSAGE, message)]
    # RFC 8617 §5.1.2: the seal of a broken chain is of its own set only.
    sealed = [] if chain is ArcStatus.FAIL else _in_order(_sets(earlier)) if earlier else []
    cv = ArcStatus.NONE if instance == 1 and chain is not ArcStatus.FAIL else chain
    ours = _signature("ARC-Seal", {**common, "cv": cv.value}, key, [*sealed, *new])
    return b"".join(raw + b"\r\n" for raw in (ours, message, results_raw))


@dataclass(frozen=True, slots=True)
class _Seal:
    """An ARC-Seal, read and found well formed (RFC 8617 §4.1.3)."""

    status: ArcStatus
    domain: str
    selector: str
    algorithm: Algorithm
    signature: bytes


class _Keys:
    """Keys by name, each asked for once in a letter."""

    def __init__(self, resolver: TxtResolver) -> None:
        self._resolver = resolver
        self._known: dict[tuple[str, str], PublicKey] = {}

    async def get(self, domain: str, selector: str) -> PublicKey:
        if (domain, selector) not in self._known:
            self._known[domain, selector] = await find_key(self._resolver, domain, selector)
        return self._known[domain, selector]


def _instance(field: HeaderField) -> int | None:
    """The value of i=, which stands first in the results field (RFC 8617 §4.2.1); None if there is none."""
    if field.name == _RESULTS:
        found = _INSTANCE.match(field.value)
        return int(found[1]) if found else None
    try:
        return number(parse_tags(field.value), "i")
    except TagError:
        return None


def _sets(fields: Sequence[HeaderField]) -> list[dict[str, HeaderField]]:
    """The sets from the first, each with one field of each kind (RFC 8617 §5.2 step 3)."""
    by_instance: dict[int, dict[str, HeaderField]] = {}
    for field in fields:
        instance = _instance(field)
        if instance is None or not 1 <= instance <= MAX_SETS:
            raise TagError(f"no instance in {field.name}")
        if field.name in by_instance.setdefault(instance, {}):
            raise TagError(f"{field.name} twice in set {instance}")
        by_instance[instance][field.name] = field
    sets = [by_instance.get(instance, {}) for instance in range(1, max(by_instance) + 1)]
    for instance, one in enumerate(sets, 1):
        if len(one) != len(_ORDER):
            raise TagError(f"set {instance} is not whole")
    return sets


def _in_order(sets: Sequence[dict[str, HeaderField]]) -> list[HeaderField]:
    return [one[name] for one in sets for name in _ORDER]


def _read_seal(field: HeaderField) -> _Seal:
    tags = _small_tags(field)
    if "h" in tags:
        raise TagError("a seal with h=")  # RFC 8617 §4.1.3
    try:
        status = ArcStatus(required(tags, "cv"))
    except ValueError as error:
        raise TagError("cv= is not known") from error
    number(tags, "t")
    return _Seal(
        status,
        domain_tag(tags),
        required(tags, "s"),
        algorithm_tag(tags),
        octets_of(required(tags, "b"), "b"),
    )


def _check_statuses(seals: Sequence[_Seal]) -> None:
    """RFC 8617 §5.2 step 3 C."""
    for instance, seal in enumerate(seals, 1):
        if seal.status is not (ArcStatus.NONE if instance == 1 else ArcStatus.PASS):
            raise TagError(f"cv={seal.status} in set {instance}")


async def _check_message(letter: Letter, field: HeaderField, keys: _Keys, hashes: BodyHashes) -> bool:
    """The signature of the last set over the letter as it is now (RFC 8617 §4.1.2, §5.2 step 4).

    True if it is over From. Without c= it is relaxed, and h= may be empty: so the suite of RFC 8617 reads it.
    """
    tags = _small_tags(field)
    number(tags, "t")
    if "h" not in tags:
        raise TagError("no h=")
    names = signed_names(tags["h"])
    if _SEAL in names:
        raise TagError("h= names the seal")  # RFC 8617 §4.1.2
    relaxed_header, relaxed_body = canonicalization(tags, "relaxed/relaxed")
    signature = octets_of(required(tags, "b"), "b")
    if hashes.get(relaxed=relaxed_body) != octets_of(required(tags, "bh"), "bh"):
        raise TagError("the body was changed")
    signed = signed_octets(select_fields(letter, names), field.raw, relaxed=relaxed_header)
    key = await keys.get(domain_tag(tags), required(tags, "s"))
    if not key.verifies(algorithm_tag(tags), signature, signed):
        raise TagError("the header was changed")
    return "from" in names


async def _check_seal(sets: Sequence[dict[str, HeaderField]], seal: _Seal, keys: _Keys) -> None:
    """The seal over all sets up to its own (RFC 8617 §5.1.1, §5.2 step 6)."""
    *sealed, field = _in_order(sets)
    key = await keys.get(seal.domain, seal.selector)
    if not key.verifies(seal.algorithm, seal.signature, signed_octets(sealed, field.raw, relaxed=True)):
        raise TagError(f"the seal of set {len(sets)} does not hold")


def _small_tags(field: HeaderField) -> dict[str, str]:
    if len(field.raw) > MAX_FIELD_OCTETS:
        raise TagError(f"{field.name} is too large")
    return parse_tags(field.value)


def _ended(fields: Sequence[HeaderField], last: int) -> bool:
    """Whether the last seal already says that the chain has failed (RFC 8617 §5.1 step 2)."""
    for field in fields:
        if field.name == _SEAL and _instance(field) == last:
            return parse_tags(field.value).get("cv", "") == ArcStatus.FAIL
    return False


def _signature(name: str, tags: dict[str, str], key: SigningKey, fields: Sequence[HeaderField]) -> bytes:
    """A signature field with its tags in order, folded between them."""
    before = [f"{tag}={value}" for tag, value in sorted(tags.items()) if tag < "b"]
    after = [f"{tag}={value}" for tag, value in sorted(tags.items()) if tag > "b"]
    head = (f"{name}: " + ";\r\n\t".join([*before, "b="])).encode()
    tail = ("" if not after else ";\r\n\t" + ";\r\n\t".join(after)).encode()
    signature = key.sign(signed_octets(fields, head + tail, relaxed=True))
    # The next seal is over this value with its space: it stays on one line, as the suite of RFC 8617 has it.
    return head + base64.b64encode(signature) + tail


def _unfolded(value: bytes) -> str:
    return " ".join(value.decode("utf-8", errors="replace").split())

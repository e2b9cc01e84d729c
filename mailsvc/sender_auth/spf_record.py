"""An SPF record, read whole before any of it is acted on (RFC 7208 §4.6): syntax errors anywhere are errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

from mailsvc.sender_auth.spf_macro import MacroError, MacroString, domain_spec, macro_string


class Verdict(StrEnum):
    """What check_host() may say (RFC 7208 §2.6)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105  the word of RFC 7208 §2.6.3
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class RecordError(ValueError):
    """The record is not what RFC 7208 §12 allows."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One directive (RFC 7208 §4.6.1)."""

    text: str
    verdict: Verdict
    name: str
    domain: MacroString | None = None
    network: IPv4Network | IPv6Network | None = None
    bits4: int = 32
    bits6: int = 128


@dataclass(frozen=True, slots=True)
class Record:
    """A whole policy."""

    mechanisms: tuple[Mechanism, ...]
    redirect: MacroString | None
    explanation: MacroString | None


_VERDICTS = {
    "": Verdict.PASS,
    "+": Verdict.PASS,
    "-": Verdict.FAIL,
    "~": Verdict.SOFTFAIL,
    "?": Verdict.NEUTRAL,
}
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
_DIRECTIVE = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9]*)(.*)", re.DOTALL)
_DUAL_CIDR = re.compile(r"(?:/(0|[1-9][0-9]{0,2}))?(?://(0|[1-9][0-9]{0,2}))?\Z")
_CIDR = re.compile(r"0|[1-9][0-9]{0,2}")
_VERSION = b"v=spf1"


def is_spf(text: bytes) -> bool:
    """Whether a text record claims to be an SPF record (RFC 7208 §4.5)."""
    return text[:6].lower() == _VERSION and text[6:7] in {b"", b" "}


def parse_record(text: bytes) -> Record:
    """The policy in a text record that `is_spf`; RecordError if any of it is wrong (RFC 7208 §4.6)."""
    if not text.isascii():
        raise RecordError("not ASCII")  # RFC 7208 §3.1
    mechanisms: list[Mechanism] = []
    known: dict[str, MacroString] = {}
    try:
        for term in text[len(_VERSION) :].decode("ascii").split(" "):
            modifier = _MODIFIER.fullmatch(term)
            if modifier is not None:
                _add_modifier(known, modifier[1].lower(), modifier[2])
            elif term:
                mechanisms.append(_mechanism(term))
    except MacroError as error:
        raise RecordError(str(error)) from error
    return Record(tuple(mechanisms), known.get("redirect"), known.get("exp"))


def _add_modifier(known: dict[str, MacroString], name: str, value: str) -> None:
    if name not in {"redirect", "exp"}:
        macro_string(value)  # RFC 7208 §6: an unknown modifier is ignored, if it is well formed
        return
    if name in known:
        raise RecordError(f"{name} twice")  # RFC 7208 §6
    known[name] = domain_spec(value)


def _mechanism(term: str) -> Mechanism:
    found = _DIRECTIVE.fullmatch(term)
    if found is None:
        raise RecordError(f"not a term: {term[:60]!r}")
    verdict = _VERDICTS[found[1]]
    name, rest = found[2].lower(), found[3]
    if name in {"a", "mx"}:
        return _host_mechanism(term, verdict, name, rest)
    if name in {"ip4", "ip6"}:
        return Mechanism(term, verdict, name, network=_network(name, rest))
    if name in {"include", "exists"} or (name == "ptr" and rest):
        return Mechanism(term, verdict, name, domain=domain_spec(_after_colon(rest)))
    if name in {"all", "ptr"} and not rest:
        return Mechanism(term, verdict, name)
    raise RecordError(f"unknown mechanism: {term[:60]!r}")


def _host_mechanism(term: str, verdict: Verdict, name: str, rest: str) -> Mechanism:
    """`a` and `mx`, with their dual-cidr-length (RFC 7208 §5.3, §5.4)."""
    cidr = _DUAL_CIDR.search(rest)
    assert cidr is not None
    bits4 = int(cidr[1] or 32)
    bits6 = int(cidr[2] or 128)
    if bits4 > 32 or bits6 > 128:
        raise RecordError(f"prefix length: {term[:60]!r}")
    named = rest[: cidr.start()]
    domain = domain_spec(_after_colon(named)) if named else None
    return Mechanism(term, verdict, name, domain=domain, bits4=bits4, bits6=bits6)


def _network(name: str, rest: str) -> IPv4Network | IPv6Network:
    """The network of `ip4` or `ip6` (RFC 7208 §5.6)."""
    address, slash, length = _after_colon(rest).partition("/")
    if slash and _CIDR.fullmatch(length) is None:
        raise RecordError(f"prefix length: {rest[:60]!r}")
    try:
        if name == "ip4":
            bits = int(length) if slash else 32
            if bits <= 32:
                return IPv4Network((int(IPv4Address(address)), bits), strict=False)
        elif "%" not in address:
            bits = int(length) if slash else 128
            if bits <= 128:
                return IPv6Network((int(IPv6Address(address)), bits), strict=False)
    except AddressValueError as error:
        raise RecordError(f"address: {rest[:60]!r}") from error
    raise RecordError(f"network: {rest[:60]!r}")


def _after_colon(rest: str) -> str:
    if not rest.startswith(":"):
        raise RecordError(f"no domain or network: {rest[:60]!r}")
    return rest[1:]

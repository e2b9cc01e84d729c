"""Whether the author's domain stands behind a letter, and what it asks for if not (RFC 9989)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mailsvc.sender_auth.dns import Answer, NoAnswer, can_be_asked, to_a_labels
from mailsvc.sender_auth.signing import DkimVerdict
from mailsvc.sender_auth.spf_record import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.sender_auth.dkim import DkimResult
    from mailsvc.sender_auth.dns import TxtResolver

WALK_LABELS = 7  # a longer name is cut to these after the first look-up, RFC 9989 §4.10
MAX_RECORD_OCTETS = 4096
MAX_REPORT_ADDRESSES = 5


class DmarcVerdict(StrEnum):
    """RFC 8601 §2.7 as DMARC uses it."""

    NONE = "none"
    PASS = "pass"  # noqa: S105  the word of the registry
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Policy(StrEnum):
    """What the domain asks to be done with a letter that fails (RFC 9989 §4.7)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """What DMARC says of a letter."""

    result: DmarcVerdict
    author_domain: str = ""
    policy: Policy = Policy.NONE
    """As published for this author domain."""
    disposition: Policy = Policy.NONE
    """What to do now: none for a letter that passes, one step milder where the domain only tests."""
    policy_domain: str = ""
    """Where the record was found."""
    spf_aligned: bool = False
    dkim_aligned: bool = False
    report_to: tuple[str, ...] = ()
    """rua= of the record: `mailto:` URIs for aggregate reports."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A policy record (RFC 9989 §4.7)."""

    policy: Policy
    subdomains: Policy
    missing: Policy
    """For subdomains that do not exist."""
    strict_dkim: bool = False
    strict_spf: bool = False
    public_suffix: bool | None = None
    """psd=: y, n, or unknown."""
    testing: bool = False
    report_to: tuple[str, ...] = ()


class _TempError(Exception):
    """DNS trouble while a policy was looked for."""


_MILDER = {
    Policy.REJECT: Policy.QUARANTINE,
    Policy.QUARANTINE: Policy.NONE,
    Policy.NONE: Policy.NONE,
}  # t=y, RFC 9989 §4.7


async def evaluate(
    author_domain: str,
    *,
    spf: Verdict,
    spf_domain: str,
    dkim: Sequence[DkimResult],
    resolver: TxtResolver,
) -> DmarcResult:
    """Whether SPF or a DKIM signature passed for a domain of the author's (RFC 9989 §5.3).

    `author_domain` is that of the one From address; a letter with several or none is the caller's to judge.
    `spf_domain` is that of MAIL FROM, or the HELO name where it is empty (RFC 9989 §4.4.2).
    """
    author = to_a_labels(author_domain)
    if author is None or not can_be_asked(author):
        return DmarcResult(DmarcVerdict.PERMERROR, reason="From has no domain")
    walks = _Walks(resolver)
    try:
        found = await walks.policy(author)
        if found is None:
            return DmarcResult(DmarcVerdict.NONE, author, reason="no policy")
        policy_domain, record, policy = found
        spf_name = to_a_labels(spf_domain) or ""
        spf_fits = spf in _MAY_COUNT_SPF and await walks.aligned(author, spf_name, strict=record.strict_spf)
        fitting = [
            one
            for one in dkim
            if one.result in _MAY_COUNT_DKIM
            and await walks.aligned(author, one.domain, strict=record.strict_dkim)
        ]
    except _TempError as error:
        return DmarcResult(DmarcVerdict.TEMPERROR, author, reason=str(error))
    spf_aligned = spf_fits and spf is Verdict.PASS
    dkim_aligned = any(one.result is DkimVerdict.PASS for one in fitting)
    if spf_aligned or dkim_aligned:
        verdict = DmarcVerdict.PASS
    else:
        # Only trouble with a domain of the author's own counts, or a forger could make it.
        verdict = DmarcVerdict.TEMPERROR if spf_fits or fitting else DmarcVerdict.FAIL
    asked = _MILDER[policy] if record.testing else policy
    return DmarcResult(
        verdict,
        author,
        policy=policy,
        disposition=asked if verdict is DmarcVerdict.FAIL else Policy.NONE,
        policy_domain=policy_domain,
        spf_aligned=spf_aligned,
        dkim_aligned=dkim_aligned,
        report_to=record.report_to,
    )


async def organizational_domain(domain: str, resolver: TxtResolver) -> str:
    """The domain that all names of one organisation share (RFC 9989 §4.10.2), in A-labels.

    DNS trouble is no record here: ask only where that does no harm.
    """
    name = to_a_labels(domain) or domain
    try:
        return await _Walks(resolver).organisation(name)
    except _TempError:
        return name


_MAY_COUNT_SPF = frozenset({Verdict.PASS, Verdict.TEMPERROR})
_MAY_COUNT_DKIM = frozenset({DkimVerdict.PASS, DkimVerdict.TEMPERROR})


class _Walks:
    """Tree walks of one letter; each name is asked for once."""

    def __init__(self, resolver: TxtResolver) -> None:
        self._resolver = resolver
        self._known: dict[str, DmarcRecord | None] = {}

    async def policy(self, author: str) -> tuple[str, DmarcRecord, Policy] | None:
        """The record that holds for an author domain, and what it asks (RFC 9989 §4.10.1)."""
        own = await self._record(author)
        if own is not None:
            return author, own, own.policy
        walked = await self._walk(author)
        organisation = _organisation(author, walked)
        suffix = next((name for name, record in walked.items() if record.public_suffix), None)
        for name in (organisation, suffix):
            if name is not None and name in walked:
                record = walked[name]
                asked = record.subdomains if await self._exists(author) else record.missing
                return name, record, asked
        return None

    async def aligned(self, author: str, domain: str, *, strict: bool) -> bool:
        """Whether a domain is the author's (RFC 9989 §4.4)."""
        if not domain:
            return False
        if author == domain or strict:
            return author == domain
        mine = await self.organisation(author)
        if domain != mine and not domain.endswith("." + mine):
            return False  # a stranger's name servers are not even asked: their trouble is not the author's
        return mine == await self.organisation(domain)

    async def organisation(self, domain: str) -> str:
        return _organisation(domain, await self._walk(domain))

    async def _walk(self, domain: str) -> dict[str, DmarcRecord]:
        """The records from a domain upwards (RFC 9989 §4.10)."""
        found: dict[str, DmarcRecord] = {}
        for name in _upwards(domain):
            record = await self._record(name)
            if record is not None:
                found[name] = record
                if record.public_suffix is not None:
                    break
        return found

    async def _record(self, domain: str) -> DmarcRecord | None:
        if domain not in self._known:
            self._known[domain] = await self._ask(domain)
        return self._known[domain]

    async def _ask(self, domain: str) -> DmarcRecord | None:
        name = f"_dmarc.{domain}"
        if not can_be_asked(name):
            return None
        answer = await self._resolver.txt(name)
        if isinstance(answer, Answer):
            texts = [text for text in answer.records if is_dmarc(text)]
            return parse_record(texts[0]) if len(texts) == 1 else None
        if isinstance(answer, NoAnswer):
            return None
        raise _TempError(answer.reason)

    async def _exists(self, domain: str) -> bool:
        """RFC 9989 §3.2: a name that NXDOMAIN is said of does not exist, whatever was asked."""
        answer = await self._resolver.txt(domain)
        return answer.domain_exists if isinstance(answer, NoAnswer) else True


def is_dmarc(text: bytes) -> bool:
    """Whether a text record claims to be a policy (RFC 9989 §4.7: v= is first and exact)."""
    name, equals, value = text.partition(b";")[0].partition(b"=")
    return bool(equals) and name.strip() == b"v" and value.strip() == b"DMARC1"


def parse_record(text: bytes) -> DmarcRecord | None:
    """The policy in a record that `is_dmarc`; None if it asks nothing that can be understood (RFC 9989 §4.7)."""
    if len(text) > MAX_RECORD_OCTETS:
        return None
    # Unlike in DKIM, what cannot be read is passed over: one slip of the pen does not take the policy away.
    specs = (spec.partition("=") for spec in text.decode("ascii", errors="replace").split(";"))
    tags: dict[str, str] = {}
    for name, equals, value in specs:
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    reports = [one.strip() for one in tags.get("rua", "").split(",")]
    report_to = tuple(one for one in reports if one.lower().startswith("mailto:") and "@" in one)
    try:
        policy = Policy(tags.get("p", "none").lower())  # a record without p= only watches, RFC 9989 §4.7
        subdomains = Policy(tags.get("sp", policy).lower())
        missing = Policy(tags.get("np", subdomains).lower())
    except ValueError:
        if not report_to:
            return None
        policy = subdomains = missing = Policy.NONE
    return DmarcRecord(
        policy,
        subdomains,
        missing,
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        public_suffix={"y": True, "n": False}.get(tags.get("psd", "u").lower()),
        testing=tags.get("t", "n").lower() == "y",
        report_to=report_to[:MAX_REPORT_ADDRESSES],
    )


def _upwards(domain: str) -> list[str]:
    """The domain and those above it; of a long one only the last seven labels (RFC 9989 §4.10)."""
    labels = domain.split(".")
    above = labels[1:] if len(labels) <= WALK_LABELS else labels[-WALK_LABELS:]
    return [domain, *(".".join(above[at:]) for at in range(len(above)))]


def _organisation(domain: str, walked: dict[str, DmarcRecord]) -> str:
    """RFC 9989 §4.10.2, from the records of a walk that began at the domain."""
    for name, record in walked.items():
        if record.public_suffix is False:
            return name
        if record.public_suffix and name != domain:
            below = domain.removesuffix("." + name).rpartition(".")[2]
            return f"{below}.{name}"
    return min(walked, key=lambda name: name.count("."), default=domain)

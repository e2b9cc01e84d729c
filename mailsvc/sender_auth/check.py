"""All that can be found out about the sender of one letter, at once: SPF, DKIM, ARC, DMARC (RFC 8601 §2.7)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.mime.authors import Authors, authors_of
from mailsvc.sender_auth import arc, dkim, dmarc, spf
from mailsvc.sender_auth.bounded import BoundedResolver
from mailsvc.sender_auth.canonical import LetterError, read_letter
from mailsvc.sender_auth.dns import can_be_asked, to_a_labels
from mailsvc.sender_auth.results import Finding
from mailsvc.sender_auth.signing import BodyHashes, DkimVerdict
from mailsvc.sender_auth.spf_record import Verdict

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from mailsvc.sender_auth.arc import ArcResult
    from mailsvc.sender_auth.dkim import DkimResult
    from mailsvc.sender_auth.dmarc import DmarcResult
    from mailsvc.sender_auth.dns import Resolver
    from mailsvc.sender_auth.spf import SpfResult

MAX_AUTHOR_DOMAINS = 3
"""Of a letter with several authors; the others are judged by the mark that such a letter gets."""


@dataclass(frozen=True, slots=True)
class Handover:
    """How a letter was handed to us: by whom, and what they said of themselves."""

    client: IPv4Address | IPv6Address
    helo: str
    reverse_path: str
    """Empty is the null path."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found."""

    handover: Handover
    authors: Authors
    spf: SpfResult
    spf_domain: str
    """The domain that SPF spoke for: of MAIL FROM, or the HELO name where that is empty (RFC 7208 §2.4)."""
    dkim: tuple[DkimResult, ...]
    arc: ArcResult
    dmarc: tuple[DmarcResult, ...]
    """One for each domain of an author."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """For Authentication-Results (RFC 8601 §2.7)."""
        return (
            self._spf_finding(),
            *(_dkim_finding(one) for one in self.dkim),
            *(() if self.arc.status is arc.ArcStatus.NONE else (Finding("arc", self.arc.status.value),)),
            *(_dmarc_finding(one) for one in self.dmarc),
        )

    def _spf_finding(self) -> Finding:
        of_helo = not self.handover.reverse_path
        return Finding(
            "spf",
            self.spf.result.value,
            (("smtp.helo", self.handover.helo),)
            if of_helo
            else (("smtp.mailfrom", self.handover.reverse_path),),
        )

    def vouches_for(self, domains: frozenset[str]) -> Verdict:
        """Whether a signature or an authorised source stands behind a letter of these domains: pass, fail, temperror."""
        proofs: list[str] = [
            one.result for one in self.dkim if _under(one.domain, domains) and not one.testing
        ]
        if _under(self.spf_domain, domains):
            proofs.append(self.spf.result)
        if DkimVerdict.PASS in proofs:  # SPF has the same word for it
            return Verdict.PASS
        return Verdict.TEMPERROR if DkimVerdict.TEMPERROR in proofs else Verdict.FAIL


async def check(
    octets: bytes,
    handover: Handover,
    resolver: Resolver,
    *,
    header: bytes,
    now: int,
    seconds: float,
    hashes: BodyHashes | None = None,
) -> Checked:
    """Everything under one deadline; DNS trouble is temperror and never an exception (RFC 8601 §2.7.1).

    `header` is the header section of the letter; `hashes` are those of its body where they were made already.
    """
    bounded = BoundedResolver(resolver, seconds)
    authors = authors_of(header)
    domains = authors.domains[:MAX_AUTHOR_DOMAINS]
    local, _, spf_domain = handover.reverse_path.rpartition("@")
    spf_domain = spf_domain or handover.helo
    ahead = [bounded.txt(f"_dmarc.{name}") for name in map(to_a_labels, domains) if _can_have_policy(name)]
    spf_result, signatures, chain, _ = await asyncio.gather(
        spf.check_host(
            handover.client,
            spf_domain,
            handover.reverse_path if local else "",
            handover.helo,
            bounded,
            now=now,
            deadline=seconds,
        ),
        dkim.verify(octets, bounded, now=now, hashes=hashes),
        arc.validate(octets, bounded, hashes=hashes),
        asyncio.gather(*ahead),
    )
    judged = await asyncio.gather(
        *(
            dmarc.evaluate(
                domain, spf=spf_result.result, spf_domain=spf_domain, dkim=signatures, resolver=bounded
            )
            for domain in domains
        )
    )
    return Checked(handover, authors, spf_result, spf_domain, signatures, chain, tuple(judged))


def body_hashes(octets: bytes) -> BodyHashes | None:
    """The hashes that the signatures on a letter ask for, made now: slow work for a large one."""
    try:
        letter = read_letter(octets)
    except LetterError:
        return None
    hashes = BodyHashes(letter.body)
    signatures = (
        *letter.named("dkim-signature")[: dkim.MAX_SIGNATURES],
        *letter.named("arc-message-signature"),
    )
    if signatures:
        hashes.get(relaxed=True)
    if any(b"simple" in one.value or b"c=" not in one.value for one in signatures):
        hashes.get(relaxed=False)
    return hashes


def _can_have_policy(name: str | None) -> bool:
    return name is not None and can_be_asked(f"_dmarc.{name}")


def _under(domain: str, domains: frozenset[str]) -> bool:
    name = to_a_labels(domain) or ""
    return any(name == one or name.endswith("." + one) for one in domains)


def _dkim_finding(one: DkimResult) -> Finding:
    properties = (
        ("header.d", one.domain),
        ("header.s", one.selector),
        ("header.a", one.algorithm),
        ("header.b", one.signature_start),
    )
    return Finding("dkim", one.result.value, properties, one.reason)


def _dmarc_finding(one: DmarcResult) -> Finding:
    # RFC 9989 names the policy so that a reader of the field need not look it up again.
    policy = one.policy.value if one.policy_domain else ""
    return Finding("dmarc", one.result.value, (("header.from", one.author_domain), ("policy.dmarc", policy)))

"""How safe the connection to one exchanger must be: DANE before MTA-STS before what the server offers (RFC 7672, RFC 8461 §2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsvc.net import dane
from mailsvc.net.resolver import Answer, TempError
from mailsvc.net.tls import peer_chain
from mailsvc.queue.way import Demand
from mailsvc.smtp.wire.reply import Reply

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from mailsvc.net.resolver import Resolver, TlsaRecord
    from mailsvc.queue.sts import StsPolicy
    from mailsvc.smtp.client import Server

UNPROVEN = Reply(550, "5.7.30", "No proven way to the mail server (REQUIRETLS)")


@dataclass(frozen=True, slots=True)
class Assurance:
    """What a connection must prove."""

    policy_type: str = "no-policy-found"
    """tlsa, sts or no-policy-found (RFC 8460 §4.2)."""
    policy: tuple[str, ...] = ()
    """The policy's lines, for reports."""
    must_encrypt: bool = False
    by_authorities: bool = False
    """The certificate is checked against the machine's certificate authorities, with its name."""
    proof: Callable[[ssl.SSLObject], str] | None = None
    """Says what is wrong with a certificate."""
    is_testing: bool = False
    """A failure is only reported."""


def by_policy(policy: StsPolicy) -> Assurance:
    """RFC 8461 §4.2."""
    return Assurance(
        "sts",
        tuple(line for line in policy.text.replace("\r\n", "\n").split("\n") if line),
        must_encrypt=True,
        by_authorities=True,
        is_testing=not policy.is_enforced,
    )


def by_tlsa(records: tuple[TlsaRecord, ...], names: tuple[str, ...]) -> Assurance:
    """RFC 7672 §2.2: with usable records the certificate must fit; with none usable, any certificate will do."""
    lines = tuple(f"{one.usage} {one.selector} {one.matching} {one.data.hex()}" for one in records)
    fitting = dane.usable(records)

    def proof(tls: ssl.SSLObject) -> str:
        return dane.mismatch(fitting, peer_chain(tls), names, dt.datetime.now(dt.UTC))

    return Assurance("tlsa", lines, must_encrypt=True, proof=proof if fitting else None)


async def assurance_for(
    server: Server,
    domain: str,
    demand: Demand,
    policy: StsPolicy | None,
    resolver: Resolver,
    *,
    dane_too: bool,
) -> Assurance | Reply:
    """What the connection to this server must prove, or why there may be none."""
    if demand is Demand.WAIVED:
        return Assurance()
    if dane_too and server.is_secure:
        found = await resolver.tlsa(f"_{server.port}._tcp.{server.host}")
        if isinstance(found, TempError):
            # RFC 7672 §2.1.2: somebody may be hiding the records; another server, or another time.
            return Reply(451, "4.7.5", f"TLSA of {server.host}: {found.reason}")
        if isinstance(found, Answer) and found.is_secure:
            proven = by_tlsa(found.records, (server.host, domain))
            return UNPROVEN if demand is Demand.REQUIRED and proven.proof is None else proven
    if policy is not None:
        if policy.allows(server.host):
            return by_policy(policy)
        if policy.is_enforced:
            return Reply(451, "4.7.5", f"{server.host} is not in the MTA-STS policy of {domain}")
    if demand is Demand.REQUIRED:
        # RFC 8689 §4.2.1: the name of the server must be proven too, not only its certificate.
        return Assurance(must_encrypt=True, by_authorities=True) if server.is_secure else UNPROVEN
    return Assurance()

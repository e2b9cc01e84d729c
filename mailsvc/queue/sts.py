"""MTA-STS: whether a domain promises that its exchangers speak TLS with a good certificate (RFC 8461)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from mailsvc.net.https import FetchError
from mailsvc.net.resolver import Answer
from mailsvc.storage import sts_policies

if TYPE_CHECKING:
    from mailsvc.net.bridge import Bridge
    from mailsvc.net.https import HttpsClient
    from mailsvc.net.resolver import Resolver
    from mailsvc.storage.sts_policies import KeptPolicy

log = structlog.get_logger("congvu.queue")

MAX_AGE = 31_557_600
"""Seconds; RFC 8461 §3.2."""
_PAUSE_SECONDS = 300
"""After a fetch that failed (RFC 8461 §3.3)."""
_MAX_MX = 100
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]{0,250}[a-z0-9])?")


class PolicyError(ValueError):
    """The policy is not what RFC 8461 §3.2 allows."""


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A policy (RFC 8461 §3.2)."""

    mode: str
    """enforce, testing or none."""
    mx: tuple[str, ...]
    max_age: int
    text: str

    @property
    def is_enforced(self) -> bool:
        """Whether a letter rather waits than goes by another way."""
        return self.mode == "enforce"

    def allows(self, host: str) -> bool:
        """Whether a host is one of the policy's (RFC 8461 §4.1)."""
        name = host.lower().removesuffix(".")
        above = name.partition(".")[2]
        return any(one == name or (above and one == f"*.{above}") for one in self.mx)


def parse_policy(octets: bytes) -> StsPolicy:
    """Read a policy; PolicyError for what cannot be followed (RFC 8461 §3.2)."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyError("not UTF-8") from error
    fields: dict[str, list[str]] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), []).append(value.strip().lower())
    version, mode, age = (fields.get(name, [""])[0] for name in ("version", "mode", "max_age"))
    mx = tuple(fields.get("mx", ()))
    if version != "stsv1" or mode not in {"enforce", "testing", "none"}:
        raise PolicyError("version or mode")
    if not (age.isascii() and age.isdigit() and len(age) <= 10):
        raise PolicyError("max_age")
    if len(mx) > _MAX_MX or any(_HOST.fullmatch(one) is None for one in mx) or (not mx and mode != "none"):
        raise PolicyError("mx")
    return StsPolicy(mode, mx, min(int(age), MAX_AGE), text)


def record_id(texts: tuple[bytes, ...]) -> str | None:
    """id= of the one record of a domain; None if there is none (RFC 8461 §3.1)."""
    found = [text for text in texts if text.partition(b";")[0].strip() == b"v=STSv1"]
    if len(found) != 1:
        return None
    pairs = (one.partition("=") for one in found[0].decode("latin-1").split(";"))
    value = next((value.strip() for name, _, value in pairs if name.strip() == "id"), "")
    return value if _ID.fullmatch(value) else None


class StsPolicies:
    """Policies of other domains, kept in the store until they expire; for one loop."""

    def __init__(self, bridge: Bridge, resolver: Resolver, https: HttpsClient) -> None:
        self._bridge = bridge
        self._resolver = resolver
        self._https = https
        self._failed_at: dict[str, int] = {}

    async def of(self, domain: str) -> StsPolicy | None:
        """The policy to follow now; None where a domain has none, or says `none` (RFC 8461 §5)."""
        if domain.startswith("["):
            return None
        kept = self._bridge.read(sts_policies.get, domain)
        policy = self._current(kept)
        found = await self._resolver.txt(f"_mta-sts.{domain}")
        wanted = record_id(found.records) if isinstance(found, Answer) else None
        # Without a record, or with trouble in DNS, a policy that was once fetched holds until it expires (§5.1).
        if wanted is not None and (kept is None or policy is None or kept.policy_id != wanted):
            policy = await self._fetch(domain, wanted) or policy
        return policy if policy is not None and policy.mode != "none" else None

    def _current(self, kept: KeptPolicy | None) -> StsPolicy | None:
        if kept is None or kept.expires_at <= self._bridge.reader.clock():
            return None
        try:
            return parse_policy(kept.policy.encode())
        except PolicyError:
            return None

    async def _fetch(self, domain: str, policy_id: str) -> StsPolicy | None:
        now = self._bridge.reader.clock()
        if now - self._failed_at.get(domain, -_PAUSE_SECONDS) < _PAUSE_SECONDS:
            return None
        try:
            octets = await self._https.get(f"mta-sts.{domain}", "/.well-known/mta-sts.txt", "text/plain")
            policy = parse_policy(octets)
        except (FetchError, PolicyError) as error:
            log.info("sts_policy_failed", domain=domain, error=str(error))
            if len(self._failed_at) > 10_000:
                self._failed_at.clear()
            self._failed_at[domain] = now
            return None
        kept = sts_policies.KeptPolicy(policy_id, policy.text, now, now + policy.max_age)
        await self._bridge.write(sts_policies.put, domain, kept)
        return policy

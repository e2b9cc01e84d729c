"""Whether a host may send for a domain: check_host() of RFC 7208."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, TypeVar

from mailsvc.sender_auth.dns import Answer, NoAnswer, can_be_asked, to_a_labels
from mailsvc.sender_auth.spf_macro import MacroError, MacroString, explain_string, target_name
from mailsvc.sender_auth.spf_record import Mechanism, Record, RecordError, Verdict, is_spf, parse_record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mailsvc.sender_auth.dns import Resolver, TempError

__all__ = ["SpfResult", "Verdict", "check_host"]

T = TypeVar("T")
if TYPE_CHECKING:
    _Ask = Callable[[str], Awaitable[Answer[T] | NoAnswer | TempError]]

MAX_LOOKUPS = 10  # terms that ask DNS, RFC 7208 §4.6.4
MAX_VOID_LOOKUPS = 2  # terms that ask and find nothing, RFC 7208 §4.6.4
MAX_HOSTS = 10  # MX or PTR records looked at, RFC 7208 §4.6.4
MAX_EXPLANATION = 400  # an SMTP reply line holds 512 octets, RFC 5321 §4.5.3.1.5
DEADLINE = 20.0  # seconds for all of it, RFC 7208 §4.6.4


@dataclass(frozen=True, slots=True)
class SpfResult:
    """What the domain says about the host."""

    result: Verdict
    explanation: str = ""
    """What the domain has to say to one who fails (RFC 7208 §6.2); printable ASCII, not to be trusted."""
    mechanism: str = ""
    """The term that decided, or the reason of an error."""


async def check_host(
    ip: str | IPv4Address | IPv6Address,
    domain: str,
    sender: str,
    helo: str,
    resolver: Resolver,
    *,
    receiver: str = "unknown",
    now: int = 0,
    deadline: float = DEADLINE,
) -> SpfResult:
    """Whether `ip` may send mail as `sender`, by the policy of `domain` (RFC 7208 §4).

    For MAIL FROM, `domain` is that of the reverse path; for an empty reverse path and for HELO itself pass the
    HELO name and an empty sender (RFC 7208 §2.4). `receiver` and `now` are told in explanations only.
    """
    asked = to_a_labels(domain)
    if asked is None or not can_be_asked(asked) or "." not in asked or asked.startswith("["):
        return SpfResult(Verdict.NONE, mechanism="no domain")  # RFC 7208 §4.3
    address = ip_address(ip) if isinstance(ip, str) else ip
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    local, _, sender_domain = sender.rpartition("@")
    check = _Check(
        mapped or address,
        resolver,
        local=local or "postmaster",  # RFC 7208 §4.3
        sender_domain=(to_a_labels(sender_domain) or sender_domain) or asked,
        helo=helo,
        receiver=receiver,
        now=now,
    )
    try:
        async with asyncio.timeout(deadline):
            return await check.run(asked, explain=True)
    except TimeoutError:
        return SpfResult(Verdict.TEMPERROR, mechanism="time ran out")


class _TempError(Exception):
    """DNS trouble (RFC 7208 §2.6.6)."""


class _PermError(Exception):
    """The policy cannot be understood (RFC 7208 §2.6.7)."""


@dataclass(slots=True)
class _Check:
    """One run of check_host() with all its includes, which share its limits."""

    ip: IPv4Address | IPv6Address
    resolver: Resolver
    local: str
    sender_domain: str
    helo: str
    receiver: str
    now: int
    lookups: int = 0
    void_lookups: int = 0
    _names: tuple[str, ...] | None = field(default=None)

    async def run(self, domain: str, *, explain: bool) -> SpfResult:
        try:
            record = await self._policy(domain)
            if record is None:
                return SpfResult(Verdict.NONE, mechanism="no policy")
            return await self._evaluate(domain, record, explain=explain)
        except (_PermError, RecordError, MacroError) as error:
            return SpfResult(Verdict.PERMERROR, mechanism=str(error))
        except _TempError as error:
            return SpfResult(Verdict.TEMPERROR, mechanism=str(error))

    async def _policy(self, domain: str) -> Record | None:
        """The one SPF record of a domain (RFC 7208 §4.4, §4.5)."""
        if not can_be_asked(domain):
            return None
        texts = [text for text in _found(await self.resolver.txt(domain)) if is_spf(text)]
        if len(texts) > 1:
            raise _PermError("several policies")
        return parse_record(texts[0]) if texts else None

    async def _evaluate(self, domain: str, record: Record, *, explain: bool) -> SpfResult:
        for mechanism in record.mechanisms:
            if not await self._matches(domain, mechanism):
                continue
            explanation = ""
            if explain and mechanism.verdict is Verdict.FAIL and record.explanation is not None:
                explanation = await self._explanation(domain, record.explanation)
            return SpfResult(mechanism.verdict, explanation, mechanism.text)
        if record.redirect is None:
            return SpfResult(Verdict.NEUTRAL, mechanism="default")  # RFC 7208 §4.7
        self._count()
        target = await self._target(domain, record.redirect)
        result = await self.run(target, explain=explain)
        if result.result is Verdict.NONE:
            raise _PermError(f"redirect to {target}, which has no policy")  # RFC 7208 §6.1
        return result

    async def _matches(self, domain: str, mechanism: Mechanism) -> bool:
        if mechanism.name == "all":
            return True
        if mechanism.network is not None:
            return self.ip in mechanism.network
        self._count()
        target = domain if mechanism.domain is None else await self._target(domain, mechanism.domain)
        match mechanism.name:
            case "include":
                return await self._include(target)
            case "a":
                return self._among(self._not_void(await self._addresses(target)), mechanism)
            case "mx":
                return await self._mx(target, mechanism)
            case "exists":  # A records even for an IPv6 client, RFC 7208 §5.7
                return bool(self._not_void(await _asked(target, self.resolver.a)))
            case _:
                return await self._ptr(target)

    async def _include(self, target: str) -> bool:
        """RFC 7208 §5.2: only a pass matches; no policy there is a mistake here."""
        inner = await self.run(target, explain=False)
        match inner.result:
            case Verdict.TEMPERROR:
                raise _TempError(inner.mechanism)
            case Verdict.PERMERROR | Verdict.NONE:
                raise _PermError(f"include of {target}: {inner.mechanism}")
            case _:
                return inner.result is Verdict.PASS

    async def _mx(self, target: str, mechanism: Mechanism) -> bool:
        """RFC 7208 §5.4: no MX is no match, and never the address of the domain itself."""
        exchangers = self._not_void(await _asked(target, self.resolver.mx))
        if len(exchangers) > MAX_HOSTS:
            raise _PermError("too many MX records")
        for exchanger in exchangers:
            host = exchanger.host.removesuffix(".")
            if self._among(await self._addresses(host), mechanism):
                return True
        return False

    async def _ptr(self, target: str) -> bool:
        names = await self._validated_names()
        suffix = target.lower()
        return any(name == suffix or name.endswith("." + suffix) for name in names)

    async def _addresses(self, name: str) -> Sequence[str]:
        return await _asked(name, self.resolver.a if self.ip.version == 4 else self.resolver.aaaa)

    def _among(self, addresses: Sequence[str], mechanism: Mechanism) -> bool:
        bits = mechanism.bits4 if self.ip.version == 4 else mechanism.bits6
        return any(self.ip in ip_network(f"{address}/{bits}", strict=False) for address in addresses)

    async def _validated_names(self) -> tuple[str, ...]:
        """Host names of the client that lead back to it; DNS trouble only leaves them out (RFC 7208 §5.5)."""
        if self._names is None:
            names = []
            pointers = await self.resolver.ptr(self.ip.reverse_pointer)
            if isinstance(pointers, NoAnswer):
                self._count_void()
            hosts = pointers.records[:MAX_HOSTS] if isinstance(pointers, Answer) else ()
            for host in hosts:
                name = host.removesuffix(".").lower()
                try:
                    addresses = await self._addresses(name)
                except _TempError:
                    continue
                if any(ip_address(address) == self.ip for address in addresses):
                    names.append(name)
            self._names = tuple(names)
        return self._names

    async def _target(self, domain: str, spec: MacroString) -> str:
        return target_name(spec, await self._values(domain, spec))

    async def _values(self, domain: str, spec: MacroString) -> dict[str, str]:
        """What the macro letters stand for (RFC 7208 §7.2)."""
        if isinstance(self.ip, IPv4Address):
            dotted, family = str(self.ip), "in-addr"
        else:
            dotted, family = ".".join(self.ip.exploded.replace(":", "")).upper(), "ip6"
        return {
            "s": f"{self.local}@{self.sender_domain}",
            "l": self.local,
            "o": self.sender_domain,
            "d": domain,
            "i": dotted,
            "v": family,
            "h": self.helo,
            "c": str(self.ip),
            "r": self.receiver,
            "t": str(self.now),
            "p": await self._best_name(domain) if "p" in spec.letters else "",
        }

    async def _best_name(self, domain: str) -> str:
        """The domain itself, or one below it, or any, or `unknown` (RFC 7208 §7.3)."""
        names = await self._validated_names()
        below = [name for name in names if name.endswith("." + domain.lower())]
        return next((name for name in (*(n for n in names if n == domain), *below, *names)), "unknown")

    async def _explanation(self, domain: str, spec: MacroString) -> str:
        """The text behind exp=; anything wrong with it leaves none (RFC 7208 §6.2)."""
        try:
            texts = await _asked(await self._target(domain, spec), self.resolver.txt)
            if len(texts) != 1:
                return ""
            parsed = explain_string(texts[0].decode("ascii"))
            text = parsed.expand(await self._values(domain, parsed))
        except (MacroError, UnicodeDecodeError, _TempError, _PermError):
            return ""
        # It is sent to a stranger in our reply: nothing but printable ASCII, and no more than a line of it.
        return text[:MAX_EXPLANATION] if text.isascii() and text.isprintable() else ""

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _PermError("too many DNS lookups")

    def _count_void(self) -> None:
        self.void_lookups += 1
        if self.void_lookups > MAX_VOID_LOOKUPS:
            raise _PermError("too many DNS lookups that find nothing")

    def _not_void(self, found: Sequence[T]) -> Sequence[T]:
        if not found:
            self._count_void()
        return found


def _found(lookup: Answer[T] | NoAnswer | TempError) -> Sequence[T]:
    if isinstance(lookup, Answer):
        return lookup.records
    if isinstance(lookup, NoAnswer):
        return ()
    raise _TempError(lookup.reason)


async def _asked(name: str, ask: _Ask[T]) -> Sequence[T]:
    """The records of a name; one that cannot be asked for does not exist (RFC 7208 §4.8)."""
    return _found(await ask(name)) if can_be_asked(name) else ()

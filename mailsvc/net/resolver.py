"""DNS as the mail services see it: typed records, an answer or none or trouble, and a deadline on each look-up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.name
import dns.rdatatype
import dns.resolver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")
_EDNS_OCTETS = 1232
"""What passes every network in one piece (DNS flag day 2020); larger answers come by TCP."""


@dataclass(frozen=True, slots=True)
class MxRecord:
    """Where a domain takes mail (RFC 5321 §5.1); host `.` is the null MX (RFC 7505)."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class TlsaRecord:
    """What the certificate of a service must be (RFC 6698 §2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """There are records."""

    records: tuple[T, ...]
    is_secure: bool = False
    """DNSSEC vouches for them, as a resolver says that we trust (RFC 4035 §3.2.3)."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """There are none, for certain."""

    domain_exists: bool
    """False if the name itself does not exist (NXDOMAIN)."""


@dataclass(frozen=True, slots=True)
class TempError:
    """Nobody knows: time ran out, or a server failed. Ask again later."""

    reason: str


Lookup = Answer[T] | NoAnswer | TempError


class Resolver(Protocol):
    """What is asked of DNS. Implementations never raise for what a name server says or fails to say."""

    async def mx(self, domain: str) -> Lookup[MxRecord]:
        """Mail exchangers, in the order of preference."""
        ...

    async def a(self, name: str) -> Lookup[str]:
        """IPv4 addresses."""
        ...

    async def aaaa(self, name: str) -> Lookup[str]:
        """IPv6 addresses."""
        ...

    async def txt(self, name: str) -> Lookup[bytes]:
        """Text records, the strings of each joined (RFC 7208 §3.3)."""
        ...

    async def ptr(self, name: str) -> Lookup[str]:
        """Host names that a name in `in-addr.arpa` or `ip6.arpa` points to (RFC 7208 §5.5)."""
        ...

    async def tlsa(self, name: str) -> Lookup[TlsaRecord]:
        """What the certificate behind `_25._tcp.<host>` must be (RFC 7672 §3)."""
        ...


class DnsResolver:
    """A Resolver that asks the name servers of this machine."""

    def __init__(
        self,
        *,
        nameservers: Sequence[str] = (),
        port: int = 53,
        deadline: float = 10.0,
        trusted: bool = False,
    ) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        if not nameservers:
            try:
                self._resolver = dns.asyncresolver.Resolver()
            except dns.resolver.NoResolverConfiguration:
                # A machine without DNS still serves its own people; a resolver may be started on it later.
                nameservers = ("127.0.0.1",)
        if nameservers:
            self._resolver.nameservers = list(nameservers)
            self._resolver.port = port
        self._resolver.cache = dns.resolver.LRUCache(10_000)
        self._resolver.timeout = min(3.0, deadline)
        self._deadline = deadline
        self._trusted = trusted
        if trusted:
            # RFC 6840 §5.7: AD in a query asks for AD in the answer, without the signatures themselves.
            self._resolver.flags = dns.flags.RD | dns.flags.AD
        self._resolver.use_edns(0, 0, _EDNS_OCTETS)

    async def mx(self, domain: str) -> Lookup[MxRecord]:
        """Mail exchangers, in the order of preference."""
        found = await self._ask(domain, dns.rdatatype.MX)
        if not isinstance(found, dns.resolver.Answer):
            return found
        records = sorted((record.preference, _host(record.exchange)) for record in found)
        return Answer(
            tuple(MxRecord(preference, host) for preference, host in records), self._is_secure(found)
        )

    async def a(self, name: str) -> Lookup[str]:
        """IPv4 addresses."""
        return await self._addresses(name, dns.rdatatype.A)

    async def aaaa(self, name: str) -> Lookup[str]:
        """IPv6 addresses."""
        return await self._addresses(name, dns.rdatatype.AAAA)

    async def txt(self, name: str) -> Lookup[bytes]:
        """Text records, the strings of each joined (RFC 7208 §3.3)."""
        found = await self._ask(name, dns.rdatatype.TXT)
        if not isinstance(found, dns.resolver.Answer):
            return found
        return Answer(tuple(b"".join(record.strings) for record in found))

    async def ptr(self, name: str) -> Lookup[str]:
        """Host names that a name in `in-addr.arpa` or `ip6.arpa` points to (RFC 7208 §5.5)."""
        found = await self._ask(name, dns.rdatatype.PTR)
        if not isinstance(found, dns.resolver.Answer):
            return found
        return Answer(tuple(_host(record.target) for record in found))

    async def tlsa(self, name: str) -> Lookup[TlsaRecord]:
        """What the certificate behind `_25._tcp.<host>` must be (RFC 7672 §3)."""
        found = await self._ask(name, dns.rdatatype.TLSA)
        if not isinstance(found, dns.resolver.Answer):
            return found
        records = tuple(TlsaRecord(one.usage, one.selector, one.mtype, bytes(one.cert)) for one in found)
        return Answer(records, self._is_secure(found))

    def _is_secure(self, found: dns.resolver.Answer) -> bool:
        return self._trusted and bool(found.response.flags & dns.flags.AD)

    async def _addresses(self, name: str, kind: dns.rdatatype.RdataType) -> Lookup[str]:
        found = await self._ask(name, kind)
        if not isinstance(found, dns.resolver.Answer):
            return found
        return Answer(tuple(record.address for record in found), self._is_secure(found))

    async def _ask(
        self, name: str, kind: dns.rdatatype.RdataType
    ) -> dns.resolver.Answer | NoAnswer | TempError:
        try:
            # IDNA 2003 maps U-labels of the domain; a trailing dot keeps the search list away.
            asked = dns.name.from_text(name if name.endswith(".") else name + ".")
            return await self._resolver.resolve(asked, kind, lifetime=self._deadline, search=False)
        except dns.resolver.NXDOMAIN:
            return NoAnswer(domain_exists=False)
        except dns.resolver.NoAnswer:
            return NoAnswer(domain_exists=True)
        except (
            dns.name.LabelTooLong,
            dns.name.EmptyLabel,
            dns.name.NameTooLong,
            dns.name.IDNAException,
            UnicodeError,
        ):
            return NoAnswer(domain_exists=False)
        except (dns.exception.DNSException, OSError) as error:
            return TempError(f"{type(error).__name__}: {error}"[:200])


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True) if name != dns.name.root else "."


@dataclass(frozen=True, slots=True)
class StaticResolver:
    """A Resolver that knows a table; names not in it do not exist. For tests and machines without DNS."""

    mx_records: Mapping[str, Sequence[MxRecord]] = field(default_factory=dict)
    addresses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    texts: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    pointers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    certificates: Mapping[str, Sequence[TlsaRecord]] = field(default_factory=dict)
    trouble: frozenset[str] = frozenset()
    """Names whose look-up fails for the time being."""
    secure: frozenset[str] = frozenset()
    """Names that DNSSEC vouches for."""

    async def mx(self, domain: str) -> Lookup[MxRecord]:
        """Mail exchangers, in the order of preference."""
        records = sorted(self.mx_records.get(domain.lower(), ()), key=lambda record: record.preference)
        return self._found(domain, records)

    async def a(self, name: str) -> Lookup[str]:
        """IPv4 addresses."""
        return self._found(name, [one for one in self.addresses.get(name.lower(), ()) if ":" not in one])

    async def aaaa(self, name: str) -> Lookup[str]:
        """IPv6 addresses."""
        return self._found(name, [one for one in self.addresses.get(name.lower(), ()) if ":" in one])

    async def txt(self, name: str) -> Lookup[bytes]:
        """Text records."""
        return self._found(name, self.texts.get(name.lower(), ()))

    async def ptr(self, name: str) -> Lookup[str]:
        """Host names by reverse name."""
        return self._found(name, self.pointers.get(name.lower(), ()))

    async def tlsa(self, name: str) -> Lookup[TlsaRecord]:
        """What the certificate of a service must be."""
        return self._found(name, self.certificates.get(name.lower(), ()))

    def _found(self, name: str, records: Sequence[T]) -> Lookup[T]:
        key = name.lower()
        if key in self.trouble:
            return TempError("time ran out")
        if records:
            return Answer(tuple(records), key in self.secure)
        return NoAnswer(
            domain_exists=any(
                key in table for table in (self.mx_records, self.addresses, self.texts, self.pointers)
            )
        )

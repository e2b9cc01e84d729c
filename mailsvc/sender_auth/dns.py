"""What sender authentication asks of DNS, told as shapes: whoever has a resolver of this shape may pass it in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

T_co = TypeVar("T_co", covariant=True)


@runtime_checkable
class Answer(Protocol[T_co]):
    """There are records."""

    @property
    def records(self) -> Sequence[T_co]:
        """What was found, never empty."""
        ...


@runtime_checkable
class NoAnswer(Protocol):
    """There are none, for certain."""

    @property
    def domain_exists(self) -> bool:
        """False if the name itself does not exist (NXDOMAIN)."""
        ...


@runtime_checkable
class TempError(Protocol):
    """Nobody knows: time ran out, or a server failed."""

    @property
    def reason(self) -> str:
        """What went wrong, for the log."""
        ...


class MxRecord(Protocol):
    """One mail exchanger."""

    @property
    def preference(self) -> int:
        """Lower is asked first (RFC 5321 §5.1)."""
        ...

    @property
    def host(self) -> str:
        """Its name; `.` or empty is the null MX (RFC 7505 §3)."""
        ...


class TxtResolver(Protocol):
    """All that DKIM, ARC and DMARC need."""

    async def txt(self, name: str) -> Answer[bytes] | NoAnswer | TempError:
        """Text records, the strings of each joined (RFC 7208 §3.3)."""
        ...


class Resolver(TxtResolver, Protocol):
    """What SPF needs besides. Implementations never raise for what a name server says or fails to say."""

    async def mx(self, domain: str) -> Answer[MxRecord] | NoAnswer | TempError:
        """Mail exchangers, in the order of preference."""
        ...

    async def a(self, name: str) -> Answer[str] | NoAnswer | TempError:
        """IPv4 addresses."""
        ...

    async def aaaa(self, name: str) -> Answer[str] | NoAnswer | TempError:
        """IPv6 addresses."""
        ...

    async def ptr(self, name: str) -> Answer[str] | NoAnswer | TempError:
        """Host names that the name, in `in-addr.arpa` or `ip6.arpa`, points to."""
        ...


_MAX_NAME = 253
_LABELS = re.compile(r"[^.]{1,63}(?:\.[^.]{1,63})*")


def can_be_asked(name: str) -> bool:
    """Whether a query can be made of this name (RFC 1035 §2.3.4): no empty or long label, 253 octets at most."""
    return len(name) <= _MAX_NAME and _LABELS.fullmatch(name) is not None


def to_a_labels(domain: str) -> str | None:
    """The domain in lower case and ASCII, as DNS and the policies name it, or None if it cannot be one."""
    domain = domain.removesuffix(".").lower()
    if not domain or len(domain) > _MAX_NAME:
        return None
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None

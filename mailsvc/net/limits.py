"""How much one address may ask: connections at once and tokens over time. Pure: the clock is handed in."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_IPV4_HOST_BITS = 8
_IPV6_SITE_BITS = 64
"""One customer has at least a /64: counting single IPv6 addresses would limit nobody."""


def peer_address(text: str) -> IpAddress:
    """The address of a peer; an IPv4 one that came in through an IPv6 socket is an IPv4 one."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def site_of(address: IpAddress) -> str:
    """The key under which an address is counted."""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> _IPV6_SITE_BITS << _IPV6_SITE_BITS, _IPV6_SITE_BITS)))
    return str(address)


def network_of(address: IpAddress) -> str:
    """The network of an address, as people know their own: an IPv4 /24, an IPv6 /64."""
    if isinstance(address, IPv6Address):
        return site_of(address)
    return str(IPv4Network((int(address) >> _IPV4_HOST_BITS << _IPV4_HOST_BITS, 32 - _IPV4_HOST_BITS)))


class TrustedNetworks:
    """Who is free of rates, connection limits and sender checks, and may sign in without TLS."""

    def __init__(self, networks: Iterable[IpNetwork]) -> None:
        self._networks = tuple(networks)

    def __contains__(self, address: object) -> bool:
        return any(address in network for network in self._networks)


class Refusal(Enum):
    """Why a connection is not served."""

    SERVER_FULL = "too many connections"
    SITE_FULL = "too many connections from your address"


class ConnectionLimits:
    """Counts the connections of one listener, in all and by site."""

    def __init__(self, *, total: int, per_site: int) -> None:
        self._total = total
        self._per_site = per_site
        self._open = 0
        self._by_site: dict[str, int] = {}

    @property
    def open(self) -> int:
        """Connections now."""
        return self._open

    def enter(self, site: str) -> Refusal | None:
        """Count a connection, or say why not. What entered must leave."""
        if self._open >= self._total:
            return Refusal.SERVER_FULL
        count = self._by_site.get(site, 0)
        if count >= self._per_site:
            return Refusal.SITE_FULL
        self._open += 1
        self._by_site[site] = count + 1
        return None

    def leave(self, site: str) -> None:
        """The connection is over."""
        self._open -= 1
        count = self._by_site[site] - 1
        if count:
            self._by_site[site] = count
        else:
            del self._by_site[site]


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class TokenBuckets:
    """A bucket a key: `burst` at once, `per_second` on average. Memory is bounded by `max_keys`."""

    def __init__(self, *, burst: float, per_second: float, max_keys: int = 100_000) -> None:
        self._burst = burst
        self._per_second = per_second
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, now: float, amount: float = 1.0) -> bool:
        """Take tokens if there are enough; False: not now, and nothing was taken."""
        bucket = self._filled(key, now)
        if bucket.tokens < amount:
            return False
        bucket.tokens -= amount
        return True

    def has(self, key: str, now: float, amount: float = 1.0) -> bool:
        """Whether that many tokens are there; takes none."""
        bucket = self._buckets.get(key)
        if bucket is None:
            return amount <= self._burst
        return bucket.tokens + max(now - bucket.filled_at, 0.0) * self._per_second >= amount

    def wait(self, key: str, now: float, amount: float = 1.0) -> float:
        """Seconds until that many tokens will be there; takes none."""
        bucket = self._buckets.get(key)
        held = self._burst if bucket is None else bucket.tokens
        since = 0.0 if bucket is None else max(now - bucket.filled_at, 0.0)
        return max(amount - min(self._burst, held + since * self._per_second), 0.0) / self._per_second

    def forget(self, key: str) -> None:
        """Fill a bucket up again."""
        self._buckets.pop(key, None)

    def __len__(self) -> int:
        """Buckets held."""
        return len(self._buckets)

    def _filled(self, key: str, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._max_keys:
                self._buckets.popitem(last=False)
            bucket = self._buckets[key] = _Bucket(self._burst, now)
            return bucket
        # A clock that was set back gives nothing and takes nothing.
        gained = max(now - bucket.filled_at, 0.0) * self._per_second
        bucket.tokens = min(self._burst, bucket.tokens + gained)
        bucket.filled_at = now
        self._buckets.move_to_end(key)
        return bucket

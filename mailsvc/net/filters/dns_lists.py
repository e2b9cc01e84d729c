"""DNS lists of addresses that send junk (RFC 5782): what a client weighs by all of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Final, Protocol

from mailsvc.net.resolver import Answer, TempError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mailsvc.net.limits import IpAddress

_MAX_KEPT: Final = 10_000
_KEPT_SECONDS: Final = 300.0
_LISTED = IPv4Network("127.0.0.0/8")
_TROUBLE = IPv4Network("127.255.255.0/24")
"""How well-known lists say that they do not answer whoever asks: that names nobody."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Who names an address, and what that weighs."""

    weight: int
    lists: tuple[str, ...]


class Addresses(Protocol):
    """All that is asked of DNS."""

    async def a(self, name: str) -> object:
        """`Answer`, `NoAnswer` or `TempError` of `mailsvc.net.resolver`."""
        ...


def asked_name(address: IpAddress, zone: str) -> str:
    """The address turned round before the list's name (RFC 5782 §2.1, §2.4)."""
    return address.reverse_pointer.rsplit(".", 2)[0] + "." + zone


class DnsLists:
    """Asks all lists at once, under one deadline; what is not answered is not listed. Answers are kept five minutes."""

    def __init__(
        self,
        weights: Mapping[str, int],
        resolver: Addresses,
        *,
        seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._weights = dict(weights)
        self._resolver = resolver
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[IpAddress, tuple[float, Listing]] = OrderedDict()

    async def look_up(self, address: IpAddress) -> Listing:
        """Who names this address. Never raises for what a name server says or fails to say."""
        kept = self._kept.get(address)
        if kept is not None and kept[0] > self._clock():
            return kept[1]
        tasks = {zone: asyncio.ensure_future(self._is_listed(address, zone)) for zone in self._weights}
        try:
            await asyncio.wait(tasks.values(), timeout=self._seconds)
        finally:
            for task in tasks.values():
                task.cancel()
        said = {
            zone: task.result() if task.done() and not task.cancelled() else None
            for zone, task in tasks.items()
        }
        names = tuple(zone for zone, listed in said.items() if listed)
        found = Listing(sum(self._weights[name] for name in names), names)
        if None not in said.values():
            self._keep(address, found)
        return found

    async def _is_listed(self, address: IpAddress, zone: str) -> bool | None:
        """None where nobody knows for now."""
        found = await self._resolver.a(asked_name(address, zone))
        if isinstance(found, TempError):
            return None
        if not isinstance(found, Answer):
            return False
        return any(_says_listed(IPv4Address(one)) for one in found.records)

    def _keep(self, address: IpAddress, found: Listing) -> None:
        while len(self._kept) >= _MAX_KEPT:
            self._kept.popitem(last=False)
        self._kept[address] = (self._clock() + _KEPT_SECONDS, found)
        self._kept.move_to_end(address)


def _says_listed(answer: IPv4Address) -> bool:
    """RFC 5782 §2.1: 127.0.0.0/8, and nothing else; a registrar that answers every name lists nobody."""
    return answer in _LISTED and answer not in _TROUBLE

"""Which way a letter takes: by the exchangers of its domain or a smart host, and how safe that way must be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Demand(Enum):
    """What the sender says of the safety of the way (RFC 8689)."""

    USUAL = "usual"
    """As the receiving domain publishes (DANE, MTA-STS), else encrypted if the server can."""
    REQUIRED = "required"
    """REQUIRETLS: proven and encrypted, or not at all."""
    WAIVED = "waived"
    """TLS-Required: No, so the letter goes even where the receiving domain's policy fails (RFC 8689 §5)."""


@dataclass(frozen=True, slots=True)
class Way:
    """What letters must share to share a connection."""

    domain: str
    """The domain of the recipients; empty where a smart host takes all."""
    smart_host: str = ""
    """host:port"""
    demand: Demand = Demand.USUAL

    @property
    def name(self) -> str:
        """For logs and for counting connections."""
        return self.smart_host or self.domain


def way_of(domain: str, demand: Demand, *, routes: Mapping[str, str], smart_host: str) -> Way:
    """The way for a domain: its own route, that of a domain above it (`.x.vn`), the general smart host, else its MX."""
    route = routes.get(domain)
    above = domain
    while route is None and "." in above:
        above = above.partition(".")[2]
        route = routes.get(f".{above}")
    if route is not None:
        return Way("", route, demand)
    return Way("", smart_host, demand) if smart_host else Way(domain, demand=demand)

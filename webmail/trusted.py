"""Which machines are ours: a proxy in front of us, a test, a machine of the province's own."""

from __future__ import annotations

from ipaddress import ip_address, ip_network


class Trusted:
    """The networks of `trusted_networks`."""

    def __init__(self, networks: tuple[str, ...] = ()) -> None:
        self._networks = tuple(ip_network(network) for network in networks)

    def holds(self, remote: str) -> bool:
        """Whether an address is in one of them."""
        try:
            return any(ip_address(remote) in network for network in self._networks)
        except ValueError:
            return False

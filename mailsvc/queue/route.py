"""Where a letter for a domain goes: mail exchangers in order, or the domain's own address (RFC 5321 §5.1)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from mailsvc.net.resolver import Answer, NoAnswer, TempError
from mailsvc.smtp.client import Server
from mailsvc.smtp.wire.reply import Reply

if TYPE_CHECKING:
    from mailsvc.net.resolver import Resolver

_MAX_HOSTS = 8
_MAX_SERVERS = 12
"""Addresses tried in one attempt; a domain that lists more is not asked more often for it."""

NO_SUCH_DOMAIN = Reply(550, "5.1.2", "The domain does not exist")
TAKES_NO_MAIL = Reply(556, "5.1.10", "The domain takes no mail (null MX)")
NO_ADDRESS = Reply(550, "5.4.4", "No mail server of the domain has an address")
WE_ARE_THE_EXCHANGER = Reply(
    554, "5.4.6", "The mail exchanger of the domain is this server, which does not know it"
)


async def servers_of(
    domain: str, resolver: Resolver, *, our_name: str, port: int, ipv6: bool = True
) -> list[Server] | Reply:
    """Servers to try in order, or the reason why there are none, for good (5xx) or for now (4xx)."""
    is_secure = False
    if domain.startswith("["):
        return [Server(domain, _literal(domain), port)]
    found = await resolver.mx(domain)
    match found:
        case TempError(reason):
            return Reply(451, "4.4.3", f"DNS: {reason}")
        case NoAnswer(domain_exists=False):
            return NO_SUCH_DOMAIN
        case NoAnswer():
            hosts = [domain]  # RFC 5321 §5.1: the implicit MX
        case Answer(records):
            if any(record.host == "." for record in records):
                return TAKES_NO_MAIL  # RFC 7505 §3
            # RFC 5321 §5.1: only what is preferred to ourselves, or mail would go round in circles.
            ours = [record.preference for record in records if record.host.lower() == our_name.lower()]
            hosts = [record.host for record in records if not ours or record.preference < min(ours)]
            is_secure = found.is_secure
            if not hosts:
                return WE_ARE_THE_EXCHANGER
    return await _addresses(hosts[:_MAX_HOSTS], resolver, port, is_secure=is_secure, ipv6=ipv6)


async def _addresses(
    hosts: list[str], resolver: Resolver, port: int, *, is_secure: bool, ipv6: bool
) -> list[Server] | Reply:
    """IPv4 and then IPv6 of each host in turn (RFC 5321 §5.2)."""
    servers: list[Server] = []
    trouble = ""
    for host in hosts:
        for found in (
            await resolver.a(host),
            await resolver.aaaa(host) if ipv6 else NoAnswer(domain_exists=True),
        ):
            if isinstance(found, Answer):
                proven = is_secure and found.is_secure
                servers += [Server(host, address, port, proven) for address in found.records]
            elif isinstance(found, TempError):
                trouble = found.reason
    if servers:
        return servers[:_MAX_SERVERS]
    return Reply(451, "4.4.3", f"DNS: {trouble}") if trouble else NO_ADDRESS


def _literal(domain: str) -> str:
    """RFC 5321 §4.1.3."""
    text = domain.strip("[]")
    return str(ip_address(text[5:] if text[:5].lower() == "ipv6:" else text))

"""The PROXY protocol: a balancer says before all else who the client is (HAProxy's specification, versions 1 and 2)."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

import structlog

from mailsvc.net.limits import peer_address

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from mailsvc.net.limits import IpAddress, TrustedNetworks

log = structlog.get_logger("congvu.net")

V2_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
MAX_V1 = 107
"""Octets of a line with its CRLF (§2.1)."""
MAX_V2 = 16 + 2048
HEADER_SECONDS = 10.0
_LOOK_SECONDS = 0.02
_V1 = re.compile(
    rb"PROXY (?:UNKNOWN[^\r\n]*|TCP(4|6) ([0-9a-fA-F.:]{2,39}) [0-9a-fA-F.:]{2,39} (\d{1,5}) \d{1,5})\r\n"
)


class ProxyError(ValueError):
    """What came is no PROXY header."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """How long the header is, and whom it names: None is the balancer itself, which looks whether we are well."""

    octets: int
    client: IpAddress | None


def parse_header(data: bytes) -> ProxyHeader | None:
    """The header at the start of a connection; None if more is needed. ProxyError for anything else."""
    if data.startswith(V2_SIGNATURE):
        return _version_2(data)
    if V2_SIGNATURE.startswith(data) or b"PROXY "[: len(data)] == data:
        return None
    if not data.startswith(b"PROXY "):
        raise ProxyError("no PROXY header")
    end = data.find(b"\r\n", 0, MAX_V1)
    if end < 0:
        if len(data) >= MAX_V1:
            raise ProxyError("the line is too long")
        return None
    found = _V1.fullmatch(data[: end + 2])
    if found is None:
        raise ProxyError("not a PROXY line")
    if found[1] is None:
        return ProxyHeader(end + 2, None)
    try:
        client = (IPv4Address if found[1] == b"4" else IPv6Address)(found[2].decode("ascii"))
    except ValueError as error:
        raise ProxyError("not an address") from error
    return ProxyHeader(end + 2, client)


def _version_2(data: bytes) -> ProxyHeader | None:
    """§2.2."""
    if len(data) < 16:
        return None
    version_and_command, family, length = struct.unpack_from("!BBH", data, 12)
    if version_and_command >> 4 != 2 or version_and_command & 0xF > 1:
        raise ProxyError("another version or command")
    if 16 + length > MAX_V2:
        raise ProxyError("the header is too long")
    if len(data) < 16 + length:
        return None
    octets = 16 + length
    if version_and_command & 0xF == 0:  # LOCAL
        return ProxyHeader(octets, None)
    width = {0x11: 4, 0x21: 16}.get(family)
    if width is None:
        return ProxyHeader(octets, None)  # UNSPEC, UDP or a socket: nobody to name
    if length < 2 * width + 4:
        raise ProxyError("the addresses are cut off")
    return ProxyHeader(octets, ip_address(data[16 : 16 + width]))


class ProxiedServer:
    """Listens for balancers; each connection is served as if the client that they name had made it."""

    def __init__(
        self,
        factory: Callable[[IpAddress], asyncio.Protocol],
        balancers: TrustedNetworks,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._factory = factory
        self._balancers = balancers
        self._tls = tls
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._greeting: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int, *, backlog: int = 1024) -> int:
        """Accept connections; the bound port."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=backlog)
        self._socket.setblocking(False)
        self._accepting = asyncio.create_task(self._accept(self._socket))
        bound: int = self._socket.getsockname()[1]
        return bound

    def close(self) -> None:
        """Accept no more."""
        if self._accepting is not None:
            self._accepting.cancel()
        for task in tuple(self._greeting):
            task.cancel()
        if self._socket is not None:
            self._socket.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as error:
                log.warning("proxy_accept_failed", error=str(error))
                await asyncio.sleep(1)
                continue
            task = loop.create_task(self._serve(connection, peer_address(address[0])))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)

    async def _serve(self, connection: socket.socket, balancer: IpAddress) -> None:
        try:
            client = await self._client_of(connection, balancer)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._factory(client), connection, ssl=self._tls
            )
        except (OSError, ProxyError, TimeoutError) as error:
            log.info("proxy_refused", balancer=str(balancer), error=str(error) or "time ran out")
            connection.close()
        except asyncio.CancelledError:
            connection.close()
            raise

    async def _client_of(self, connection: socket.socket, balancer: IpAddress) -> IpAddress:
        if balancer not in self._balancers:
            raise ProxyError("not one of our balancers")
        async with asyncio.timeout(HEADER_SECONDS):
            return await _read_header(connection) or balancer


async def _read_header(connection: socket.socket) -> IpAddress | None:
    """Take the header off the connection and not one octet more: what follows may be a TLS handshake."""
    connection.setblocking(False)
    while True:
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = connection.recv(MAX_V2, socket.MSG_PEEK)
            if not data:
                raise ProxyError("hung up")
        header = parse_header(data) if data else None
        if header is not None:
            connection.recv(header.octets)
            return header.client
        await asyncio.sleep(_LOOK_SECONDS)

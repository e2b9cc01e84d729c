"""The way out: an open connection to whoever takes mail for a domain, or the reason why there is none."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog

from config.settings import host_port
from mailsvc.net.tls import opportunistic_context, verifying_context
from mailsvc.queue.route import servers_of
from mailsvc.smtp.client import SMTPS_PORT, Deadlines, Server, SmtpClient, TlsFailed, Unreachable, connect
from mailsvc.smtp.wire.reply import Reply
from mailsvc.smtp.wire.sasl import Credentials

if TYPE_CHECKING:
    import ssl

    from config.settings import Settings
    from mailsvc.net.resolver import Resolver

log = structlog.get_logger("congvu.queue")

BAD_ADDRESS = Reply(553, "5.1.3", "The address is malformed")
NOBODY_ANSWERS = Reply(451, "4.4.1", "No server answers")


class Outside:
    """Opens connections by MX, or to the smart host of the settings."""

    def __init__(
        self,
        settings: Settings,
        resolver: Resolver,
        *,
        tls: ssl.SSLContext | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._queue = settings.queue
        self._hostname = settings.hostname
        self._resolver = resolver
        self._tls = tls or opportunistic_context()
        self._deadlines = deadlines or Deadlines()

    def lane_of(self, domain: str) -> str:
        """What shares connections: a domain, or everything where a smart host takes it."""
        return self._queue.smart_host or domain

    async def open(self, domain: str) -> SmtpClient | Reply:
        """The first server of the lane that answers, or why there is none."""
        credentials = None
        if self._queue.smart_host:
            servers = await self._smart_host()
            if self._queue.smart_host_user:
                credentials = Credentials(self._queue.smart_host_user, self._queue.smart_host_password)
        else:
            try:
                servers = await servers_of(
                    domain, self._resolver, our_name=self._hostname, port=self._queue.port
                )
            except ValueError:
                servers = BAD_ADDRESS
        if isinstance(servers, Reply):
            return servers
        reply = NOBODY_ANSWERS
        for server in servers:
            try:
                return await self._connect(server, credentials)
            except Unreachable as error:
                # Whatever one server says of itself, the letter can wait for a better day (RFC 5321 §4.5.4.1).
                reply = error.reply
                log.info("queue_unreachable", domain=domain, host=server.host, reply=str(reply))
        return reply if 400 <= reply.code < 500 else Reply(451, "4.4.1", str(reply))

    async def _connect(self, server: Server, credentials: Credentials | None) -> SmtpClient:
        # A password goes over the network under TLS only, and only to the server that the settings name.
        is_far = not server.address.startswith(("127.", "::1"))
        must_encrypt = credentials is not None and is_far
        dial = partial(
            connect,
            server,
            our_name=self._hostname,
            credentials=credentials,
            must_encrypt=must_encrypt,
            deadlines=self._deadlines,
        )
        try:
            return await dial(tls=verifying_context() if must_encrypt else self._tls)
        except TlsFailed:
            if must_encrypt or server.port == SMTPS_PORT:
                raise
            return await dial(tls=None)  # RFC 7435 §3: opportunistic, better in clear than not at all

    async def _smart_host(self) -> list[Server] | Reply:
        host, port = host_port(self._queue.smart_host)
        try:
            async with asyncio.timeout(self._deadlines.connect):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
        except (OSError, TimeoutError) as error:
            return Reply(451, "4.4.3", f"{host}: {error}")
        return [Server(host, str(address[4][0]), port) for address in found]

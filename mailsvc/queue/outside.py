"""The way out: an open connection to whoever takes mail for a domain, or the reason why there is none."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog

from config.settings import host_port
from mailsvc.net.tls import opportunistic_context, verifying_context
from mailsvc.queue.assurance import Assurance, assurance_for
from mailsvc.queue.route import servers_of
from mailsvc.queue.way import Demand
from mailsvc.smtp.client import SMTPS_PORT, Deadlines, Server, SmtpClient, TlsFailed, Unreachable, connect
from mailsvc.smtp.wire.reply import Reply
from mailsvc.smtp.wire.sasl import Credentials

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from config.settings import Settings
    from mailsvc.net.resolver import Resolver
    from mailsvc.queue.sts import StsPolicies
    from mailsvc.queue.way import Way

    TlsSeen = Callable[[str, Assurance, str, str], None]
    """Domain, what was asked for, host, and the result type of RFC 8460 §4.3 ("" for success)."""

log = structlog.get_logger("congvu.queue")

BAD_ADDRESS = Reply(553, "5.1.3", "The address is malformed")
NOBODY_ANSWERS = Reply(451, "4.4.1", "No server answers")


class Outside:
    """Opens connections by MX, or to a smart host."""

    def __init__(
        self,
        settings: Settings,
        resolver: Resolver,
        *,
        tls: ssl.SSLContext | None = None,
        authorities: ssl.SSLContext | None = None,
        deadlines: Deadlines | None = None,
        policies: StsPolicies | None = None,
        on_tls: TlsSeen = lambda _domain, _assurance, _host, _result: None,
    ) -> None:
        self._queue = settings.queue
        self._hostname = settings.hostname
        self._resolver = resolver
        self._tls = tls or opportunistic_context()
        self._authorities = authorities or verifying_context()
        self._deadlines = deadlines or Deadlines()
        self._policies = policies if settings.queue.mta_sts else None
        self._on_tls = on_tls

    async def open(self, way: Way) -> SmtpClient | Reply:
        """The first server of the way that answers and is as safe as it must be, or why there is none."""
        if way.smart_host:
            return await self._open_smart_host(way)
        try:
            servers = await servers_of(
                way.domain,
                self._resolver,
                our_name=self._hostname,
                port=self._queue.port,
                ipv6=self._queue.ipv6,
            )
        except ValueError:
            servers = BAD_ADDRESS
        if isinstance(servers, Reply):
            return servers
        policy = None
        if self._policies is not None and way.demand is not Demand.WAIVED:
            policy = await self._policies.of(way.domain)
        reply = NOBODY_ANSWERS
        for server in servers:
            assurance = await assurance_for(
                server, way.domain, way.demand, policy, self._resolver, dane_too=self._queue.dane
            )
            if isinstance(assurance, Reply):
                reply = assurance
                continue
            try:
                return await self._connect_assured(server, way.domain, assurance)
            except Unreachable as error:
                # Whatever one server says of itself, the letter can wait for a better day (RFC 5321 §4.5.4.1).
                reply = _for_now(error.reply)
                log.info("queue_unreachable", domain=way.domain, host=server.host, reply=str(error.reply))
        return reply

    async def _connect_assured(self, server: Server, domain: str, assurance: Assurance) -> SmtpClient:
        try:
            client = await self._dial(
                server,
                tls=self._authorities if assurance.by_authorities else self._tls,
                must_encrypt=assurance.must_encrypt,
                proof=assurance.proof,
            )
        except TlsFailed as error:
            self._on_tls(domain, assurance, server.host, error.kind)
            if assurance.must_encrypt and not assurance.is_testing:
                raise
            if assurance.is_testing:  # reported; as safe as if there were no policy
                return await self._connect_assured(server, domain, Assurance())
            return await self._dial(
                server, tls=None
            )  # RFC 7435 §3: opportunistic, better in clear than not at all
        self._on_tls(domain, assurance, server.host, "" if client.is_secure else "starttls-not-supported")
        return client

    async def _open_smart_host(self, way: Way) -> SmtpClient | Reply:
        credentials = None
        if self._queue.smart_host_user and way.smart_host == self._queue.smart_host:
            credentials = Credentials(self._queue.smart_host_user, self._queue.smart_host_password)
        servers = await self._addresses(way.smart_host)
        if isinstance(servers, Reply):
            return servers
        reply = NOBODY_ANSWERS
        for server in servers:
            # A password goes over the network under TLS only, and only to the server that the settings name.
            is_far = not server.address.startswith(("127.", "::1"))
            must_encrypt = way.demand is Demand.REQUIRED or (credentials is not None and is_far)
            tls = self._authorities if must_encrypt else self._tls
            dial = partial(self._dial, server, credentials=credentials)
            try:
                try:
                    return await dial(tls=tls, must_encrypt=must_encrypt)
                except TlsFailed:
                    if must_encrypt or server.port == SMTPS_PORT:
                        raise
                    return await dial(tls=None)
            except Unreachable as error:
                reply = _for_now(error.reply)
                log.info("queue_unreachable", smart_host=way.smart_host, reply=str(error.reply))
        return reply

    async def _dial(
        self,
        server: Server,
        *,
        tls: ssl.SSLContext | None,
        credentials: Credentials | None = None,
        must_encrypt: bool = False,
        proof: Callable[[ssl.SSLObject], str] | None = None,
    ) -> SmtpClient:
        return await connect(
            server,
            our_name=self._hostname,
            tls=tls,
            credentials=credentials,
            must_encrypt=must_encrypt,
            proof=proof,
            deadlines=self._deadlines,
        )

    async def _addresses(self, smart_host: str) -> list[Server] | Reply:
        host, port = host_port(smart_host)
        try:
            async with asyncio.timeout(self._deadlines.connect):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
        except (OSError, TimeoutError) as error:
            return Reply(451, "4.4.3", f"{host}: {error}")
        return [Server(host, str(address[4][0]), port) for address in found]


def _for_now(reply: Reply) -> Reply:
    return reply if 400 <= reply.code < 500 else Reply(451, "4.4.1", str(reply))

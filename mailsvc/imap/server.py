"""Listeners of IMAP, and what their connections share."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING

from config.settings import host_port
from mailsvc.imap.connection import ImapConnection
from mailsvc.imap.handlers.contents import ContentCache
from mailsvc.imap.handlers.context import Parts
from mailsvc.imap.handlers.rendered import RenderedLines
from mailsvc.imap.wire.replies import InternalDates
from mailsvc.imap.wire.session import Limits
from mailsvc.net.limits import ConnectionLimits, TrustedNetworks
from mailsvc.net.proxy import ProxiedServer
from mailsvc.services.scan import Texts
from mailsvc.services.usage import Usage
from mailsvc.services.view import Snapshots

if TYPE_CHECKING:
    import ssl

    from config.settings import Settings
    from mailsvc.net.bridge import Bridge
    from mailsvc.net.limits import IpAddress, Refusal
    from mailsvc.services.sign_in import SignIn
    from mailsvc.services.watch import Watch
    from mailsvc.storage.pieces import PieceFiles
    from search.engine import SubstringEngine

BACKLOG = 1024
DRAIN_SECONDS = 10.0
GOODBYE_SECONDS = 1.0
VIETNAM_MINUTES = 7 * 60
"""Zone of internal dates: the days that SEARCH compares are those that people live by."""
_connection_numbers = itertools.count(1)


class ImapServers:
    """All IMAP listeners of a process."""

    def __init__(
        self,
        settings: Settings,
        bridge: Bridge,
        watch: Watch,
        sign_in: SignIn,
        tls: ssl.SSLContext | None,
        pieces: PieceFiles,
        index: SubstringEngine | None = None,
        usage: Usage | None = None,
    ) -> None:
        """Make it inside a running loop."""
        self.loop = asyncio.get_running_loop()
        self.parts = Parts(
            bridge=bridge,
            snapshots=Snapshots(),
            watch=watch,
            sign_in=sign_in,
            pieces=pieces,
            contents=ContentCache(),
            texts=Texts(),
            index=index,
            indexed_text=settings.search.max_text_bytes,
            dates=InternalDates(VIETNAM_MINUTES),
            max_message_bytes=settings.smtp.max_message_bytes,
            usage=usage or Usage(bridge.reader.clock),
            quota_steps=(settings.quota.warn_percent, settings.quota.urgent_percent),
            rendered=RenderedLines(),
        )
        self.limits = Limits(line=settings.imap.max_line_bytes, append=settings.smtp.max_message_bytes)
        self.trusted = TrustedNetworks(settings.trusted_networks)
        self._balancers = TrustedNetworks(settings.balancers) if settings.proxy_protocol else None
        self.tls = tls
        self.login_timeout = float(settings.imap.login_timeout)
        self.idle_timeout = float(settings.imap.idle_timeout)
        self.connections: set[ImapConnection] = set()
        self.ports: list[int] = []
        """Those that were bound: clear text with STARTTLS first."""
        self._settings = settings.imap
        self._places = ConnectionLimits(
            total=settings.imap.max_connections, per_site=settings.imap.max_connections_per_address
        )
        self._listeners: list[asyncio.Server | ProxiedServer] = []
        self._all_gone: asyncio.Event | None = None
        watch.directory(self._rights_changed)

    async def start(self) -> None:
        """Accept connections on the addresses of the settings; the TLS one needs a certificate."""
        if self._settings.listen:
            await self.listen(*host_port(self._settings.listen))
        if self._settings.listen_tls and self.tls is not None:
            await self.listen(*host_port(self._settings.listen_tls), implicit_tls=True)

    async def listen(self, host: str, port: int, *, implicit_tls: bool = False) -> int:
        """Accept connections; the port that was bound (asked for 0: any free one)."""
        assert self.tls is not None or not implicit_tls
        tls = self.tls if implicit_tls else None
        if self._balancers is not None:
            proxied = ProxiedServer(self._new_connection, self._balancers, tls=tls)
            bound = await proxied.start(host, port, backlog=BACKLOG)
            self._listeners.append(proxied)
        else:
            listener = await self.loop.create_server(
                self._new_connection, host, port, backlog=BACKLOG, ssl=tls, reuse_address=True
            )
            self._listeners.append(listener)
            bound = listener.sockets[0].getsockname()[1]
        self.ports.append(bound)
        return bound

    def _new_connection(self, client: IpAddress | None = None) -> ImapConnection:
        """`client` is whom a balancer names; without one it is the other end."""
        return ImapConnection(self, f"imap-{next(_connection_numbers)}", client)

    async def stop(self) -> None:
        """Accept no more, say BYE, and let the commands under way end."""
        for listener in self._listeners:
            listener.close()
        running = [
            task for connection in tuple(self.connections) if (task := connection.wind_up()) is not None
        ]
        if running:
            await asyncio.wait(running, timeout=DRAIN_SECONDS)
        if self.connections:
            # For the last words to reach clients that read.
            self._all_gone = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), GOODBYE_SECONDS)
        for connection in tuple(self.connections):
            connection.abort()
        self._listeners.clear()

    def opened(self, connection: ImapConnection) -> None:
        """A client is there."""
        self.connections.add(connection)

    def closed(self, connection: ImapConnection) -> None:
        """A client is gone."""
        self.connections.discard(connection)
        if not self.connections and self._all_gone is not None:
            self._all_gone.set()

    def enter(self, site: str) -> Refusal | None:
        """Count a connection of a stranger."""
        return self._places.enter(site)

    def leave(self, site: str) -> None:
        """A connection that entered is over."""
        self._places.leave(site)

    def _rights_changed(self) -> None:
        for connection in self.connections:
            connection.look_again()

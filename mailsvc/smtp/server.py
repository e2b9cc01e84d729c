"""Listeners: sockets, TLS and the sessions they hold, and how they end."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from typing import TYPE_CHECKING

from config.settings import host_port
from mailsvc.net.limits import ConnectionLimits, TrustedNetworks
from mailsvc.net.proxy import ProxiedServer
from mailsvc.services.addressees import Addressees
from mailsvc.services.our_people import OurPeopleKept
from mailsvc.smtp.filters import open_filters
from mailsvc.smtp.gate import Shared
from mailsvc.smtp.lmtp import LmtpRules
from mailsvc.smtp.mx import MxRules
from mailsvc.smtp.rules import Limits
from mailsvc.smtp.session import SmtpSession
from mailsvc.smtp.submission import SubmissionRules
from mailsvc.smtp.vetting import Vetting

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from config.settings import Settings
    from mailsvc.net.bridge import Bridge
    from mailsvc.net.limits import IpAddress
    from mailsvc.net.resolver import Resolver
    from mailsvc.sender_auth.check import Checked
    from mailsvc.services.sign_in import SignIn
    from mailsvc.smtp.rules import Rules
    from mailsvc.storage.store import Store

_BACKLOG = 1024
_DRAIN_SECONDS = 10.0
_connection_numbers = itertools.count(1)
_BOOT = secrets.token_hex(3)
"""Names of connections and letters do not repeat after a restart."""


class SmtpListener:
    """One listening address with its rules."""

    def __init__(
        self,
        rules: Rules,
        *,
        trusted: TrustedNetworks,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        balancers: TrustedNetworks | None = None,
    ) -> None:
        """With `balancers`, every connection must begin with the PROXY protocol, spoken by one of them."""
        assert tls is not None or not implicit_tls
        self._rules = rules
        self._trusted = trusted
        self._tls = tls
        self._implicit_tls = implicit_tls
        self._balancers = balancers
        self._server: asyncio.Server | ProxiedServer | None = None
        self._sessions: set[SmtpSession] = set()

    async def start(self, host: str, port: int) -> int:
        """Accept connections; the port that was bound (asked for 0: any free one)."""
        implicit = self._tls if self._implicit_tls else None
        if self._balancers is not None:
            proxied = ProxiedServer(self._new_session, self._balancers, tls=implicit)
            self._server = proxied
            return await proxied.start(host, port, backlog=_BACKLOG)
        loop = asyncio.get_running_loop()
        server = self._server = await loop.create_server(
            self._new_session,
            host,
            port,
            backlog=_BACKLOG,
            ssl=implicit,
            reuse_address=True,
        )
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Accept no more; letters on their way in are finished, idle sessions are told 421."""
        if self._server is None:
            return
        self._server.close()
        for session in tuple(self._sessions):
            session.wind_up()
        ends_at = asyncio.get_running_loop().time() + _DRAIN_SECONDS
        running = [session.task for session in self._sessions if session.task is not None]
        if running:
            await asyncio.wait(running, timeout=max(ends_at - asyncio.get_running_loop().time(), 0))
        for session in tuple(self._sessions):
            session.abort()
        self._server = None

    def _new_session(self, peer: IpAddress | None = None) -> SmtpSession:
        return SmtpSession(
            self._rules,
            connection_id=f"{self._rules.language.name.lower()}-{_BOOT}-{next(_connection_numbers)}",
            trusted=self._trusted,
            tls=self._tls,
            loop=asyncio.get_running_loop(),
            sessions=self._sessions,
            peer=peer,
        )


class SmtpServers:
    """All listeners of SMTP, submission and LMTP that the settings ask for."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        bridge: Bridge,
        sign_in: SignIn,
        tls: ssl.SSLContext | None,
        resolver: Resolver | None = None,
        on_checked: Callable[[Checked, str], None] = lambda _checked, _disposition: None,
    ) -> None:
        self._settings = settings
        self._tls = tls
        self._trusted = TrustedNetworks(settings.trusted_networks)
        self._shared = Shared(
            bridge=bridge,
            files=store.pieces,
            addressees=Addressees(store),
            sign_in=sign_in,
            hostname=settings.hostname,
            home=settings.domain,
            max_hops=settings.smtp.max_received,
            wide_list=settings.groups.wide_list,
            now=time.time,
            token=lambda: secrets.token_hex(12),
            sending=settings.sending,
            report_inbox=settings.report.inbox.strip().lower(),
            vetting=None
            if resolver is None
            else Vetting(
                settings.sender_check,
                bridge,
                resolver,
                OurPeopleKept(store),
                authserv_id=settings.hostname,
                now=time.time,
                on_checked=on_checked,
            ),
            filters=open_filters(settings, bridge, resolver, time.monotonic),
        )
        self._listeners: list[SmtpListener] = []

    async def start(self) -> dict[str, int]:
        """Accept connections; the bound port of each listener by its setting, `smtp.listen` and so on."""
        settings = self._settings
        mx = MxRules(self._shared, self._limits(settings.smtp.max_recipients), self._connections())
        submission = SubmissionRules(
            self._shared, self._limits(settings.submission.max_recipients), self._connections()
        )
        lmtp = LmtpRules(self._shared, self._limits(settings.lmtp.max_recipients), self._connections())
        wanted: list[tuple[str, str, Rules, bool]] = [
            ("smtp.listen", settings.smtp.listen, mx, False),
            ("submission.listen", settings.submission.listen, submission, False),
            ("submission.listen_tls", settings.submission.listen_tls, submission, True),
            ("lmtp.listen", settings.lmtp.listen, lmtp, False),
        ]
        ports: dict[str, int] = {}
        for name, listen, rules, implicit_tls in wanted:
            if not listen or (implicit_tls and self._tls is None):
                continue
            listener = SmtpListener(
                rules,
                trusted=self._trusted,
                tls=self._tls,
                implicit_tls=implicit_tls,
                balancers=TrustedNetworks(settings.balancers) if settings.proxy_protocol else None,
            )
            ports[name] = await listener.start(*host_port(listen))
            self._listeners.append(listener)
        return ports

    async def stop(self) -> None:
        """Accept no more; letters on their way in are finished."""
        await asyncio.gather(*(listener.stop() for listener in self._listeners))
        self._listeners.clear()

    def _limits(self, recipients: int) -> Limits:
        smtp = self._settings.smtp
        return Limits(
            message_octets=smtp.max_message_bytes,
            line_octets=smtp.max_line_bytes,
            recipients=recipients,
            command_seconds=smtp.command_timeout,
            data_seconds=smtp.data_timeout,
        )

    def _connections(self) -> ConnectionLimits:
        smtp = self._settings.smtp
        return ConnectionLimits(total=smtp.max_connections, per_site=smtp.max_connections_per_address)

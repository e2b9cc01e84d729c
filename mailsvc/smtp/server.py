"""Listeners: sockets, TLS and the sessions they hold, and how they end."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from mailsvc.smtp.session import SmtpSession

if TYPE_CHECKING:
    import ssl

    from mailsvc.net.limits import TrustedNetworks
    from mailsvc.smtp.rules import Rules

_BACKLOG = 1024
_DRAIN_SECONDS = 10.0
_connection_numbers = itertools.count(1)


class SmtpListener:
    """One listening address with its rules."""

    def __init__(
        self,
        rules: Rules,
        *,
        trusted: TrustedNetworks,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
    ) -> None:
        assert tls is not None or not implicit_tls
        self._rules = rules
        self._trusted = trusted
        self._tls = tls
        self._implicit_tls = implicit_tls
        self._server: asyncio.Server | None = None
        self._sessions: set[SmtpSession] = set()

    async def start(self, host: str, port: int) -> int:
        """Accept connections; the port that was bound (asked for 0: any free one)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._new_session,
            host,
            port,
            backlog=_BACKLOG,
            ssl=self._tls if self._implicit_tls else None,
            reuse_address=True,
        )
        bound: int = self._server.sockets[0].getsockname()[1]
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

    def _new_session(self) -> SmtpSession:
        return SmtpSession(
            self._rules,
            connection_id=f"{self._rules.language.value.lower()}-{next(_connection_numbers)}",
            trusted=self._trusted,
            tls=self._tls,
            loop=asyncio.get_running_loop(),
            sessions=self._sessions,
        )

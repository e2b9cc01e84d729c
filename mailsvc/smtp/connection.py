"""One SMTP connection: aiosmtpd's, with our reader, replies written once, deadlines and STARTTLS.

aiosmtpd 1.4.6 keeps the life of the connection, the command loop and the dispatch. This class replaces what it reads
with (bare LF refused, any split), how it writes, and how it goes to TLS; the commands are in session.py.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from aiosmtpd.smtp import SMTP

from mailsvc.net.limits import peer_address
from mailsvc.smtp import says
from mailsvc.smtp.rules import Client
from mailsvc.smtp.stream import BadLineError, SessionEndedError, SmtpReader
from mailsvc.smtp.wire.reply import Reply, reply_from_text

if TYPE_CHECKING:
    import ssl

    from mailsvc.net.limits import IpAddress, TrustedNetworks
    from mailsvc.smtp.rules import Rules

log = structlog.get_logger("congvu.smtp")
# aiosmtpd logs each command line, addresses and all; ours are the only lines about a session.
logging.getLogger("mail.log").setLevel(logging.WARNING)

_WRITE_AT = 32 * 1024
"""Octets of replies that are written without waiting for the end of the pipeline."""
_HANDSHAKE_SECONDS = 30.0


class SmtpConnection(SMTP):
    """The server's end of a connection; subclasses add the commands."""

    command_size_limit = 1 << 20
    """The base class's limit; the reader has bounded the line already."""
    require_starttls = False
    transport: Any = None
    session: Any = None
    envelope: Any = None
    _enforce_call_limit = False
    _handle_hooks: ClassVar[dict[str, Any]] = {}
    _handler_coroutine: asyncio.Task[None] | None = None
    _original_transport = None
    _proxy_timeout = None
    _timeout_handle: asyncio.TimerHandle | None = None
    _tls_handshake_okay = True
    _tls_protocol: Any = None

    def __init__(
        self,
        rules: Rules,
        *,
        connection_id: str,
        trusted: TrustedNetworks,
        tls: ssl.SSLContext | None,
        loop: asyncio.AbstractEventLoop,
        sessions: set[Any],
        peer: IpAddress | None = None,
    ) -> None:
        # Not the base class's __init__: it looks at every attribute of the object by inspection, which takes longer
        # than the rest of a connection. What its methods use is set here, and `test_connection.py` watches over it.
        self._input = SmtpReader(loop, rules.limits.command_line_octets, self._write_out)
        asyncio.StreamReaderProtocol.__init__(
            self, self._input, client_connected_cb=self._cb_client_connected, loop=loop
        )
        self.loop = loop
        self.enable_SMTPUTF8 = True
        self.hostname = rules.hostname
        self.__ident__ = f"{rules.language.value} Congvu"
        self._timeout_duration = rules.limits.command_seconds
        self._rules = rules
        self._limits = rules.limits
        self._connection_id = connection_id
        self._peer = peer
        """Who a balancer says the client is; None where the connection itself says it."""
        self._trusted = trusted
        self._tls = tls
        self._client: Client
        self._ends_at = self._deadline = loop.time() + rules.limits.session_seconds
        self._sessions = sessions
        """The listener's open connections; this one is among them while it lives."""
        self._is_winding_up = False
        self._out: list[bytes] = []
        self._out_octets = 0

    # -- life

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve a new connection; replies go out at once (no Nagle)."""
        address = self._peer or peer_address(transport.get_extra_info("peername")[0])
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = Client(
            self._connection_id,
            address,
            is_trusted=address in self._trusted,
            is_secure=transport.get_extra_info("sslcontext") is not None,
            tls=transport.get_extra_info("ssl_object"),
        )
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The transport is gone; a letter that is being stored is stored all the same."""
        self._sessions.discard(self)
        super().connection_lost(error)

    def eof_received(self) -> bool:
        """The client will say no more; what it said is still answered (it may only have closed its half)."""
        self._input.feed_eof()
        return not self._client.is_secure

    async def _handle_client(self) -> None:
        refusal = self._rules.admit(self._client)
        if refusal is not None:
            self.transport.write(refusal.encode())
            self.transport.close()
            return
        try:
            await super()._handle_client()
        except ConnectionError as error:
            if not isinstance(error, SessionEndedError):
                log.info("smtp_connection_lost", conn=self._connection_id, error=str(error))
        finally:
            self._rules.leave(self._client)
            if self.transport is not None:
                self.transport.close()

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Move the deadline. The timer looks at it when it fires, so that a command costs no timer of its own."""
        self._deadline = min(self.loop.time() + (duration or self._timeout_duration), self._ends_at)
        if self._timeout_handle is None or self._deadline < self._timeout_handle.when():
            if self._timeout_handle is not None:
                self._timeout_handle.cancel()
            self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._deadline:
            self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)
            return
        if self.transport is not None:
            self.transport.write(says.TOO_SLOW.encode())
            self.transport.close()

    @property
    def task(self) -> asyncio.Task[None] | None:
        """What serves this connection."""
        return self._handler_coroutine

    def wind_up(self) -> None:
        """The server stops: end now if nothing is under way, else after the reply to the letter."""
        self._is_winding_up = True
        if self._is_idle() and self.transport is not None:
            self.transport.write(says.SHUTTING_DOWN.encode())
            self.transport.close()

    def abort(self) -> None:
        """End at once."""
        if self.transport is not None:
            self.transport.abort()

    def _is_idle(self) -> bool:
        return True

    @property
    def _speaks_utf8(self) -> bool:
        """Whether the client has said that it understands UTF-8 in replies (RFC 6531 §3.7.4.2)."""
        return False

    async def _close(self, reply: Reply) -> None:
        """Say a last word, and serve nothing more."""
        await self.push(reply)
        await self._write_out()
        self._input.end()
        self.transport.close()
        raise SessionEndedError

    # -- replies

    async def push(self, status: Reply | str | bytes) -> None:
        """Say a reply. It is written when the reader next waits, with the others of the pipeline (RFC 2920 §3.2)."""
        if isinstance(status, bytes):
            status = status.decode()
        reply = reply_from_text(status) if isinstance(status, str) else status
        octets = reply.encode(utf8=self._speaks_utf8)
        self._out.append(octets)
        self._out_octets += len(octets)
        # The connection is closed after 221, 421 and aiosmtpd's 502: nobody will wait for input again.
        if self._out_octets >= _WRITE_AT or reply.code in {221, 421, 502}:
            await self._write_out()

    async def _write_out(self) -> None:
        if not self._out:
            return
        octets = b"".join(self._out)
        self._out.clear()
        self._out_octets = 0
        self._writer.write(octets)
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise SessionEndedError from error

    async def handle_exception(self, error: Exception) -> Reply:
        """What to say of an exception: a fault of the client's line, or a bug of ours, which stays a bug."""
        if isinstance(error, BadLineError):
            return says.LINE_SAYS[error.fault]
        log.error("smtp_unexpected", conn=self._connection_id, exc_info=error)
        self._set_rset_state()
        return says.LOCAL_ERROR

    # -- TLS

    async def _go_secure(self, context: ssl.SSLContext) -> None:
        """Shake hands after our 220; whatever was said or buffered before is forgotten (RFC 3207 §4.2)."""
        await self._write_out()
        # From here to start_tls nothing awaits, so nothing in clear text can slip in behind the discarding.
        self._input.discard()
        try:
            secured = await self.loop.start_tls(
                self.transport, self, context, server_side=True, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            log.info("smtp_tls_failed", conn=self._connection_id, error=str(error))
            raise SessionEndedError from error
        if secured is None:
            raise SessionEndedError
        # As asyncio's own StreamWriter.start_tls does.
        self.transport = self._transport = secured
        self._input.set_transport(secured)
        self._writer._transport = secured  # type: ignore[attr-defined]  # noqa: SLF001
        self._over_ssl = True
        self._tls_protocol = secured
        before = self._client
        self._client = Client(
            before.connection_id,
            before.address,
            is_trusted=before.is_trusted,
            is_secure=True,
            tls=secured.get_extra_info("ssl_object"),
        )
        self._set_rset_state()

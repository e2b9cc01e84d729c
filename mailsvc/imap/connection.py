"""One client's socket: octets to the engine, commands to handlers, replies back, never more than it reads.

A handler that does not wait is run at once, without a task: NOOP or FETCH FLAGS then cost no turn of the loop.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, cast

import structlog

from mailsvc.imap.compression import Deflated
from mailsvc.imap.eager import Started
from mailsvc.imap.handlers.capability import capability_code
from mailsvc.imap.handlers.context import Context
from mailsvc.imap.handlers.dispatch import MailboxGoneError, carry_out
from mailsvc.imap.handlers.news import news
from mailsvc.imap.wire import replies
from mailsvc.imap.wire.command import Command, State
from mailsvc.imap.wire.errors import ProtocolError
from mailsvc.imap.wire.session import NEED_DATA, Continue, ImapSession
from mailsvc.imap.wire.simple import Compress, StartTls, Unauthenticate
from mailsvc.model.errors import MailboxMissing, WrongCredentials
from mailsvc.net.channel_binding import bindings
from mailsvc.net.limits import peer_address, site_of
from mailsvc.services import permissions, sign_in
from mailsvc.services.sasl import Channel

if TYPE_CHECKING:
    import ssl

    from mailsvc.imap.server import ImapServers
    from mailsvc.net.limits import IpAddress

log = structlog.get_logger("congvu.imap")

WRITE_AT = 64 << 10
"""Octets of replies that are handed to the transport before a command is done."""
HIGH_WATER = 256 << 10
"""Octets that a slow reader may owe before its commands wait."""
COMMANDS_AT_ONCE = 100
"""Commands of one client before the others get a turn."""
SLICE_SECONDS = 0.02
"""How long one command may hold the loop."""
MAX_FAILED_LOGINS = 5
MAX_HELD_BEFORE_LOGIN = 64 << 10
"""Octets that wait behind a stranger's LOGIN."""
MAX_MISTAKES_BEFORE_LOGIN = 20
HANDSHAKE_SECONDS = 30.0
KEEPALIVE_SECONDS = 600


class ImapConnection(asyncio.Protocol):
    """The server's end of one connection."""

    __slots__ = (
        "_active_at",
        "_client",
        "_deflated",
        "_is_at_end",
        "_is_closing",
        "_is_reading",
        "_loop",
        "_may_write",
        "_mistakes",
        "_out",
        "_out_octets",
        "_server",
        "_session",
        "_site",
        "_task",
        "_timer",
        "_transport",
        "_turn_began",
        "_waiter",
        "_wake_is_due",
        "ctx",
        "rights_are_stale",
    )

    def __init__(self, server: ImapServers, connection_id: str, client: IpAddress | None = None) -> None:
        """Waits for its transport; `client` is whom a balancer named."""
        self._server = server
        self._client = client
        self._loop = server.loop
        self._session = ImapSession(server.limits)
        self.ctx = Context(
            server.parts,
            self._session,
            connection_id=connection_id,
            send=self._send,
            drain=self._drain,
            wake=self._wake,
        )
        self._transport: asyncio.Transport
        self._out: list[bytes] = []
        self._out_octets = 0
        self._task: asyncio.Task[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._site: str | None = None
        self._active_at = self._turn_began = self._loop.time()
        self._may_write = True
        self._is_reading = True
        self._is_closing = False
        self._is_at_end = False
        self._wake_is_due = False
        self._mistakes = 0
        self._deflated: Deflated | None = None
        self.rights_are_stale = False

    # -- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or turn away (RFC 3501 §7.1.5)."""
        transport = cast("asyncio.Transport", transport)  # uvloop has a class of its own
        self._transport = transport
        peer = transport.get_extra_info("peername")
        address = self._client or peer_address(peer[0])
        is_trusted = address in self._server.trusted
        ctx = self.ctx
        ctx.peer = str(address)
        ctx.channel = Channel({}, sign_in.mail_caller(address, trusted=is_trusted))
        self._bind(transport)
        ctx.offers_tls = self._server.tls is not None
        ctx.is_plain_text_allowed = is_trusted
        self._server.opened(self)
        site = site_of(address)
        if not is_trusted:
            refusal = self._server.enter(site)
            if refusal is not None:
                self._send(replies.untagged("BYE", f"There are {refusal.value}", "LIMIT"))
                self._close()
                return
            self._site = site
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A phone that left without a word is noticed long before the 30 minutes are over.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
        transport.set_write_buffer_limits(high=HIGH_WATER)
        self._timer = self._loop.call_later(self._server.login_timeout, self._look_at_clock)
        self._send(replies.untagged("OK", "Congvu is ready", capability_code(ctx)))
        self._flush()

    def connection_lost(self, _error: Exception | None) -> None:
        """The client is gone; what it asked for and was not answered is given up."""
        self._is_closing = True
        self._server.closed(self)
        if self._site is not None:
            self._server.leave(self._site)
            self._site = None
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
        self.ctx.close_mailbox()
        self.ctx.stop_notifying()

    def data_received(self, data: bytes) -> None:
        """Take octets, and carry out what is whole."""
        if self._deflated is None:
            self._session.receive(data)
        else:
            self._deflated.receive(data)
        if self._task is None and not self._is_closing:
            self._turn_began = self._loop.time()
            self._work()
        if self.ctx.user is None and self._session.buffered > MAX_HELD_BEFORE_LOGIN:
            self._bye("You have said too much before signing in", "LIMIT")

    def eof_received(self) -> bool:
        """The client will say no more; what it has asked for is still answered."""
        self._is_at_end = True
        if self._task is None and self._may_write:
            self._close()
        return not self.ctx.is_secure

    def pause_writing(self) -> None:
        """The client reads more slowly than we write: its next commands wait."""
        self._may_write = False

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._may_write = True
        if self._waiter is not None:
            waiter, self._waiter = self._waiter, None
            if not waiter.done():
                waiter.set_result(None)
        elif self._task is None and not self._is_closing:
            self._work()

    # -- commands

    def _work(self) -> None:
        """Carry out what has come, until data, a task or a slow reader is waited for."""
        for _ in range(COMMANDS_AT_ONCE):
            if self._is_closing:
                break
            if not self._may_write:
                self._pause_reading()
                break
            event = self._session.next_command()
            if event is NEED_DATA:
                if self._deflated is not None and self._inflate_more(self._deflated):
                    continue
                if self._is_at_end:
                    self._close()
                self._resume_reading()
                break
            if isinstance(event, Continue):
                self._send(event.line)
            elif isinstance(event, ProtocolError):
                self._refuse(event)
            elif not self._start(event):
                return
        else:
            self._pause_reading()
            self._loop.call_soon(self._go_on)
        self._flush()

    def _inflate_more(self, deflated: Deflated) -> bool:
        """Hand on the next of what compressed octets stand for, only when there is nothing else to do."""
        try:
            piece = deflated.next_piece()
        except ValueError:
            self._bye("That is not DEFLATE", None)
            return False
        self._session.receive(piece)
        return bool(piece)

    def _go_on(self) -> None:
        if self._task is None and not self._is_closing:
            self._turn_began = self._loop.time()
            self._work()

    def _start(self, command: Command) -> bool:
        """Run a command; False if it waits for something and goes on as a task."""
        self._active_at = self._loop.time()
        running = self._run(command)
        try:
            awaited = running.send(None)
        except StopIteration:
            return True
        self._flush()
        self._pause_reading()
        self._task = self._loop.create_task(Started(running, awaited))
        self._task.add_done_callback(self._finished)
        return False

    async def _run(self, command: Command) -> None:
        try:
            if self.rights_are_stale:
                self._check_rights()
            self._send(await carry_out(command, self.ctx))
        except MailboxGoneError as gone:
            self._bye(str(gone), None)
            return
        if type(command) is StartTls and not self.ctx.is_secure and self.ctx.offers_tls:
            await self._go_secure()
        elif type(command) is Compress and not self.ctx.is_compressed:
            self._flush()
            self._session.discard_buffered()
            self._deflated = Deflated()
            self.ctx.is_compressed = True
        elif type(command) is Unauthenticate:
            self._begin_anew()
        elif self._session.state is State.LOGOUT:
            self._close()
        elif self.ctx.failed_logins >= MAX_FAILED_LOGINS:
            self._bye("Too many wrong passwords", None)

    def _begin_anew(self) -> None:
        """After UNAUTHENTICATE: in clear, and with as much time to sign in as at first (RFC 8437 §4.1)."""
        self._flush()
        self._deflated = None
        self.ctx.is_compressed = False
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._server.login_timeout, self._look_at_clock)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._task = None
        self._active_at = self._loop.time()
        if not task.cancelled():
            error = task.exception()
            if error is not None:
                log.error("imap_bug", conn=self.ctx.connection_id, exc_info=error)
                self._bye("Something went wrong here; it was noted", "SERVERBUG")
        if self._is_closing:
            self._close()
        else:
            self._go_on()

    def _refuse(self, error: ProtocolError) -> None:
        self.ctx.is_idling = False
        self._send(replies.refusal(error))
        if self.ctx.user is None:
            self._mistakes += 1
        if error.fatal:
            self._close()
        elif self._mistakes >= MAX_MISTAKES_BEFORE_LOGIN:
            self._bye("This is no IMAP", None)

    def look_again(self) -> None:
        """The directory changed: look at the rights before anything else is said, at once while the client idles."""
        self.rights_are_stale = True
        if self.ctx.notified is not None:
            self.ctx.notified.is_stale = True
            self._wake()
        self._wake()

    def _check_rights(self) -> None:
        """After the directory changed: whether the person may still see the open mailbox."""
        self.rights_are_stale = False
        ctx = self.ctx
        if ctx.user is None:
            return
        reader = ctx.parts.bridge.reader
        try:
            ctx.user = sign_in.still(reader, ctx.user)
            if ctx.view is not None:
                ctx.view.place = permissions.place_by_id(reader, ctx.user, ctx.view.place.mailbox.id)
        except WrongCredentials:
            raise MailboxGoneError("You are signed out: what you signed in with was changed") from None
        except MailboxMissing:
            raise MailboxGoneError from None

    # -- news without a command (RFC 2177, RFC 5465)

    def _wake(self) -> None:
        if (self.ctx.is_idling or self.ctx.notified is not None) and not self._wake_is_due:
            self._wake_is_due = True
            self._loop.call_soon(self._tell_at_once)

    def _tell_at_once(self) -> None:
        """Tell a client that idles or has asked for it; during a command the news come with its tagged reply."""
        self._wake_is_due = False
        notified = self.ctx.notified
        if self._is_closing or self._task is not None or not (self.ctx.is_idling or notified):
            return
        try:
            if self.rights_are_stale:
                self._check_rights()
            expunges = self.ctx.is_idling or (notified is not None and notified.expunges_at_once)
            self._send(news(self.ctx, expunges=expunges))
        except MailboxGoneError as gone:
            self._bye(str(gone), None)
        except MailboxMissing:
            self._bye(str(MailboxGoneError()), None)
        except Exception:
            log.exception("imap_bug", conn=self.ctx.connection_id, command="IDLE")
            self._bye("Something went wrong here; it was noted", "SERVERBUG")
        self._flush()

    # -- replies

    def _send(self, octets: bytes) -> None:
        if octets:
            self._out.append(octets)
            self._out_octets += len(octets)
            if self._out_octets >= WRITE_AT:
                self._flush()

    def _flush(self) -> None:
        if not self._out:
            return
        octets = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        self._out_octets = 0
        if not self._transport.is_closing():
            self._transport.write(octets if self._deflated is None else self._deflated.sent(octets))

    async def _drain(self) -> None:
        """Between two parts of a long reply: wait for a slow reader, let others have a turn."""
        if not self._may_write and not self._transport.is_closing():
            self._flush()
            self._waiter = self._loop.create_future()
            await self._waiter
            self._turn_began = self._loop.time()
        elif self._loop.time() - self._turn_began > SLICE_SECONDS:
            self._flush()
            await asyncio.sleep(0)
            self._turn_began = self._loop.time()

    # -- TLS

    async def _go_secure(self) -> None:
        """Shake hands; what came in clear text behind STARTTLS is forgotten (RFC 3501 §6.2.1)."""
        context = self._server.tls
        assert context is not None
        self._flush()
        self._session.discard_buffered()
        self._transport = await self._shaken(context)
        self._bind(self._transport)
        self._is_reading = True
        self._transport.set_write_buffer_limits(high=HIGH_WATER)

    def _bind(self, transport: asyncio.Transport) -> None:
        """Know whether this is TLS, and what binds a sign-in to it."""
        tls = transport.get_extra_info("ssl_object")
        ctx = self.ctx
        ctx.is_secure = tls is not None
        ctx.channel = Channel(bindings(tls, ctx.parts.sign_in.end_point), ctx.channel.caller)

    async def _shaken(self, context: ssl.SSLContext) -> asyncio.Transport:
        try:
            secured = await self._loop.start_tls(
                self._transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            log.info("imap_tls_failed", conn=self.ctx.connection_id, error=str(error))
            self._transport.abort()
            raise asyncio.CancelledError from error
        if secured is None:
            raise asyncio.CancelledError
        return secured

    # -- the end

    def _look_at_clock(self) -> None:
        """RFC 3501 §5.4: 30 minutes at least once signed in; strangers have a minute in all."""
        now = self._loop.time()
        if self.ctx.user is None:
            if self._task is None:
                self._bye("You have taken too long to sign in", None)
                return
            left = 1.0
        else:
            left = self._active_at + self._server.idle_timeout - now
            if left <= 0 and self._task is not None and self._waiter is not None:
                self._transport.abort()  # it has not read what it asked for
                return
            if left <= 0 and self._task is None:
                self._bye("Nothing was said for too long", None)
                return
        self._timer = self._loop.call_later(max(left, 1.0), self._look_at_clock)

    def wind_up(self) -> asyncio.Task[None] | None:
        """The server stops: say so now, or after the command under way, which is returned."""
        if self._task is None:
            self._bye("The server stops", "UNAVAILABLE")
        else:
            self._is_closing = True
        return self._task

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def _bye(self, text: str, code: str | None) -> None:
        self._send(replies.untagged("BYE", text, code))
        self._close()

    def _close(self) -> None:
        self._is_closing = True
        self._flush()
        self._transport.close()

    # -- reading

    def _pause_reading(self) -> None:
        if self._is_reading and not self._transport.is_closing():
            self._transport.pause_reading()
            self._is_reading = False

    def _resume_reading(self) -> None:
        if not self._is_reading and not self._transport.is_closing():
            self._transport.resume_reading()
            self._is_reading = True

"""The listener of ManageSieve: octets to commands, with bounds on length, time and number (RFC 5804 §1.2)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

import structlog

from config.settings import host_port
from mailsvc.managesieve.session import MAX_FAILED, Session
from mailsvc.managesieve.wire.command import BadCommandError, announced_literal, parse, reply
from mailsvc.net.channel_binding import bindings
from mailsvc.net.limits import ConnectionLimits, TrustedNetworks, network_of, peer_address
from mailsvc.services.sasl import Channel
from mailsvc.services.sign_in import mail_caller
from mailsvc.sieve.lexer import MAX_SCRIPT_OCTETS

if TYPE_CHECKING:
    import ssl

    from config.settings import Settings
    from mailsvc.managesieve.wire.command import Command
    from mailsvc.net.bridge import Bridge
    from mailsvc.services.sign_in import SignIn

log = structlog.get_logger("congvu.managesieve")
MAX_LINE: Final = 4 << 10
MAX_LITERALS: Final = 3
IDLE_SECONDS: Final = 1800
"""RFC 5804 §1.2: 30 minutes at least for who has signed in."""
LOGIN_SECONDS: Final = 60
MAX_CONNECTIONS, MAX_PER_SITE = 500, 20
MAX_COMMANDS_BEFORE: Final = 30


class ManageSieveServer:
    """The listener and its connections."""

    def __init__(
        self, settings: Settings, bridge: Bridge, sign_in: SignIn, tls: ssl.SSLContext | None
    ) -> None:
        self._listen = settings.managesieve.listen
        self._bridge = bridge
        self._sign_in = sign_in
        self._tls = tls
        self._trusted = TrustedNetworks(settings.trusted_networks)
        self._places = ConnectionLimits(total=MAX_CONNECTIONS, per_site=MAX_PER_SITE)
        self._listener: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        """Accept connections, if an address is set."""
        if self._listen:
            host, port = host_port(self._listen)
            self._listener = await asyncio.start_server(self._serve, host, port, limit=MAX_LINE)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Accept no more, and end what is open."""
        if self._listener is not None:
            self._listener.close()
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        address = peer_address(writer.get_extra_info("peername")[0])
        site = network_of(address)
        is_trusted = address in self._trusted
        entered = is_trusted or self._places.enter(site) is None
        try:
            if not entered:
                writer.write(reply("BYE", "Too many connections", "TRYLATER"))
                return
            channel = Channel({}, mail_caller(address, trusted=is_trusted))
            session = Session(
                self._bridge,
                self._sign_in,
                channel,
                offers_tls=self._tls is not None,
                is_private=is_trusted,
            )
            writer.write(session.capabilities("Congvu is ready"))
            await self._talk(session, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        except TimeoutError:
            writer.write(reply("BYE", "Nothing was said for too long"))
        finally:
            self._running.discard(task)
            if entered and not is_trusted:
                self._places.leave(site)
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    async def _talk(
        self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        said = 0
        while not session.is_over:
            async with asyncio.timeout(IDLE_SECONDS if session.signed_in else LOGIN_SECONDS):
                if session.is_asked:
                    answer = await session.answered(_unquoted(await _line(reader)))
                else:
                    answer = await self._command(session, reader)
            writer.write(answer)
            await writer.drain()
            said += 1
            if session.wants_tls:
                await self._go_secure(session, writer)
            if session.failed >= MAX_FAILED or (said > MAX_COMMANDS_BEFORE and not session.signed_in):
                writer.write(reply("BYE", "Enough"))
                return

    async def _command(self, session: Session, reader: asyncio.StreamReader) -> bytes:
        try:
            return await session.carry_out(await _read(reader, signed_in=session.signed_in))
        except BadCommandError as error:
            return reply("NO", str(error))

    async def _go_secure(self, session: Session, writer: asyncio.StreamWriter) -> None:
        assert self._tls is not None
        session.wants_tls = False
        await writer.start_tls(self._tls)
        tls = writer.get_extra_info("ssl_object")
        session.channel = Channel(bindings(tls, self._sign_in.end_point), session.channel.caller)
        session.offers_tls, session.is_private = False, True
        writer.write(session.capabilities("TLS is active"))  # RFC 5804 §2.2: told again


async def _read(reader: asyncio.StreamReader, *, signed_in: bool) -> Command:
    """A whole command with its literals."""
    lines: list[bytes] = []
    literals: list[bytes] = []
    while True:
        line = await _line(reader)
        lines.append(line)
        octets = announced_literal(line)
        if octets is None:
            return parse(lines, literals)
        if octets > (2 * MAX_SCRIPT_OCTETS if signed_in else MAX_LINE) or len(literals) >= MAX_LITERALS:
            raise ConnectionError("literal too large")
        literals.append(await reader.readexactly(octets))


async def _line(reader: asyncio.StreamReader) -> bytes:
    line = await reader.readuntil(b"\n")
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _unquoted(line: bytes) -> bytes:
    return line.strip().removeprefix(b'"').removesuffix(b'"')

"""The reader of one SMTP connection: command lines, or a body in chunks, from one sans-IO buffer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mailsvc.smtp.wire.lines import CommandLines, LineFault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mailsvc.smtp.wire.body import ChunkedBody, DataBody

_HIGH_WATER = 256 * 1024
"""Octets buffered before the peer is made to wait."""
_TURN = 64
"""Pipelined commands served before other connections get their turn."""


class SessionEndedError(ConnectionResetError):
    """The peer has gone, or the session is over; there is nobody to tell."""


class BadLineError(Exception):
    """What came is no command line; it was read to its end."""

    def __init__(self, fault: LineFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class SmtpReader(asyncio.StreamReader):
    """A StreamReader for aiosmtpd's loop that hands out lines and bodies as our engines see them.

    Before it waits for the network it calls `before_wait`: that is when the replies to all commands read so
    far are written, once (RFC 2920 §3.2).
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, line_limit: int, before_wait: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(loop=loop)
        self._loop = loop
        self._lines = CommandLines(line_limit)
        self._before_wait = before_wait
        self._arrival: asyncio.Future[None] | None = None
        self._transport: asyncio.ReadTransport | None = None
        self._is_paused = False
        self._is_over = False
        self._has_news = False
        self._served = 0

    # -- what the transport calls

    def set_transport(self, transport: asyncio.BaseTransport) -> None:
        """Read from this transport; a second one replaces the first after STARTTLS."""
        assert isinstance(transport, asyncio.ReadTransport) or hasattr(transport, "pause_reading")
        self._transport = transport  # type: ignore[assignment]

    def feed_data(self, data: Any) -> None:
        """Take what came from the network."""
        self._lines.feed(data)
        self._wake()
        if not self._is_paused and len(self._lines) > _HIGH_WATER and self._transport is not None:
            self._transport.pause_reading()
            self._is_paused = True

    def feed_eof(self) -> None:
        """Nothing more will come; what is buffered is still served."""
        self._is_over = True
        self._wake()

    def set_exception(self, exc: BaseException) -> None:
        """The connection broke."""
        super().set_exception(exc)  # type: ignore[arg-type]
        self.feed_eof()

    # -- what the session calls

    async def readuntil(self, separator: object = b"\n") -> bytes:  # noqa: ARG002 - aiosmtpd's signature
        """The next command line, without CRLF. Raises BadLineError or SessionEndedError."""
        while (line := self._lines.next_line()) is None:
            await self._wait()
        self._served += 1
        if self._served % _TURN == 0:
            await asyncio.sleep(0)
        if isinstance(line, LineFault):
            raise BadLineError(line)
        return line

    def next_of_pipeline(self, verb: bytes) -> bytes | None:
        """The next line if it has come and begins with this verb; None also when others should have their turn."""
        if (self._served + 1) % _TURN == 0:
            return None
        line = self._lines.next_line_of(verb)
        if line is not None:
            self._served += 1
        return line

    async def read_body(self, body: DataBody) -> None:
        """Feed the engine until its end. Raises SessionEndedError if the end never comes."""
        while True:
            rest = body.feed(self._lines.take())
            if rest is not None:
                self._lines.put_back(rest)
                return
            await self._wait()

    async def read_octets(self, octets: int, body: ChunkedBody | None) -> None:
        """Feed the engine so many octets, or read and forget them. Raises SessionEndedError if they never come."""
        while octets:
            taken = self._lines.take_at_most(octets)
            octets -= len(taken)
            if taken and body is not None:
                body.feed(taken)
            if octets:
                await self._wait()

    def discard(self) -> None:
        """Forget what came before TLS (RFC 3207 §4.2): an attacker may have put it there."""
        self._lines.take()
        self._is_paused = False

    def end(self) -> None:
        """Serve nothing more."""
        self._lines.take()
        self.feed_eof()

    async def _wait(self) -> None:
        self._has_news = False
        await self._before_wait()
        if self._is_over:
            raise SessionEndedError
        if self._has_news:  # it came while the replies were written
            return
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        self._arrival = self._loop.create_future()
        try:
            await self._arrival
        finally:
            self._arrival = None

    def _wake(self) -> None:
        self._has_news = True
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

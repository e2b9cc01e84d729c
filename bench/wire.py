"""Small fast clients on raw sockets, the same for every side: no library of ours or of the peers is in them."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LAST_LINE = re.compile(rb"^\d{3}(?: [^\r\n]*)?\r\n", re.MULTILINE)


class Wire(asyncio.Protocol):
    """One connection: octets gather in `buffer` until somebody who waits finds an end in them."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.closed = False
        self._ready: Callable[[bytearray], int] | None = None
        self._waiter: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport

    @classmethod
    async def connect(cls, port: int, host: str = "127.0.0.1") -> Self:
        """An open connection to loopback."""
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(cls, host, port)
        return wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self._ready is not None and self._waiter is not None and not self._waiter.done():
            end = self._ready(self.buffer)
            if end:
                self._waiter.set_result(end)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionError(f"closed after {bytes(self.buffer[-300:])!r}: {exc}"))

    async def until(self, ready: Callable[[bytearray], int], wait: float = 600) -> bytes:
        """What came up to the end that `ready` finds (0 means not yet)."""
        end = ready(self.buffer)
        if not end:
            if self.closed:
                raise ConnectionError(f"closed after {bytes(self.buffer[-300:])!r}")
            self._ready = ready
            self._waiter = asyncio.get_running_loop().create_future()
            end = await asyncio.wait_for(self._waiter, wait)
            self._ready = self._waiter = None
        taken = bytes(self.buffer[:end])
        del self.buffer[:end]
        return taken

    def close(self) -> None:
        """Hang up."""
        self.transport.close()


def on_the_wire(content: bytes) -> bytes:
    """A letter behind DATA: dots doubled, the end behind it (RFC 5321 §4.5.2)."""
    return content.replace(b"\r\n.", b"\r\n..") + b".\r\n"


class Smtp(Wire):
    """SMTP and LMTP, pipelined as real servers do it (RFC 2920)."""

    async def replies(self, count: int) -> list[bytes]:
        """The last lines of the next replies."""
        found: list[bytes] = []

        def ready(buffer: bytearray) -> int:
            found.clear()
            end = 0
            for match in LAST_LINE.finditer(buffer):
                found.append(match[0])
                end = match.end()
                if len(found) == count:
                    return end
            return 0

        await self.until(ready)
        return list(found)

    async def greet(self, hello: str) -> None:
        """Take the greeting, say EHLO or LHLO."""
        await self.replies(1)
        self.transport.write(f"{hello} bench.client.test\r\n".encode())
        await self.replies(1)

    async def letter(self, sender: str, recipients: Sequence[str], body: bytes, *, lmtp: bool) -> int:
        """Hand one letter in, as `on_the_wire` gives it; how many recipients were accepted at the end."""
        commands = [f"MAIL FROM:<{sender}>\r\n", *(f"RCPT TO:<{to}>\r\n" for to in recipients), "DATA\r\n"]
        self.transport.write("".join(commands).encode())
        said = await self.replies(len(commands))
        refused = [line for line in said[:-1] if not line.startswith(b"250")]
        if refused or not said[-1].startswith(b"354"):
            raise ConnectionError(f"refused: {refused[:3]} {said[-1]!r}")
        self.transport.write(body)
        ended = await self.replies(len(recipients) if lmtp else 1)
        taken = sum(line.startswith(b"250") for line in ended)
        if taken != len(ended):
            raise ConnectionError(
                f"{len(ended) - taken} not taken: {[x for x in ended if x[:3] != b'250'][:2]}"
            )
        return taken


class Imap(Wire):
    """IMAP: a command out, everything up to its tagged reply in."""

    _numbers = itertools.count(1)

    def tagged(self, command: str) -> bytes:
        """Send a command; its tag, which no letter holds."""
        tag = f"zQ{next(self._numbers)}w"
        self.transport.write(f"{tag} {command}\r\n".encode())
        return tag.encode()

    async def finish(self, tag: bytes) -> bytes:
        """All octets up to the tagged reply; anything but OK is an error."""

        def ready(buffer: bytearray) -> int:
            if not buffer.endswith(b"\r\n"):
                return 0
            before = buffer.rfind(b"\r\n", 0, len(buffer) - 2)
            return len(buffer) if buffer.startswith(tag + b" ", before + 2 if before >= 0 else 0) else 0

        text = await self.until(ready)
        last = text[text.rfind(b"\r\n", 0, len(text) - 2) + 2 if b"\r\n" in text[:-2] else 0 :]
        if not last.startswith(tag + b" OK"):
            raise ConnectionError(f"{last[:300]!r}")
        return text

    async def do(self, command: str) -> bytes:
        """One command and all of its reply."""
        return await self.finish(self.tagged(command))

    async def sign_in(self, user: str, password: str) -> None:
        """Take the greeting, LOGIN."""
        await self.until(lambda buffer: buffer.find(b"\r\n") + 2 if b"\r\n" in buffer else 0)
        await self.do(f'LOGIN "{user}" "{password}"')

    async def idle(self) -> bytes:
        """Begin to IDLE (RFC 2177 §3); the tag that DONE will answer."""
        tag = self.tagged("IDLE")
        await self.until(
            lambda buffer: buffer.find(b"\r\n", buffer.find(b"+ ")) + 2 if b"+ " in buffer else 0
        )
        return tag

    async def exists(self, wait: float = 30) -> bytes:
        """Wait until a new EXISTS is told (RFC 9051 §7.4.1)."""
        pattern = re.compile(rb"^\* \d+ EXISTS\r\n", re.MULTILINE)

        def ready(buffer: bytearray) -> int:
            match = pattern.search(buffer)
            return match.end() if match else 0

        return await self.until(ready, wait)

"""A conversation with a program beside us: a connection of its own, bounded in time, number and octets."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_READ = 64 * 1024


class UnavailableError(Exception):
    """The program does not answer as it should; the text says why."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Where a program listens, and how much of it may be asked for."""

    address: str
    """`host:port` or `unix:/path`."""
    seconds: float
    """For one conversation, waiting for a turn included."""
    turns: asyncio.Semaphore
    max_answer: int

    async def ask(self, pieces: Iterable[bytes]) -> bytes:
        """Say all of it, then hear until the other side closes. Raises UnavailableError."""
        try:
            async with asyncio.timeout(self.seconds), self.turns:
                return await self._converse(pieces)
        except TimeoutError as error:
            raise UnavailableError(f"no answer within {self.seconds:g} s") from error
        except OSError as error:
            raise UnavailableError(str(error) or type(error).__name__) from error

    async def _converse(self, pieces: Iterable[bytes]) -> bytes:
        reader, writer = await self._connect()
        # Who has heard enough answers and closes before all is said: so it is listened to from the beginning.
        hearing = asyncio.ensure_future(self._hear(reader))
        try:
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
            return await hearing
        finally:
            hearing.cancel()
            writer.transport.abort()  # to close would wait for whoever does not read

    async def _hear(self, reader: asyncio.StreamReader) -> bytes:
        answer = bytearray()
        try:
            while more := await reader.read(_READ):
                answer += more
                if len(answer) > self.max_answer:
                    raise UnavailableError("the answer is too long")
        except ConnectionError:
            if not answer:
                raise
        return bytes(answer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.address.startswith("unix:"):
            return await asyncio.open_unix_connection(self.address.removeprefix("unix:"))
        host, _, port = self.address.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port))

"""ClamAV by clamd's INSTREAM: the letter goes over in chunks, a verdict comes back (clamd(8), COMMANDS)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from mailsvc.net.filters.beside import Beside, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK: Final = 256 * 1024
_MAX_ANSWER: Final = 4096
_UNSAFE = re.compile(r"[^A-Za-z0-9._/+-]")
_MAX_NAME: Final = 100


class TooLargeToScanError(UnavailableError):
    """Larger than clamd takes (its StreamMaxLength): it will be no smaller at the next try."""


def instream(content: bytes) -> Iterator[bytes]:
    """What is said: a length of four octets before each chunk, and a length of 0 at the end."""
    yield b"zINSTREAM\0"
    for start in range(0, len(content), _CHUNK):
        chunk = content[start : start + _CHUNK]
        yield len(chunk).to_bytes(4, "big") + chunk
    yield bytes(4)


def virus_in(answer: bytes) -> str:
    """The name of what was found, empty for a clean letter; UnavailableError for every other answer."""
    text = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    if text == "stream: OK":
        return ""
    if text.startswith("stream: ") and text.endswith(" FOUND"):
        name = text.removeprefix("stream: ").removesuffix(" FOUND")
        return _UNSAFE.sub("?", name)[:_MAX_NAME] or "?"
    if text.startswith("INSTREAM size limit exceeded"):
        raise TooLargeToScanError(text[:200])
    raise UnavailableError(text[:200] or "no answer")


class Clamd:
    """One for all listeners of a process."""

    def __init__(self, address: str, *, seconds: float, connections: int) -> None:
        self._clamd = Beside(address, seconds, asyncio.Semaphore(connections), _MAX_ANSWER)

    async def scan(self, content: bytes) -> str:
        """The name of what is in it, empty for nothing. Raises UnavailableError."""
        return virus_in(await self._clamd.ask(instream(content)))

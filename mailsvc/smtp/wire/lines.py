"""Command lines out of a stream, in any split, in bounded memory (RFC 5321 §2.3.8)."""

from __future__ import annotations

from enum import Enum


class LineFault(Enum):
    """Why a line is no command line."""

    TOO_LONG = "command line too long"
    BARE_NEWLINE = "bare CR or LF in a command line"


class CommandLines:
    """Splits what a client sends into command lines.

    RFC 5321 §2.3.8, stricter: a line ends with CRLF; one that ends with a bare LF or holds a bare CR is a
    fault, so that nobody can make two servers see different lines.
    """

    __slots__ = ("_buffer", "_limit", "_overrun", "_seen")

    def __init__(self, limit: int) -> None:
        self._buffer = bytearray()
        self._limit = limit
        self._overrun = False
        self._seen = 0

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add what came from the network."""
        self._buffer += data

    def next_line(self) -> bytes | LineFault | None:
        """One line without its CRLF, or why it is none, or None if more is needed."""
        buffer = self._buffer
        end = buffer.find(b"\n", self._seen)
        if end < 0:
            if len(buffer) > self._limit:
                # Forget the start, remember the fault: the reply is given at the line's end.
                buffer.clear()
                self._overrun = True
            self._seen = len(buffer)
            return None
        line = bytes(buffer[: end + 1])
        del buffer[: end + 1]
        self._seen = 0
        if self._overrun or len(line) > self._limit:
            self._overrun = False
            return LineFault.TOO_LONG
        if line.find(b"\r") != len(line) - 2:
            return LineFault.BARE_NEWLINE
        return line[:-2]

    def next_line_of(self, verb: bytes) -> bytes | None:
        """The next line if it is whole, without fault and begins with this verb, written in capitals."""
        if not self._buffer.startswith(verb) or self._overrun:
            return None
        end = self._buffer.find(b"\r\n", 0, self._limit)
        if end < 0 or self._buffer.find(b"\n", 0, end) >= 0 or self._buffer.find(b"\r", 0, end) >= 0:
            return None  # `next_line` says what is wrong with it
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._seen = 0
        return line

    def take(self) -> bytearray:
        """All that is buffered, without a copy: what follows is no command but a body."""
        taken = self._buffer
        self._buffer = bytearray()
        self._seen = 0
        return taken

    def take_at_most(self, octets: int) -> bytes:
        """What is buffered, up to so many octets."""
        taken = bytes(self._buffer[:octets])
        del self._buffer[:octets]
        self._seen = 0
        return taken

    def put_back(self, rest: bytes) -> None:
        """Return what came after the end of a body."""
        self._buffer[:0] = rest
        self._seen = 0

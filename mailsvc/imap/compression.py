"""DEFLATE in both directions, below the commands and above TLS (RFC 4978)."""

from __future__ import annotations

import zlib

PIECE = 64 << 10
"""Octets that are inflated at a time: a small packet may stand for many."""
LEVEL = 6
RAW_WINDOW = -15
"""Without zlib's header (RFC 4978 §3, RFC 1951)."""
MEMORY = 7
"""128 KiB a connection in place of 256, for hardly longer output."""


class Deflated:
    """The two streams of one connection."""

    __slots__ = ("_deflate", "_inflate", "_waiting")

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, RAW_WINDOW, MEMORY)
        self._inflate = zlib.decompressobj(RAW_WINDOW)
        self._waiting = b""

    def receive(self, octets: bytes) -> None:
        """Take what came from the client."""
        self._waiting += octets

    def next_piece(self) -> bytes:
        """Some of what it stands for; nothing when more must come first, ValueError where it is not DEFLATE."""
        piece = b""
        while self._waiting and not piece:
            try:
                piece = self._inflate.decompress(self._waiting, PIECE)
            except zlib.error as error:
                raise ValueError(str(error)) from None
            self._waiting = self._inflate.unconsumed_tail
            if self._inflate.eof:
                raise ValueError("the stream has ended")
        return piece

    def sent(self, octets: bytes) -> bytes:
        """What goes out for these replies, so that the client can read all of them at once."""
        return self._deflate.compress(octets) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

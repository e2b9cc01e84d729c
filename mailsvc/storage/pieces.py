"""Pieces: immutable octets, compressed, checksummed, stored once under their SHA-256.

Small ones are appended to a *segment* (`segments/00000001.seg`), large ones are files of their own
(`pieces/ab/<key>`). Where a piece lies is a row of the database; a segment's committed length is one too, and what
lies past it was never acknowledged and is written over. A piece is durable before anything refers to it: the
transaction calls `sync` before its COMMIT (ADR 0004).

A record: magic, coding, stored length, size, CRC-32 of the stored octets, key; then the stored octets.
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zstandard

from mailsvc.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

RECORD = struct.Struct(">4sBxxxIQI32s")
MAGIC = b"CVP1"
RAW, ZSTD = 0, 1
LEVEL = 3
_local = threading.local()


class PieceDamaged(Exception):
    """Stored octets do not match their checksum; `congvu verify` lists every letter that needs them."""


class SyncFailed(StoreUnavailable):
    """What was written may not be on disk: the store has to stop taking changes."""


@dataclass(frozen=True, slots=True)
class PreparedPiece:
    """A piece ready to be stored: hashed and compressed outside of any lock."""

    key: bytes
    size: int
    coding: int
    stored: bytes

    @property
    def record(self) -> bytes:
        """The octets that go into a segment or a file."""
        head = RECORD.pack(MAGIC, self.coding, len(self.stored), self.size, zlib.crc32(self.stored), self.key)
        return head + self.stored


def compress(data: bytes) -> tuple[int, bytes]:
    """Coding and stored octets; raw where compression gains nothing."""
    compressor = getattr(_local, "compressor", None)
    if compressor is None:
        compressor = _local.compressor = zstandard.ZstdCompressor(level=LEVEL, write_content_size=True)
    packed: bytes = compressor.compress(data)
    return (ZSTD, packed) if len(packed) < len(data) else (RAW, data)


def unpack(record: bytes | memoryview, where: str) -> bytes:
    """The octets of a record, checked."""
    view = memoryview(record)
    if len(view) < RECORD.size:
        raise PieceDamaged(f"{where}: truncated")
    magic, coding, stored_length, size, crc, _key = RECORD.unpack_from(view)
    stored = view[RECORD.size : RECORD.size + stored_length]
    if magic != MAGIC or len(stored) != stored_length or zlib.crc32(stored) != crc:
        raise PieceDamaged(f"{where}: checksum")
    if coding == RAW:
        return bytes(stored)
    decompressor = getattr(_local, "decompressor", None)
    if decompressor is None:
        decompressor = _local.decompressor = zstandard.ZstdDecompressor()
    data: bytes = decompressor.decompress(stored, max_output_size=size)
    if len(data) != size:
        raise PieceDamaged(f"{where}: size")
    return data


class PieceFiles:
    """The files that hold pieces. Writing is for whoever holds the writers' lock; reading is for anyone."""

    def __init__(self, data_dir: Path, segment_bytes: int, large_bytes: int) -> None:
        self.segments_dir = data_dir / "segments"
        self.large_dir = data_dir / "pieces"
        self.segment_bytes = segment_bytes
        self.large_bytes = large_bytes
        self._readers: dict[int, int] = {}
        self._writers: dict[int, int] = {}
        self._dirty: set[int] = set()
        self._named: set[bytes] = set()
        """Large pieces whose names this process has put on disk, and to which no row refers yet."""

    def segment_path(self, segment_id: int) -> Path:
        """Where a segment lies."""
        return self.segments_dir / f"{segment_id:08d}.seg"

    def large_path(self, key: bytes) -> Path:
        """Where a piece that is a file of its own lies."""
        name = key.hex()
        return self.large_dir / name[:2] / name

    def append(self, segment_id: int, offset: int, record: bytes) -> None:
        """Write a record at the place that the transaction allotted."""
        fd = self._writers.get(segment_id)
        if fd is None:
            for old in self._writers:
                if old not in self._dirty:
                    os.close(self._writers.pop(old))
                    break
            fd = self._writers[segment_id] = self._open_to_write(segment_id)
        self._dirty.add(segment_id)
        view = memoryview(record)
        while view:
            try:
                written = os.pwrite(fd, view, offset)
            except OSError as error:
                raise StoreUnavailable(f"segment {segment_id}: {error.strerror}") from error
            offset += written
            view = view[written:]

    def _open_to_write(self, segment_id: int) -> int:
        try:
            self.segments_dir.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(self.segment_path(segment_id), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(f"segment {segment_id}: {error.strerror}") from error
        try:
            _sync_directory(self.segments_dir)
        except OSError as error:
            os.close(fd)
            raise SyncFailed(f"segment {segment_id}: {error.strerror}") from error
        return fd

    def sync(self) -> None:
        """Put every record appended since the last time on disk; OSError means: guess nothing, take no more mail."""
        for segment_id in sorted(self._dirty):
            os.fdatasync(self._writers[segment_id])
        self._dirty.clear()

    def put_large(self, piece: PreparedPiece, *, replace: bool = False) -> None:
        """Write a large piece as a durable file, before the unit that refers to it."""
        path = self.large_path(piece.key)
        if not replace:
            with contextlib.suppress(FileNotFoundError):
                os.utime(path)  # young again: collection spares what may be about to be referred to
                if piece.key not in self._named:
                    self._sync_name(piece.key, path)  # who made it may have been killed before it did this
                return
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                view = memoryview(piece.record)
                while view:
                    view = view[os.write(fd, view) :]
                os.fsync(fd)
            finally:
                os.close(fd)
            temporary.rename(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise StoreUnavailable(f"pieces: {error.strerror}") from error
        self._sync_name(piece.key, path)

    def _sync_name(self, key: bytes, path: Path) -> None:
        try:
            _sync_directory(path.parent)
            _sync_directory(self.large_dir)
        except OSError as error:
            self._named.discard(key)
            raise StoreUnavailable(f"pieces: {error.strerror}") from error
        self._named.add(key)

    def referred(self, key: bytes) -> None:
        """A row refers to this large piece now."""
        self._named.discard(key)

    def probe(self) -> None:
        """OSError unless the disk takes octets and puts them where they stay."""
        path = self.segments_dir / f".probe.{os.getpid()}"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, MAGIC)
            os.fsync(fd)
        finally:
            os.close(fd)
            path.unlink()

    def read(self, segment_id: int | None, offset: int, stored: int, key: bytes) -> bytes:
        """The octets of one piece, checked against its checksum."""
        if segment_id is None:
            path = self.large_path(key)
            try:
                return unpack(path.read_bytes(), key.hex())
            except FileNotFoundError as error:
                raise PieceDamaged(f"{key.hex()}: file missing") from error
        record = self.record(segment_id, offset, stored)
        return unpack(record, f"segment {segment_id} at {offset}")

    def record(self, segment_id: int, offset: int, stored: int) -> bytes:
        """A record as it lies in its segment, unchecked; shorter where the segment is."""
        fd = self._readers.get(segment_id)
        if fd is None:
            try:
                fd = os.open(self.segment_path(segment_id), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError as error:
                raise PieceDamaged(f"segment {segment_id}: file missing") from error
            # Two threads may open the same segment at once; the one that comes second gives its own back.
            kept = self._readers.setdefault(segment_id, fd)
            if kept != fd:
                os.close(fd)
                fd = kept
        return os.pread(fd, RECORD.size + stored, offset)

    def close(self) -> None:
        """Close every segment."""
        for fds in (self._readers, self._writers):
            for fd in fds.values():
                os.close(fd)
            fds.clear()


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

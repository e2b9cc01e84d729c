"""Where should a piece of 5 KB live? Durable writes by group size, and reads back (ADR 0004).

Each way ends with the same promise: the blob is on disk, and a committed row of the main database says
where. Run: `.venv/bin/python -m bench.bench_segments [--seconds 2] [--data DIR]`.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pysqlite3 import dbapi2 as sqlite  # type: ignore[import-untyped,unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Callable

BLOB = 5 * 1024
GROUPS = (1, 10, 100)


class Layout(Protocol):
    """One way to keep pieces."""

    def write(self, blobs: list[tuple[bytes, bytes]]) -> None:
        """Make a group of (key, octets) durable, in one commit where the way allows it."""

    def read(self, key: bytes) -> bytes:
        """The octets of one piece."""


def open_database(path: Path) -> Any:
    """A SQLite file as the service opens it: write-ahead log, every commit on disk."""
    database = sqlite.connect(str(path), isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    return database


class Files:
    """One file a piece: write, fsync, rename, fsync of the folder, then the row."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pieces"
        self.folder.mkdir()
        self.folder_fd = os.open(self.folder, os.O_RDONLY)
        self.main = open_database(folder / "main.db")
        self.main.execute("CREATE TABLE piece (key BLOB PRIMARY KEY) WITHOUT ROWID")

    def write(self, blobs: list[tuple[bytes, bytes]]) -> None:
        for key, octets in blobs:
            name = key.hex()
            fd = os.open(self.folder / (name + ".new"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(fd, octets)
            os.fsync(fd)
            os.close(fd)
            (self.folder / (name + ".new")).rename(self.folder / name)
        os.fsync(self.folder_fd)
        self.main.execute("BEGIN IMMEDIATE")
        self.main.executemany("INSERT INTO piece VALUES (?)", [(key,) for key, _ in blobs])
        self.main.execute("COMMIT")

    def read(self, key: bytes) -> bytes:
        return (self.folder / key.hex()).read_bytes()


class MainTable:
    """A blob column in the main database: one commit for piece and row."""

    def __init__(self, folder: Path) -> None:
        self.main = open_database(folder / "main.db")
        self.main.execute("CREATE TABLE piece (id INTEGER PRIMARY KEY, key BLOB UNIQUE, octets BLOB)")

    def write(self, blobs: list[tuple[bytes, bytes]]) -> None:
        self.main.execute("BEGIN IMMEDIATE")
        self.main.executemany("INSERT INTO piece (key, octets) VALUES (?, ?)", blobs)
        self.main.execute("COMMIT")

    def read(self, key: bytes) -> bytes:
        octets: bytes = self.main.execute("SELECT octets FROM piece WHERE key = ?", (key,)).fetchone()[0]
        return octets


class SegmentTable:
    """A SQLite file of its own for the blobs, committed first; then the row in the main database."""

    def __init__(self, folder: Path) -> None:
        self.segment = open_database(folder / "segment.db")
        self.segment.execute("CREATE TABLE piece (id INTEGER PRIMARY KEY, octets BLOB)")
        self.main = open_database(folder / "main.db")
        self.main.execute("CREATE TABLE piece (key BLOB PRIMARY KEY, id INTEGER) WITHOUT ROWID")
        self.last = 0

    def write(self, blobs: list[tuple[bytes, bytes]]) -> None:
        first = self.last + 1
        self.last += len(blobs)
        self.segment.execute("BEGIN IMMEDIATE")
        rows = [(first + n, octets) for n, (_, octets) in enumerate(blobs)]
        self.segment.executemany("INSERT INTO piece VALUES (?, ?)", rows)
        self.segment.execute("COMMIT")
        self.main.execute("BEGIN IMMEDIATE")
        self.main.executemany(
            "INSERT INTO piece VALUES (?, ?)", [(key, first + n) for n, (key, _) in enumerate(blobs)]
        )
        self.main.execute("COMMIT")

    def read(self, key: bytes) -> bytes:
        row = self.main.execute("SELECT id FROM piece WHERE key = ?", (key,)).fetchone()
        octets: bytes = self.segment.execute("SELECT octets FROM piece WHERE id = ?", row).fetchone()[0]
        return octets


class Pack:
    """An append-only pack: one write, one fdatasync, then the rows with place and length."""

    def __init__(self, folder: Path) -> None:
        self.fd = os.open(folder / "pack", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.main = open_database(folder / "main.db")
        self.main.execute(
            "CREATE TABLE piece (key BLOB PRIMARY KEY, place INTEGER, length INTEGER) WITHOUT ROWID"
        )
        self.end = 0

    def write(self, blobs: list[tuple[bytes, bytes]]) -> None:
        rows = []
        for key, octets in blobs:
            rows.append((key, self.end, len(octets)))
            self.end += len(octets)
        os.writev(self.fd, [octets for _, octets in blobs])
        os.fdatasync(self.fd)
        self.main.execute("BEGIN IMMEDIATE")
        self.main.executemany("INSERT INTO piece VALUES (?, ?, ?)", rows)
        self.main.execute("COMMIT")

    def read(self, key: bytes) -> bytes:
        place, length = self.main.execute("SELECT place, length FROM piece WHERE key = ?", (key,)).fetchone()
        return os.pread(self.fd, length, place)


LAYOUTS: dict[str, Callable[[Path], Layout]] = {
    "file + fsync + rename": Files,
    "blob in the main database": MainTable,
    "SQLite segment + row": SegmentTable,
    "append-only pack + row": Pack,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """What one layout did."""

    layout: str
    writes: dict[int, float]
    read_microseconds: float
    disk_ratio: float


def disk_octets(folder: Path) -> int:
    """What a folder takes on disk, as blocks count it."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def measure(name: str, base: Path, seconds: float) -> Figure:
    """Write for some seconds by each group size, then read 2,000 pieces in random order."""
    chance = random.Random(5)
    pool = [chance.randbytes(BLOB) for _ in range(100)]  # compressed letters look like noise
    writes: dict[int, float] = {}
    read_microseconds = disk_ratio = 0.0
    for group in GROUPS:
        with tempfile.TemporaryDirectory(dir=base) as place:
            layout = LAYOUTS[name](Path(place))
            keys: list[bytes] = []
            began = time.perf_counter()
            while time.perf_counter() - began < seconds:
                blobs = [(chance.randbytes(32), pool[n % len(pool)]) for n in range(group)]
                layout.write(blobs)
                keys += [key for key, _ in blobs]
            writes[group] = len(keys) / (time.perf_counter() - began)
            if group == 10:
                asked = [chance.choice(keys) for _ in range(2000)]
                began = time.perf_counter()
                for key in asked:
                    layout.read(key)
                read_microseconds = (time.perf_counter() - began) / len(asked) * 1e6
                disk_ratio = disk_octets(Path(place)) / (len(keys) * BLOB)
    return Figure(name, writes, read_microseconds, disk_ratio)


def main() -> None:
    """Print the table of ADR 0004."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each layout and group size")
    parser.add_argument("--data", type=Path, default=Path("var"), help="a folder on the disk to be measured")
    given = parser.parse_args()
    given.data.mkdir(parents=True, exist_ok=True)
    print(f"SQLite {sqlite.sqlite_version}, 5 KB blobs, durable with a committed row, blobs/s by group size")
    print("| layout | 1 to a commit | 10 | 100 | read, µs | disk ÷ octets |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in LAYOUTS:
        figure = measure(name, given.data, given.seconds)
        rates = " | ".join(f"{figure.writes[group]:,.0f}" for group in GROUPS)
        print(f"| {name} | {rates} | {figure.read_microseconds:.1f} | {figure.disk_ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()

"""A folder of backups: what lies where, what a manifest says, and how files get there whole. See `storage/backup.py`."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any

from mailsvc.model.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = 1
INDEX_ROW = Struct(">32sIQI")
LOCK = "congvu-backup.lock"


class BackupRefused(ServiceError):
    """A backup or restore that cannot be; nothing was touched. Two texts: Vietnamese, English."""

    def __init__(self, vietnamese: str, english: str) -> None:
        super().__init__(f"{vietnamese} / {english}")
        self.vietnamese = vietnamese
        self.english = english


@dataclass(frozen=True, slots=True)
class SmallFile:
    """A file of settings or keys, stored under its SHA-256."""

    path: str
    mode: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that one backup vouches for."""

    number: int
    store_id: str
    taken_at: int
    schema: str
    database_bytes: int
    index_sha256: str
    packs: tuple[int, ...]
    segments: dict[int, int]
    """Octets of each segment."""
    last_piece: int
    large_files: int
    entries: int
    files: tuple[SmallFile, ...]
    missing: tuple[str, ...] = ()
    """What the store itself had lost when the backup was taken."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where one chunk of a database lies."""

    sha256: bytes
    pack: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """The places in a folder of backups."""

    root: Path

    @property
    def manifests(self) -> Path:
        """One file for each whole backup."""
        return self.root / "backups"

    def manifest(self, number: int) -> Path:
        """A manifest."""
        return self.manifests / f"{number:06d}.json"

    def pack(self, number: int) -> Path:
        """New chunks of a backup."""
        return self.root / "database" / f"{number:06d}.pack"

    def index(self, number: int) -> Path:
        """Every chunk of a backup."""
        return self.root / "database" / f"{number:06d}.index"

    def segment(self, number: int) -> Path:
        """A segment, as long as the newest backup knows it."""
        return self.root / "segments" / f"{number:08d}.seg"

    def large(self, key: bytes) -> Path:
        """A large piece."""
        name = key.hex()
        return self.root / "pieces" / name[:2] / name

    def small(self, sha256: str) -> Path:
        """A file of settings or keys."""
        return self.root / "files" / sha256

    def whole(self) -> list[Manifest]:
        """Whole backups, oldest first; manifests that do not match their checksum are not among them."""
        found = []
        for path in sorted(self.manifests.glob("[0-9]*.json")):
            manifest = read_manifest(path)
            if manifest is not None:
                found.append(manifest)
        return found

    def chunks(self, manifest: Manifest) -> list[Chunk]:
        """The chunks of a backup's database in order; BackupRefused if the index is not whole."""
        path = self.index(manifest.number)
        octets = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(octets).hexdigest() != manifest.index_sha256:
            raise BackupRefused(
                f"Bản sao lưu {manifest.number} không toàn vẹn: {path.name}. Chọn bản khác bằng --at.",
                f"Backup {manifest.number} is not whole: {path.name}. Choose another one with --at.",
            )
        return [Chunk(*row) for row in INDEX_ROW.iter_unpack(octets)]


def read_manifest(path: Path) -> Manifest | None:
    """A manifest, or None where it is damaged."""
    try:
        held: dict[str, Any] = json.loads(path.read_bytes())
        body = held["backup"]
        if held["format"] != FORMAT or held["sha256"] != _digest(body):
            return None
        return Manifest(
            **{
                **body,
                "packs": tuple(body["packs"]),
                "segments": {int(number): length for number, length in body["segments"].items()},
                "files": tuple(SmallFile(**one) for one in body["files"]),
                "missing": tuple(body["missing"]),
            }
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_manifest(folder: BackupFolder, manifest: Manifest) -> None:
    """The last act of a backup: with this file it exists."""
    body = json.loads(json.dumps(asdict(manifest)))
    text = json.dumps({"format": FORMAT, "sha256": _digest(body), "backup": body}, ensure_ascii=False)
    write_whole(folder.manifest(manifest.number), text.encode())


# -- files


@contextmanager
def new_file(path: Path) -> Iterator[Any]:
    """A file of our own, on disk when the block ends; what an interrupted run left under its name is replaced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, octets: bytes) -> None:
    """The file is there with all of its octets, or not at all."""
    part = path.with_name(path.name + ".part")
    with new_file(part) as file:
        file.write(octets)
    part.rename(path)
    sync_directory(path.parent)


def copy_range(source: int, target: int, start: int, end: int) -> int:
    """Copy octets between descriptors at the same places; how many there were."""
    position = start
    os.lseek(target, start, os.SEEK_SET)
    while position < end:
        sent = os.sendfile(target, source, position, min(end - position, 16 << 20))
        if not sent:
            break
        position += sent
    return position - start


def copy_file(source: Path, target: Path) -> int:
    """A durable copy, whole or not there; its length."""
    part = target.with_name(f".{target.name}.part")
    here = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with new_file(part) as file:
            size = copy_range(here, file.fileno(), 0, os.fstat(here).st_size)
    finally:
        os.close(here)
    part.rename(target)
    return size


def sync_directory(path: Path) -> None:
    """Put the names in a directory on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A folder of backups: what lies where, what a manifest says, and how files get there whole. See `storage/backup.py`."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from struct import Struct
from typing import TYPE_CHECKING, Any

from mailsvc.storage.backup_files import BackupRefused, new_file, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from mailsvc.storage.vault import Plain

FORMAT = 1
INDEX_ROW = Struct(">32sIQI")
LOCK = "congvu-backup.lock"


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
    stored: dict[int, int] = field(default_factory=dict)
    """Octets that each segment takes in the folder, where it is sealed."""
    large_index: int = 0
    """The number of the backup whose list of large pieces is this one's too."""

    def stored_length(self, segment: int) -> int:
        """Octets of a segment in the folder."""
        return self.stored.get(segment, self.segments.get(segment, 0))


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
    vault: Plain

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

    def large_list(self, number: int) -> Path:
        """Keys of the large pieces that a backup refers to."""
        return self.root / "database" / f"{number:06d}.large"

    def large_keys(self, number: int) -> frozenset[bytes]:
        """The same, read; BackupRefused where it is damaged."""
        octets = self.vault.open(self.large_list(number).read_bytes(), f"{number:06d}.large")
        return frozenset(octets[start : start + 32] for start in range(0, len(octets), 32))

    def small(self, sha256: str) -> Path:
        """A file of settings or keys."""
        return self.root / "files" / sha256

    def whole(self) -> list[Manifest]:
        """Whole backups, oldest first; manifests that do not match their checksum are not among them."""
        found = []
        for path in sorted(self.manifests.glob("[0-9]*.json")):
            manifest = read_manifest(path, self.vault)
            if manifest is not None:
                found.append(manifest)
        return found

    def chunks(self, manifest: Manifest) -> list[Chunk]:
        """The chunks of a backup's database in order; BackupRefused if the index is not whole."""
        path = self.index(manifest.number)
        octets = self.vault.open(path.read_bytes(), path.name) if path.exists() else b""
        if hashlib.sha256(octets).hexdigest() != manifest.index_sha256:
            raise BackupRefused(
                f"Bản sao lưu {manifest.number} không toàn vẹn: {path.name}. Chọn bản khác bằng --at.",
                f"Backup {manifest.number} is not whole: {path.name}. Choose another one with --at.",
            )
        return [Chunk(*row) for row in INDEX_ROW.iter_unpack(octets)]


def read_manifest(path: Path, vault: Plain) -> Manifest | None:
    """A manifest, or None where it is damaged."""
    try:
        held: dict[str, Any] = json.loads(vault.open(path.read_bytes(), path.name))
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
                "stored": {int(number): length for number, length in body.get("stored", {}).items()},
            }
        )
    except (OSError, ValueError, KeyError, TypeError, BackupRefused):
        return None


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_manifest(folder: BackupFolder, manifest: Manifest) -> None:
    """The last act of a backup: with this file it exists."""
    body = json.loads(json.dumps(asdict(manifest)))
    text = json.dumps({"format": FORMAT, "sha256": _digest(body), "backup": body}, ensure_ascii=False)
    write_whole(folder.manifest(manifest.number), folder.vault.seal(text.encode()))


# -- files


def copy_file(source: Path, target: Path, vault: Plain) -> int:
    """A durable copy into a folder of backups, whole or not there; its length."""
    part = target.with_name(f".{target.name}.part")
    here = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with new_file(part) as file:
            size, _ = vault.append(here, file.fileno(), 0, os.fstat(here).st_size, 0)
    finally:
        os.close(here)
    part.rename(target)
    return size


def copy_out(source: Path, target: Path, vault: Plain, length: int) -> int:
    """A durable copy out of a folder of backups, as far as `length`; its length."""
    here = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with new_file(target) as file:
            return vault.extract(here, file.fileno(), length)
    finally:
        os.close(here)

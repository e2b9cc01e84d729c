"""Backups: whole, consistent and incremental, taken while mail flows.

A folder of backups holds many of them; each is one manifest (`backups/000007.json`), written last and renamed into
place, so that an interrupted backup does not exist. What they share is stored once:

    database/000007.pack    compressed chunks of the database that no earlier backup had
    database/000007.index   every chunk of this backup's database: SHA-256, pack, offset, length
    segments/, pieces/      as in the store; a segment only grows, and a manifest says up to where it vouches for it
    files/<sha256>          settings and keys (mode 600)

**The recovery point** is the moment of the database's snapshot, at the start of the run: all that was acknowledged
before it is in the backup. The database comes first, then the segments up to the lengths that this snapshot knows: a
piece is durable before a row refers to it, so it is there to be copied. The snapshot is one read transaction in which
SQLite's backup copies every page: it ends, whoever writes meanwhile (it starts again only when its lock was given up
between two steps). Writers do not wait for it; only the WAL cannot be emptied until it ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pysqlite3
import zstandard
from sqlalchemy import bindparam, delete, insert, select

from mailsvc.storage import lease, migrate
from mailsvc.storage.backup_files import BackupRefused, new_file, sync_directory, write_whole
from mailsvc.storage.backup_folder import (
    INDEX_ROW,
    LOCK,
    BackupFolder,
    Chunk,
    Manifest,
    SmallFile,
    copy_file,
    write_manifest,
)
from mailsvc.storage.statement import Statement
from mailsvc.storage.tables import settings_kept
from mailsvc.storage.vault import vault_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mailsvc.storage.store import Store
    from mailsvc.storage.unit_of_work import UnitOfWork

CHUNK = 64 * 1024
DAY = 86_400
STALE_PACK = 4
"""A pack of which less than a quarter is still in use is left behind: its chunks are written again."""
TAIL = 64 * 1024
"""Octets at the end of what was copied of a segment that are compared before more is appended."""
KEPT_FILES = ("congvu.toml", "tls", "dkim", "keys")
_is_id = settings_kept.c.name == "store.id"
STORE_ID = Statement(select(settings_kept.c.value).where(_is_id))
FORGET_STORE_ID = Statement(delete(settings_kept).where(_is_id))
SET_STORE_ID = Statement(insert(settings_kept).values(name="store.id", value=bindparam("value")))


@dataclass(slots=True)
class Taken:
    """What one run did."""

    manifest: Manifest
    new_octets: int = 0
    new_pieces: int = 0
    linked: int = 0
    database_seconds: float = 0.0
    seconds: float = 0.0


def take(
    store: Store,
    target: Path,
    *,
    keep: int = 30,
    keep_days: int = 30,
    secret: bytes | None = None,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
) -> Taken:
    """Add one backup of a running store to `target`; the `keep` newest stay, and the last of each of `keep_days` days.

    BackupRefused says what to do.
    """
    started = time.monotonic()
    _refuse_place(store, target)
    with _alone(target):
        folder = BackupFolder(target, vault_of(target, secret))
        for name in ("backups", "database", "segments", "pieces", "files"):
            (target / name).mkdir(mode=0o700, exist_ok=True)
        run = _Run(store, folder, progress)
        try:
            with lease.shared(store.data_dir):  # what the snapshot knows stays until it is copied
                taken = run.take()
            _forget(folder, keep, taken.manifest.taken_at // DAY - keep_days)
        except (OSError, pysqlite3.Error) as error:
            raise BackupRefused(
                f"Sao lưu không xong: {error}. Các bản trước ở {target} vẫn nguyên. Xem chỗ trống và quyền ghi, chạy lại.",
                f"The backup did not end: {error}. Earlier ones in {target} are whole. See to room and rights; try again.",
            ) from error
    taken.seconds = time.monotonic() - started
    return taken


def _refuse_place(store: Store, target: Path) -> None:
    if not store.database.is_sqlite:
        raise BackupRefused(
            "Dữ liệu nằm ở PostgreSQL: dùng pg_basebackup và lưu trữ WAL của nó, rồi chép segments/ và pieces/.",
            "The data is in PostgreSQL: use its pg_basebackup and WAL archive, then copy segments/ and pieces/.",
        )
    here, there = store.data_dir.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise BackupRefused(
            f"{target} nằm trong thư mục dữ liệu (hoặc ngược lại). Chọn một ổ đĩa khác.",
            f"{target} is inside the data directory, or around it. Choose another disk.",
        )
    if target.exists() and any(target.iterdir()) and not (target / LOCK).exists():
        raise BackupRefused(
            f"{target} có dữ liệu khác, không phải bản sao lưu. Chọn một thư mục trống.",
            f"{target} holds something else than backups. Choose an empty folder.",
        )


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep a second run out."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRefused(
                f"Một lần sao lưu khác đang ghi vào {root}. Chờ nó xong.",
                f"Another backup is writing to {root}. Wait for it.",
            ) from error
        yield
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class _Run:
    """One run; the parts in the order in which they must happen."""

    store: Store
    folder: BackupFolder
    progress: Callable[[str, int, int], None]
    before: Manifest | None = None
    missing: list[str] = field(default_factory=list)
    new_octets: int = 0
    new_pieces: int = 0
    linked: int = 0

    def take(self) -> Taken:
        known = self.folder.whole()
        self.before = known[-1] if known else None
        store_id = ensure_store_id(self.store)
        if self.before is not None and self.before.store_id != store_id:
            raise BackupRefused(
                f"{self.folder.root} là bản sao lưu của một kho khác (hoặc từ trước khi phục hồi). Chọn thư mục mới.",
                f"{self.folder.root} holds backups of another store, or from before a restore. Choose a new folder.",
            )
        # A damaged manifest keeps its number: what it left behind is never written over.
        taken_numbers = [int(path.stem) for path in self.folder.manifests.glob("[0-9]*.json")]
        number = max(taken_numbers, default=0) + 1
        started = time.monotonic()
        snapshot = self.folder.root / "database" / "snapshot.part"
        taken_at = self.store.clock()
        try:
            self._copy_database(snapshot)
            index_sha256, packs = self._store_chunks(snapshot, number)
            database_seconds = time.monotonic() - started
            manifest = self._copy_pieces(
                snapshot,
                Manifest(
                    number=number,
                    store_id=store_id,
                    taken_at=taken_at,
                    schema=migrate.REVISIONS[-1],
                    database_bytes=snapshot.stat().st_size,
                    index_sha256=index_sha256,
                    packs=packs,
                    segments={},
                    last_piece=0,
                    large_files=0,
                    entries=0,
                    files=self._copy_files(),
                ),
            )
        finally:
            snapshot.unlink(missing_ok=True)
        self._vouch(manifest)
        return Taken(manifest, self.new_octets, self.new_pieces, self.linked, database_seconds)

    def _copy_database(self, snapshot: Path) -> None:
        """Every page of one moment, into a file that lives only as long as this run."""
        snapshot.unlink(missing_ok=True)
        os.close(os.open(snapshot, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        source = pysqlite3.connect(str(self.store.database.path), isolation_level=None)
        copy = pysqlite3.connect(str(snapshot), isolation_level=None)
        try:
            source.execute("PRAGMA query_only=ON")
            copy.execute("PRAGMA synchronous=OFF")
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()  # the snapshot is taken here
            source.backup(copy, pages=-1)
            source.execute("COMMIT")
        finally:
            copy.close()
            source.close()

    def _store_chunks(self, snapshot: Path, number: int) -> tuple[str, tuple[int, ...]]:
        """Chunks that no earlier backup has into a new pack, and the index of all."""
        known = self._known_chunks()
        compressor = zstandard.ZstdCompressor(level=1)
        index = bytearray()
        used: set[int] = set()
        total, offset = snapshot.stat().st_size, 0
        with snapshot.open("rb") as source, new_file(self.folder.pack(number)) as pack:
            for done in range(0, total, CHUNK):
                octets = source.read(CHUNK)
                digest = hashlib.sha256(octets).digest()
                chunk = known.get(digest)
                if chunk is None:
                    packed = self.folder.vault.seal(compressor.compress(octets))
                    chunk = known[digest] = Chunk(digest, number, offset, len(packed))
                    pack.write(packed)
                    offset += len(packed)
                used.add(chunk.pack)
                index += INDEX_ROW.pack(chunk.sha256, chunk.pack, chunk.offset, chunk.length)
                if done % (64 * CHUNK) == 0:
                    self.progress("database", done, total)
        with new_file(self.folder.index(number)) as file:
            file.write(self.folder.vault.seal(bytes(index)))
        self.new_octets += offset + len(index)
        self.progress("database", total, total)
        return hashlib.sha256(index).hexdigest(), tuple(sorted(used))

    def _known_chunks(self) -> dict[bytes, Chunk]:
        """Chunks of the backup before this one, without those whose packs are mostly dead by now."""
        if self.before is None:
            return {}
        try:
            chunks = self.folder.chunks(self.before)
        except BackupRefused:
            return {}  # then this backup stores all of it anew
        by_pack = {chunk.sha256: chunk for chunk in chunks}
        known: dict[bytes, Chunk] = {}
        ordered = sorted(by_pack.values(), key=lambda chunk: chunk.pack)
        for pack, held in groupby(ordered, key=lambda chunk: chunk.pack):
            live = list(held)
            path = self.folder.pack(pack)
            size = path.stat().st_size if path.exists() else 0
            last = max(chunk.offset + chunk.length for chunk in live)
            if last <= size and sum(chunk.length for chunk in live) * STALE_PACK >= size:
                known.update((chunk.sha256, chunk) for chunk in live)
        return known

    def _copy_files(self) -> tuple[SmallFile, ...]:
        found = []
        for name in KEPT_FILES:
            top = self.store.data_dir / name
            for path in [top] if top.is_file() else sorted(top.rglob("*")):
                if not path.is_file():
                    continue
                octets = path.read_bytes()
                one = SmallFile(
                    str(path.relative_to(self.store.data_dir)),
                    path.stat().st_mode & 0o777,
                    len(octets),
                    hashlib.sha256(octets).hexdigest(),
                )
                there = self.folder.small(one.sha256)
                if not there.exists():
                    write_whole(there, self.folder.vault.seal(octets))
                    self.new_octets += len(octets)
                found.append(one)
        return tuple(found)

    def _copy_pieces(self, snapshot: Path, manifest: Manifest) -> Manifest:
        """Segments up to the lengths that the snapshot knows, and the large pieces that it refers to."""
        copy = pysqlite3.connect(f"file:{snapshot}?mode=ro&immutable=1", uri=True)
        try:
            segments = dict(copy.execute("SELECT id, length FROM segments ORDER BY id").fetchall())
            last_piece = copy.execute("SELECT COALESCE(MAX(id), 0) FROM pieces").fetchone()[0]
            entries = copy.execute("SELECT COUNT(*) FROM entries").fetchone()[0]
            schema = copy.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            large_files = copy.execute("SELECT COUNT(*) FROM pieces WHERE segment_id IS NULL").fetchone()[0]
            stored: dict[int, int] = {}
            for done, (number, length) in enumerate(segments.items()):
                self.progress("segments", done, len(segments))
                stored[number] = self._copy_segment(number, length)
            after = self.before.last_piece if self.before is not None and not self.before.missing else 0
            rows = copy.execute("SELECT key FROM pieces WHERE segment_id IS NULL AND id > ?", (after,))
            for done, (key,) in enumerate(rows):
                self.progress("pieces", done, large_files)
                self._copy_large(bytes(key))
            large_index = self._list_large(copy, manifest.number)
        finally:
            copy.close()
        return replace(
            manifest,
            schema=schema,
            segments=segments,
            last_piece=last_piece,
            large_files=large_files,
            entries=entries,
            missing=tuple(self.missing),
            stored=stored if self.folder.vault.is_sealed else {},
            large_index=large_index,
        )

    def _list_large(self, copy: Any, number: int) -> int:
        """Which large pieces this backup refers to: a list of its own only if the one before has another."""
        rows = copy.execute("SELECT key FROM pieces WHERE segment_id IS NULL ORDER BY key")
        octets = b"".join(bytes(row[0]) for row in rows)
        if self.before is not None:
            with suppress(OSError, BackupRefused):
                known = self.folder.large_list(self.before.large_index).read_bytes()
                if self.folder.vault.open(known, "large") == octets:
                    return self.before.large_index
        with new_file(self.folder.large_list(number)) as file:
            file.write(self.folder.vault.seal(octets))
        return number

    def _copy_segment(self, number: int, length: int) -> int:
        """What is new of a segment, which only grows, so what is there already is there for good; where it ends there."""
        start = self.before.segments.get(number, 0) if self.before is not None else 0
        at = self.before.stored_length(number) if self.before is not None else 0
        there = self.folder.segment(number)
        if start > length:
            raise _went_back(self.folder.root)
        if not there.exists() or there.stat().st_size < at:
            start = at = 0  # somebody took it away: copy it again
        if start == length:
            return at
        try:
            source = os.open(self.store.pieces.segment_path(number), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self.missing.append(f"segments/{number:08d}.seg")
            return at
        target = os.open(there, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            tail = self.folder.vault.tail(target, start, at, TAIL)
            if os.pread(source, len(tail), start - len(tail)) != tail:
                raise _went_back(self.folder.root)
            os.ftruncate(target, at)  # what an interrupted run left
            copied, at = self.folder.vault.append(source, target, start, length, at)
            if copied < length - start:
                self.missing.append(f"segments/{number:08d}.seg: {start + copied} < {length}")
            os.fsync(target)
            self.new_octets += copied
        finally:
            os.close(source)
            os.close(target)
        return at

    def _copy_large(self, key: bytes) -> None:
        there = self.folder.large(key)
        if there.exists():
            return
        here = self.store.pieces.large_path(key)
        there.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            if self.folder.vault.is_sealed:
                self.new_octets += copy_file(here, there, self.folder.vault)
            else:
                os.link(here, there)
                self.linked += 1
        except FileNotFoundError:
            self.missing.append(f"pieces/{key.hex()}")
            return
        except OSError:  # another disk, as it should be
            self.new_octets += copy_file(here, there, self.folder.vault)
        self.new_pieces += 1

    def _vouch(self, manifest: Manifest) -> None:
        """Everything is on disk; only now does the backup exist."""
        for name in ("database", "segments", "files", "pieces", "."):
            sync_directory(self.folder.root / name)
        for inner in (self.folder.root / "pieces").iterdir() if self.new_pieces else ():
            sync_directory(inner)
        write_manifest(self.folder, manifest)


def ensure_store_id(store: Store) -> str:
    """What tells this store from all others, and from itself before a restore; made when there is none."""
    with store.read() as db:
        row = db.one(STORE_ID, {})
    if row is not None:
        return str(row[0])
    with store.write() as uow:
        return new_store_id(uow)


def new_store_id(uow: UnitOfWork) -> str:
    """A name that no store had before."""
    uow.run(FORGET_STORE_ID, {})
    uow.run(SET_STORE_ID, {"value": secrets.token_hex(16)})
    row = uow.one(STORE_ID, {})
    assert row is not None
    return str(row[0])


def _went_back(root: Path) -> BackupRefused:
    return BackupRefused(
        f"Kho thư đã quay về thời điểm cũ hơn bản sao lưu ở {root}. Giữ thư mục đó, sao lưu vào thư mục mới.",
        f"The store went back in time, behind the backups in {root}. Keep them; back up to a new folder.",
    )


def _forget(folder: BackupFolder, keep: int, oldest_day: int) -> None:
    """Old backups go, manifest first; what only they had of the database goes with them."""
    known = folder.whole()
    last_of_day = {manifest.taken_at // DAY: manifest for manifest in known[:-keep]}
    daily = {manifest.number for day, manifest in last_of_day.items() if day > oldest_day}
    stay = [manifest for manifest in known[:-keep] if manifest.number in daily] + known[-keep:]
    for number in {manifest.number for manifest in known} - {manifest.number for manifest in stay}:
        folder.manifest(number).unlink()
    if len(stay) < len(known):
        sync_directory(folder.manifests)
    segments = {number for manifest in stay for number in manifest.segments}
    for path in (folder.root / "segments").glob("[0-9]*.seg"):
        if int(path.stem) not in segments:
            path.unlink()  # compacted away, and no backup that stays is older than that
    _forget_large(folder, stay)
    indexes = {manifest.number for manifest in stay}
    packs = {pack for manifest in stay for pack in manifest.packs}
    for path in (folder.root / "database").iterdir():
        lists = {manifest.large_index for manifest in stay}
        wanted = {".index": indexes, ".pack": packs, ".large": lists}.get(path.suffix)
        if wanted is None or int(path.stem) not in wanted:
            path.unlink()


def _forget_large(folder: BackupFolder, stay: list[Manifest]) -> None:
    """Large pieces that no backup that stays refers to; where a list cannot be read, all stay."""
    try:
        wanted = frozenset[bytes]().union(
            *(folder.large_keys(number) for number in {manifest.large_index for manifest in stay})
        )
    except (OSError, BackupRefused):
        return
    for path in (folder.root / "pieces").glob("[0-9a-f][0-9a-f]/*"):
        if not path.name.startswith(".") and bytes.fromhex(path.name) not in wanted:
            path.unlink()

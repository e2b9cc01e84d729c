"""A backup back into an empty place. Nothing is touched before all of the backup was found to be there.

`congvu.toml` comes last: until then no command takes the place for an installation.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from typing import TYPE_CHECKING

import pysqlite3
import zstandard

from mailsvc.storage import migrate
from mailsvc.storage.backup_files import BackupRefused, new_file, sync_directory, write_whole
from mailsvc.storage.backup_folder import BackupFolder, copy_out
from mailsvc.storage.pieces import PieceFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mailsvc.storage.backup_folder import Manifest

CHUNK_LIMIT = 1 << 20
MAX_LARGE = 1 << 40
UNFINISHED = "restore-unfinished"


def choose(folder: BackupFolder, number: int | None = None, before: int | None = None) -> Manifest:
    """The newest backup of a folder, one by its number, or the last of before a moment; BackupRefused if there is none."""
    source = folder.root
    known = folder.whole()
    if before is not None:
        known = [manifest for manifest in known if manifest.taken_at <= before]
    if number is not None:
        known = [manifest for manifest in known if manifest.number == number]
    if not known:
        which = f" {number}" if number is not None else ""
        raise BackupRefused(
            f"Không có bản sao lưu{which} hoàn chỉnh ở {source}. Xem: congvu restore {source} --list",
            f"No whole backup{which} in {source}. See: congvu restore {source} --list",
        )
    manifest = known[-1]
    if manifest.schema not in migrate.REVISIONS:
        raise BackupRefused(
            f"Bản sao lưu có lược đồ {manifest.schema}, mới hơn phiên bản này. Cài bản Congvu mới hơn.",
            f"The backup has schema {manifest.schema}, newer than this version. Install a newer Congvu.",
        )
    return manifest


def refuse_place(data_dir: Path) -> None:
    """Refuse a place where a service runs, or where anything is."""
    if not data_dir.exists():
        return
    if (data_dir / "serve.lock").exists():
        descriptor = os.open(data_dir / "serve.lock", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRefused(
                f"Một dịch vụ đang chạy trên {data_dir}. Dừng nó, rồi phục hồi vào một thư mục trống.",
                f"A service runs on {data_dir}. Stop it, then restore into an empty place.",
            ) from error
        finally:
            os.close(descriptor)
    if any(path.name != "lost+found" for path in data_dir.iterdir()):  # an empty disk of its own has that
        raise BackupRefused(
            f"{data_dir} không trống. Dời nó đi (đừng xóa vội), rồi chạy lại.",
            f"{data_dir} is not empty. Move it away (do not delete it yet), then run this again.",
        )


def unpack(
    folder: BackupFolder,
    manifest: Manifest,
    data_dir: Path,
    *,
    adjust: Callable[[], None],
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
) -> None:
    """Fill `data_dir`; `adjust` is called when the store is whole but nobody can take it for an installation yet."""
    refuse_place(data_dir)
    _refuse_incomplete(folder, manifest)
    try:
        _fill(folder, manifest, data_dir, adjust, progress)
    except OSError as error:
        raise BackupRefused(
            f"Phục hồi không xong: {error}. Xóa những gì ở {data_dir}, xem chỗ trống và quyền ghi, chạy lại.",
            f"The restore did not end: {error}. Delete what is in {data_dir}, see to room and rights, try again.",
        ) from error


def _fill(
    folder: BackupFolder,
    manifest: Manifest,
    data_dir: Path,
    adjust: Callable[[], None],
    progress: Callable[[str, int, int], None],
) -> None:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(data_dir / UNFINISHED, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for name in ("segments", "pieces", "run"):
        (data_dir / name).mkdir(mode=0o700)
    files = PieceFiles(data_dir, 0, 0)
    for done, (number, length) in enumerate(manifest.segments.items()):
        progress("segments", done, len(manifest.segments))
        _copy_segment(folder, files, number, length)
    write_database(folder, manifest, data_dir / "congvu.db", progress)
    _copy_large(folder, files, data_dir / "congvu.db", manifest.large_files, progress)
    for one in manifest.files:
        if one.path != "congvu.toml":
            _write_small(folder, data_dir, one.path, one.sha256, one.mode)
    for path in (data_dir / "segments", data_dir / "pieces", data_dir):
        sync_directory(path)
    adjust()
    for one in manifest.files:
        if one.path == "congvu.toml":
            _write_small(folder, data_dir, one.path, one.sha256, one.mode)
    (data_dir / UNFINISHED).unlink()
    sync_directory(data_dir)


def _refuse_incomplete(folder: BackupFolder, manifest: Manifest) -> None:
    chunks = folder.chunks(manifest)
    ends: dict[int, int] = {}
    for chunk in chunks:
        ends[chunk.pack] = max(ends.get(chunk.pack, 0), chunk.offset + chunk.length)
    lost = [folder.pack(pack) for pack, end in ends.items() if _size(folder.pack(pack)) < end]
    lost += [
        path
        for number in manifest.segments
        if _size(path := folder.segment(number)) < manifest.stored_length(number)
        and not any(name.startswith(f"segments/{number:08d}.seg") for name in manifest.missing)
    ]
    for one in manifest.files:
        path = folder.small(one.sha256)
        if _small(folder, one.sha256) is None:
            lost.append(path)
    if lost:
        names = ", ".join(str(path.relative_to(folder.root)) for path in lost[:5])
        raise BackupRefused(
            f"Bản sao lưu {manifest.number} thiếu hoặc hỏng: {names}. Chọn bản khác bằng --at, hoặc thư mục khác.",
            f"Backup {manifest.number} lacks or has damaged: {names}. Choose another one with --at, or another folder.",
        )


def _small(folder: BackupFolder, sha256: str) -> bytes | None:
    """A file of settings or keys; None where it is not what it was."""
    path = folder.small(sha256)
    try:
        octets = folder.vault.open(path.read_bytes(), path.name)
    except (OSError, BackupRefused):
        return None
    return octets if hashlib.sha256(octets).hexdigest() == sha256 else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def write_database(
    folder: BackupFolder, manifest: Manifest, path: Path, progress: Callable[[str, int, int], None]
) -> None:
    """The database of a backup, every chunk against its SHA-256."""
    chunks = folder.chunks(manifest)
    packs: dict[int, int] = {}
    decompressor = zstandard.ZstdDecompressor()
    written = 0
    try:
        with new_file(path) as file:
            for done, chunk in enumerate(chunks):
                if chunk.pack not in packs:
                    packs[chunk.pack] = os.open(folder.pack(chunk.pack), os.O_RDONLY | os.O_CLOEXEC)
                try:
                    stored = os.pread(packs[chunk.pack], chunk.length, chunk.offset)
                    octets = decompressor.decompress(
                        folder.vault.open(stored, f"{chunk.pack:06d}.pack"), max_output_size=CHUNK_LIMIT
                    )
                except (zstandard.ZstdError, BackupRefused):
                    octets = b""
                if hashlib.sha256(octets).digest() != chunk.sha256:
                    raise _damaged(manifest, f"database/{chunk.pack:06d}.pack")
                written += file.write(octets)
                if done % 64 == 0:
                    progress("database", done, len(chunks))
    finally:
        for descriptor in packs.values():
            os.close(descriptor)
    if written != manifest.database_bytes:
        raise _damaged(manifest, "database")


def _damaged(manifest: Manifest, what: str) -> BackupRefused:
    return BackupRefused(
        f"Bản sao lưu {manifest.number} hỏng: {what}. Xóa thư mục dang dở, chọn bản khác bằng --at.",
        f"Backup {manifest.number} is damaged: {what}. Delete the unfinished place, choose another one with --at.",
    )


def _copy_segment(folder: BackupFolder, files: PieceFiles, number: int, length: int) -> None:
    """Only as far as this backup vouches for: later ones have appended."""
    if not folder.segment(number).exists():
        return
    copy_out(folder.segment(number), files.segment_path(number), folder.vault, length)


def _copy_large(
    folder: BackupFolder,
    files: PieceFiles,
    database: Path,
    total: int,
    progress: Callable[[str, int, int], None],
) -> None:
    connection = pysqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    try:
        for done, (key,) in enumerate(connection.execute("SELECT key FROM pieces WHERE segment_id IS NULL")):
            progress("pieces", done, total)
            there = files.large_path(bytes(key))
            there.parent.mkdir(mode=0o700, exist_ok=True)
            here = folder.large(bytes(key))
            if here.exists():  # else it was lost before the backup; `verify` names its letters
                part = there.with_name(f".{there.name}.part")
                copy_out(here, part, folder.vault, MAX_LARGE)
                part.rename(there)
    finally:
        connection.close()
    for inner in files.large_dir.iterdir():
        sync_directory(inner)


def _write_small(folder: BackupFolder, data_dir: Path, name: str, sha256: str, mode: int) -> None:
    path = data_dir / name
    if data_dir.resolve() not in path.resolve().parents:
        raise BackupRefused(f"Tên tệp lạ: {name}", f"A file name that leads outside: {name}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    octets = _small(folder, sha256)
    if octets is None:
        raise BackupRefused(f"{name}: hỏng", f"{name}: damaged")
    write_whole(path, octets)
    path.chmod(mode)

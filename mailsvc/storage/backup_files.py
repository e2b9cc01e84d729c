"""Files of a folder of backups: there whole, and on disk, or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mailsvc.model.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class BackupRefused(ServiceError):
    """A backup or restore that cannot be; nothing was touched. Two texts: Vietnamese, English."""

    def __init__(self, vietnamese: str, english: str) -> None:
        super().__init__(f"{vietnamese} / {english}")
        self.vietnamese = vietnamese
        self.english = english


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


def sync_directory(path: Path) -> None:
    """Put the names in a directory on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

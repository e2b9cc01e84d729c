"""Room on the disk: the last of it is for deleting, which must work when nothing else can.

New letters are refused while less than `storage.reserve_bytes` is free. Besides, as much lies in a file, `DIR/reserve`,
that other programs cannot use up: it is given up when the disk runs out all the same, and taken again when there is room.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from mailsvc.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

ROOMY = 2
"""The reserve is taken while this many times its size is free."""
LAST = 4
"""It is given up when less than this part of it is free."""


class Room:
    """What the disk of a data directory has left; one look costs a microsecond."""

    def __init__(self, data_dir: Path, reserve_bytes: int) -> None:
        self.data_dir = data_dir
        self.reserve = data_dir / "reserve"
        self.reserve_bytes = reserve_bytes
        self.is_short = False

    def free(self) -> int:
        """Octets that this user can still write."""
        disk = os.statvfs(self.data_dir)
        return disk.f_bavail * disk.f_frsize

    def look(self) -> None:
        """Before each transaction: is there room for letters, and is the reserve needed."""
        if not self.reserve_bytes:
            return
        free = self.free()
        self.is_short = free < self.reserve_bytes
        if free * LAST < self.reserve_bytes:
            with contextlib.suppress(OSError):
                self.reserve.unlink(missing_ok=True)

    def need(self) -> None:
        """StoreUnavailable where new letters must wait until there is room again."""
        if self.is_short:
            raise StoreUnavailable(f"the disk of {self.data_dir} is full: only deleting is possible")

    def keep(self) -> None:
        """Housekeeping: take the reserve if there is room for it."""
        if self.reserve_bytes and not self.reserve.exists() and self.free() > ROOMY * self.reserve_bytes:
            part = self.reserve.with_suffix(".part")
            try:
                descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                try:
                    os.posix_fallocate(descriptor, 0, self.reserve_bytes)
                finally:
                    os.close(descriptor)
                part.rename(self.reserve)
            except OSError:  # others were quicker, or nothing can be written; the next look tries again
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)

"""Who reads files by what rows said a while ago: a backup keeps the lease, and no file goes while it does.

A lock and not a note: it ends with its process, by whatever death.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "files.lease"


@contextmanager
def shared(data_dir: Path) -> Iterator[None]:
    """All files of the store stay while the block runs; waits for a removal that is under way."""
    descriptor = os.open(data_dir / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(data_dir: Path) -> Iterator[bool]:
    """Whether files may be removed now; then nobody begins to rely on them while the block runs."""
    descriptor = os.open(data_dir / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)

"""A doorbell between the processes of one machine: it says that there are changes, never which.

Every process that listens binds a datagram socket in `DIR/run`; who commits sends one octet to each. A lost ring is
harmless: listeners also look once a second.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".bell"
CLOCK_STEP_NS = 100_000_000
"""More than the kernel's clock for files goes on at once."""


class Ringer:
    """Rings at every other process that listens. It is asked after each commit, so it remembers who there is."""

    def __init__(self, data_dir: Path) -> None:
        self._run_dir = data_dir / "run"
        self._lock = threading.Lock()
        self._directory = -1
        self._seen_at = -1
        """When the directory changed last, as far as `_bells` knows it."""
        self._bells: list[str] = []

    def ring(self) -> None:
        """Ring; who has gone is forgotten."""
        with self._lock:
            bells = self._listening()
            if bells:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                    sender.setblocking(False)
                    for address in bells:
                        self._ring_one(sender, address)

    def _ring_one(self, sender: socket.socket, address: str) -> None:
        try:
            sender.sendto(b"!", address)
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(OSError):
                (self._run_dir / address.rpartition("/")[2]).unlink()  # its process is gone
            self._seen_at = -1
        except OSError:
            pass  # a full queue has rung already

    def _listening(self) -> list[str]:
        try:
            if self._directory < 0:
                self._directory = os.open(self._run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            changed_at = os.fstat(self._directory).st_mtime_ns
        except OSError:
            return []
        if changed_at != self._seen_at:
            own = f"{os.getpid()}{SUFFIX}"
            # By the open directory: a longer name would not fit into a socket address (108 octets).
            self._bells = [
                f"/proc/self/fd/{self._directory}/{name}"
                for name in os.listdir(self._directory)  # noqa: PTH208 - of a descriptor
                if name.endswith(SUFFIX) and name != own
            ]
            # Another may come within the same tick of the clock: then look again next time.
            is_settled = time.time_ns() - changed_at > CLOCK_STEP_NS
            self._seen_at = changed_at if is_settled else -1
        return self._bells

    def close(self) -> None:
        """Give the directory back."""
        with self._lock:
            if self._directory >= 0:
                os.close(self._directory)
                self._directory = -1


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """The same place by a name that fits into a socket address (108 octets)."""
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


class Doorbell:
    """The listening end; readable when somebody rang."""

    def __init__(self, data_dir: Path) -> None:
        run_dir = data_dir / "run"
        run_dir.mkdir(mode=0o700, exist_ok=True)
        self.path = run_dir / f"{os.getpid()}{SUFFIX}"
        self.path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        with _short(self.path) as address:
            self.socket.bind(address)

    def fileno(self) -> int:
        """For an event loop's reader."""
        return self.socket.fileno()

    def drain(self) -> None:
        """Take all rings."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.recv(16)

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()
        self.path.unlink(missing_ok=True)

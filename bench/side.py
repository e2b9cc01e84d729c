"""What both sides of the bench have in common: ports, processes, users."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

DOMAIN = "bench.test"
PASSWORD = "Bench-2026"
# The same by argon2id (19 MiB, t=2, p=1) for us. Dovecot gets the plain text: it would hash at every LOGIN.
PASSWORD_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$GqJ7YfNcCyAafGziH4nyPQ$6rx7PRPE5iy7cvanr74e8nsGJzYgyY0pHxQjQvyNq6U"
)


class Side(Protocol):
    """A mail system under measurement."""

    name: str
    lmtp: int
    imap: int
    smtp: int | None  # None where the SMTP server cannot be run here
    data: Path

    def start(self) -> None:
        """Begin to serve."""

    def stop(self) -> None:
        """End, by the process ids that were started."""

    def roots(self) -> list[int]:
        """The processes that `start` began."""

    def rest(self, limit: float) -> float:
        """Wait until nothing is queued; the seconds that it took."""


def free_port() -> int:
    """A high port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def raise_open_files() -> None:
    """Let servers started from here hold a thousand connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def wait_for_port(
    port: int, process: subprocess.Popen[bytes] | subprocess.Popen[str], seconds: float = 30
) -> None:
    """Return when a listener accepts; fail when its process has ended."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


def stop_process(
    process: subprocess.Popen[bytes] | subprocess.Popen[str] | None, seconds: float = 30
) -> None:
    """SIGTERM, then SIGKILL, to one process that we started in a group of its own."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

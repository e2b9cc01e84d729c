"""The web process: the page under granian, in the same installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings


def run(data_dir: Path, settings: Settings, ready_fd: int) -> None:
    """Serve until SIGTERM."""
    from webmail.server import run as serve

    serve(data_dir, settings, ready_fd)

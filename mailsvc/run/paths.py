"""Where things lie in a data directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings


def tls_paths(data_dir: Path, settings: Settings) -> tuple[Path, Path]:
    """Certificate chain and key of all listeners."""
    return (
        settings.tls.certificate or data_dir / "tls" / "cert.pem",
        settings.tls.key or data_dir / "tls" / "key.pem",
    )

"""The built assets, held in memory raw and compressed: a few small files, immutable under hashed names."""

from __future__ import annotations

import gzip
import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/json",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One built file."""

    media_type: str
    raw: bytes
    gzipped: bytes | None


class StaticFiles:
    """What `npm run build` left in webmail/static, by logical name (`main.js`) and by hashed name."""

    def __init__(self, folder: Path = STATIC) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.names: dict[str, str] = manifest["entries"]
        self.files = {name: _load(folder / name) for name in manifest["files"]}
        self._by_path = {f"/static/{name}": item for name, item in self.files.items()}

    def url(self, entry: str) -> str:
        """Where the page finds an entry."""
        return f"/static/{self.names[entry]}"

    def find(self, path: str) -> StaticFile | None:
        """The file at a path, if there is one."""
        return self._by_path.get(path)


def _load(path: Path) -> StaticFile:
    raw = path.read_bytes()
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(raw, 9, mtime=0)
    return StaticFile(media_type, raw, packed if len(packed) < 0.9 * len(raw) else None)

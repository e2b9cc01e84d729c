"""vdirsyncer, an independent client, finds the address book by our name alone and keeps a copy of it (RFC 6352, RFC 6764)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.service import Service

pytestmark = pytest.mark.peer
PASSWORD = "Mat-khau-1"
CONFIG = """[general]
status_path = "{status}"
[pair book]
a = "phone"
b = "congvu"
collections = ["from b"]
conflict_resolution = "b wins"
[storage phone]
type = "filesystem"
path = "{cards}"
fileext = ".vcf"
[storage congvu]
type = "carddav"
url = "{url}"
username = "an@lamdong.example"
password = "{password}"
read_only = true
"""


@pytest.fixture
def vdirsyncer(tmp_path):
    program = Path(sys.executable).with_name("vdirsyncer")
    if not program.exists() and shutil.which("vdirsyncer") is None:
        pytest.skip("vdirsyncer is missing: make setup")
    with Service(tmp_path / "data").init() as service:
        service.add_people(["an", "binh", "chi"], PASSWORD)
        service.start()
        cards = tmp_path / "cards"
        config = tmp_path / "config"
        config.write_text(
            CONFIG.format(status=tmp_path / "status", cards=cards, url=service.url("/"), password=PASSWORD)
        )

        def run(*words):
            done = subprocess.run(
                [str(program), "--config", str(config), *words],
                input="y\n" * 10,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return " ".join(path.read_text() for path in cards.rglob("*.vcf"))

        yield service, run


def test_an_independent_client_keeps_a_copy_of_the_directory(vdirsyncer):
    service, run = vdirsyncer
    run("discover", "book")
    people = run("sync", "book")
    assert all(f"{name}@lamdong.example" in people for name in ("an", "binh", "chi"))
    service.must("account", "lock", "chi@lamdong.example", "--reason", "thử")
    again = run("sync", "book")
    assert "binh@lamdong.example" in again
    assert "chi@lamdong.example" not in again

"""The golden files tell the truth about Dovecot 2.3: its own imap program is asked, on its standard input and output."""

import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden" / "mime"
IMAP = "/usr/lib/dovecot/imap"
CONFIG = """
base_dir = {home}/run
state_dir = {home}/run
mail_location = maildir:{home}/mail
ssl = no
"""

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(IMAP).exists(), reason="Debian's dovecot-imapd is not installed"),
]


@pytest.fixture
def home():
    """A Maildir with the golden letters, of a user Dovecot agrees to work for (never root)."""
    path = Path(tempfile.mkdtemp(prefix="mime-dovecot-"))
    for folder in ("run", "mail/cur", "mail/new", "mail/tmp"):
        (path / folder).mkdir(parents=True)
    for at, letter in enumerate(sorted(GOLDEN.glob("*.eml"))):
        shutil.copyfile(letter, path / "mail" / "cur" / f"{1_000_000 + at}.M1P1.h:2,S")
    (path / "dovecot.conf").write_text(CONFIG.format(home=path))
    if os.getuid() == 0:
        user = pwd.getpwnam("mail")
        os.chown(path, user.pw_uid, user.pw_gid)
        for entry in path.rglob("*"):
            os.chown(entry, user.pw_uid, user.pw_gid)
    yield path
    shutil.rmtree(path)


def asked(home: Path, item: str) -> list[str]:
    for index in (home / "mail").glob("dovecot.index*"):
        index.unlink()  # each item computed anew: cached ones leave out details
    as_user = ["setpriv", "--reuid=mail", "--regid=mail", "--clear-groups"] if os.getuid() == 0 else []
    done = subprocess.run(
        [*as_user, IMAP, "-c", str(home / "dovecot.conf")],
        input=f"a SELECT INBOX\r\nb FETCH 1:* ({item})\r\nc LOGOUT\r\n".encode(),
        env={"USER": "mail", "HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        timeout=60,
        check=True,
    )
    found = re.findall(
        rb"^\* \d+ FETCH \(" + item.encode() + rb" (.*?)\)\r\n(?=\* \d+ FETCH|b OK)",
        done.stdout,
        re.MULTILINE | re.DOTALL,
    )
    return [one.decode("utf-8", "replace") for one in found]


@pytest.mark.parametrize("key", ["envelope", "body", "body_structure"])
def test_golden_files_say_what_dovecot_says(home, key):
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("2.3."):
        pytest.skip("the golden files are about Dovecot 2.3")
    expected = []
    for path in sorted(GOLDEN.glob("*.json")):
        golden = json.loads(path.read_text(encoding="utf-8"))
        expected.append(golden.get("dovecot_2_3", {}).get(key, golden[key]))
    assert asked(home, key.upper().replace("_", "")) == expected

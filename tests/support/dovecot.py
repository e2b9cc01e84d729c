"""Debian's Dovecot as an oracle of IMAP structures: its own imap program, on its standard input and output."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.system import need

CONFIG = """
base_dir = {home}/run
state_dir = {home}/run
mail_location = maildir:{home}/mail
ssl = no
"""


@contextmanager
def maildir(letters: Iterable[bytes]) -> Iterator[Path]:
    """A Maildir with these letters, of a user Dovecot agrees to work for (never root)."""
    path = Path(tempfile.mkdtemp(prefix="mime-dovecot-"))
    try:
        for folder in ("run", "mail/cur", "mail/new", "mail/tmp"):
            (path / folder).mkdir(parents=True)
        for at, letter in enumerate(letters):
            (path / "mail" / "cur" / f"{1_000_000 + at}.M1P1.h:2,S").write_bytes(letter)
        (path / "dovecot.conf").write_text(CONFIG.format(home=path))
        if os.getuid() == 0:
            user = pwd.getpwnam("mail")
            os.chown(path, user.pw_uid, user.pw_gid)
            for entry in path.rglob("*"):
                os.chown(entry, user.pw_uid, user.pw_gid)
        yield path
    finally:
        shutil.rmtree(path)


def version() -> str:
    """Its version, such as 2.3.19."""
    done = subprocess.run(
        [need("dovecot", package="dovecot-imapd"), "--version"], capture_output=True, check=True
    )
    return done.stdout.decode().split()[0]


def fetched(home: Path, item: str) -> list[bytes]:
    """What FETCH gives of every letter for one item, in their order."""
    imap = need("imap", package="dovecot-imapd")
    for index in (home / "mail").glob("dovecot.index*"):
        index.unlink()  # each item computed anew: cached ones leave out details
    as_user = ["setpriv", "--reuid=mail", "--regid=mail", "--clear-groups"] if os.getuid() == 0 else []
    process = subprocess.Popen(
        [*as_user, imap, "-c", str(home / "dovecot.conf")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"USER": "mail", "HOME": str(home), "PATH": os.environ["PATH"]},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"a SELECT INBOX\r\nb FETCH 1:* ({item})\r\n".encode())
    process.stdin.flush()
    said: list[bytes] = []
    for (
        line
    ) in process.stdout:  # its input stays open until it has answered: at its end it would leave at once
        said.append(line)
        if line.startswith(b"b "):
            break
    process.communicate(b"c LOGOUT\r\n", timeout=30)
    return re.findall(
        rb"^\* \d+ FETCH \(" + item.encode() + rb" (.*?)\)\r\n(?=\* \d+ FETCH|b OK)",
        b"".join(said),
        re.MULTILINE | re.DOTALL,
    )

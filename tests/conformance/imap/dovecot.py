"""Debian's Dovecot as a second opinion: its imap program on a socket of its own, already signed in."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.mailsvc.imap.player import SECONDS, Client

IMAP = "/usr/lib/dovecot/imap"
CONFIG = """
base_dir = {home}/run
state_dir = {home}/run
mail_location = maildir:{home}/mail:LAYOUT=fs
ssl = no
log_path = {home}/log
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = create
    special_use = \\Drafts
  }}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
  mailbox Archive {{
    auto = create
    special_use = \\Archive
  }}
}}
"""


class DovecotClient(Client):
    """A client of a Dovecot that serves one empty mail store."""

    def __init__(self) -> None:
        super().__init__(0)

    def __post_init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="imap-dovecot-"))
        for folder in ("run", "mail"):
            (self._home / folder).mkdir()
        (self._home / "dovecot.conf").write_text(CONFIG.format(home=self._home))
        as_user: list[str] = []
        if os.getuid() == 0:
            user = pwd.getpwnam("mail")
            for entry in (self._home, *self._home.rglob("*")):
                os.chown(entry, user.pw_uid, user.pw_gid)
            as_user = ["setpriv", "--reuid=mail", "--regid=mail", "--clear-groups"]
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(SECONDS)
        self._process = subprocess.Popen(
            [*as_user, IMAP, "-c", str(self._home / "dovecot.conf")],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env={"USER": "mail", "HOME": str(self._home), "PATH": os.environ["PATH"]},
        )
        theirs.close()
        self._file = self._socket.makefile("rb")
        self.greeting = self.line()

    def close(self) -> None:
        super().close()
        self._process.wait(SECONDS)
        shutil.rmtree(self._home)

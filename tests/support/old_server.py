"""An old mail server to move in from: Debian's Dovecot with mailboxes written straight into its Maildirs."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.service import free_ports
from tests.support.system import need

PASSWORD = "Mat-khau-cu-1"
MASTER, MASTER_PASSWORD = "chuyen", "Mat-khau-chuyen-1"
CONFIG = """
base_dir = {home}/run
state_dir = {home}/run
instance_name = old-{port}
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
log_path = {home}/log
mail_location = maildir:{home}/mail/%u:LAYOUT=fs
mail_max_userip_connections = 0
first_valid_uid = 1
auth_master_user_separator = *
auth_failure_delay = 0
{internal}
passdb {{
  driver = static
  args = password={master_password}
  master = yes
  username_filter = {master}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u allow_all_users=yes
}}
service imap-login {{
  process_min_avail = 1
  process_limit = 512
  {chroot}
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service imap {{
  process_limit = 512
}}
service anvil {{
  {chroot}
}}
service stats {{
  {chroot}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox "Thư đã gửi" {{
    special_use = \\Sent
  }}
}}
"""


class OldDovecot:
    """One Dovecot; letters are put into its Maildirs while it runs or not."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (self.port,) = free_ports(1)
        user = pwd.getpwnam("mail") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.uid, self.gid = user.pw_uid, user.pw_gid
        for folder in ("run", "mail"):
            (home / folder).mkdir()
        name = "" if os.getuid() == 0 else user.pw_name
        (home / "dovecot.conf").write_text(
            CONFIG.format(
                home=home,
                port=self.port,
                password=PASSWORD,
                master=MASTER,
                master_password=MASTER_PASSWORD,
                uid=self.uid,
                gid=self.gid,
                internal=f"default_internal_user = {name}\ndefault_login_user = {name}" if name else "",
                chroot="chroot =" if name else "",
            ),
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    def start(self) -> None:
        """Serve; returns once it answers."""
        with (self.home / "output").open("ab") as log:
            self._process = subprocess.Popen(
                [need("dovecot", package="dovecot-imapd"), "-F", "-c", str(self.home / "dovecot.conf")],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as one:
                if one.recv(4).startswith(b"* OK"):
                    return
            assert self._process.poll() is None, (self.home / "output").read_text()
            time.sleep(0.02)
        raise AssertionError((self.home / "log").read_text())

    def stop(self) -> None:
        """End it, by its process id."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def folder(self, user: str, mailbox: str = "INBOX") -> Path:
        """The Maildir of a mailbox, made with it."""
        place = self.home / "mail" / user
        if mailbox != "INBOX":
            place /= utf7(mailbox)
        if not (place / "tmp").exists():
            for part in ("cur", "new", "tmp"):
                (place / part).mkdir(parents=True, exist_ok=True)
            self._own(self.home / "mail" / user)
        return place

    def put(
        self, user: str, mailbox: str, content: bytes, *, flags: str = "", at: int = 1_700_000_000
    ) -> Path:
        """A letter, with Maildir's letters for its flags (S seen, R answered, F flagged, D draft, T deleted)."""
        self._made += 1
        path = self.folder(user, mailbox) / "cur" / f"{at}.M{self._made}P1.old,S={len(content)}:2,{flags}"
        path.write_bytes(content)
        os.utime(path, (at, at))
        self._own(path)
        return path

    def _own(self, place: Path) -> None:
        if os.getuid() == 0:
            for path in (place, *(place.rglob("*") if place.is_dir() else ())):
                os.chown(path, self.uid, self.gid)


def utf7(name: str) -> str:
    """A mailbox name as LAYOUT=fs spells it on disk."""
    from mailsvc.imap.wire.utf7 import encode_mailbox

    return encode_mailbox(name).decode()


@contextmanager
def old_dovecot() -> Iterator[OldDovecot]:
    """A Dovecot of the test's own, in a folder that its user can reach."""
    need("dovecot", package="dovecot-imapd")
    home = Path(tempfile.mkdtemp(prefix="old-dovecot-"))
    home.chmod(0o755)
    server = OldDovecot(home)
    try:
        server._own(home / "mail")
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)

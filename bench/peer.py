"""Debian's Dovecot and Postfix on high loopback ports, with folders of their own: the system's are not touched."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from bench.side import DOMAIN, PASSWORD, free_port, stop_process, wait_for_port

if TYPE_CHECKING:
    from pathlib import Path

DOVECOT = """
protocols = imap lmtp
base_dir = {run}
state_dir = {data}/state
log_path = {data}/dovecot.log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = {format}:{data}/mail/%Ln
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 0
{users_of_services}
auth_username_format = %Ln
auth_cache_size = 32M
auth_cache_ttl = 1 hour
auth_mechanisms = plain login
default_process_limit = 3000
default_client_limit = 12000
passdb {{
  driver = passwd-file
  args = username_format=%Ln {data}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={data}/mail/%Ln
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
  service_count = 0
  process_min_avail = 2
  {no_chroot}
}}
service imap {{
  process_min_avail = 4
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service anvil {{
  {no_chroot}
}}
service stats {{
  {no_chroot}
}}
"""

POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {data}/spool
data_directory = {data}/postfix-data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {data}/postfix.log
maillog_file_prefixes = {data}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.{domain}
mydestination =
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{data}/recipients
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
alias_maps =
local_recipient_maps =
smtpd_recipient_limit = 10000
message_size_limit = 52428800
virtual_mailbox_limit = 0
mailbox_size_limit = 0
smtpd_recipient_restrictions = permit_mynetworks, reject
"""

POSTFIX_MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def _mail_user() -> tuple[str, str]:
    if os.getuid() != 0:
        name = getpass.getuser()
        return name, grp.getgrgid(os.getgid()).gr_name
    return "mail", "mail"


class Peer:
    """Dovecot with one storage format, Postfix in front of it where root allows."""

    def __init__(self, mail_format: str, folder: Path, users: list[str], *, with_postfix: bool) -> None:
        self.name = f"Dovecot {mail_format}"
        self.data = folder
        self.lmtp, self.imap = free_port(), free_port()
        self.smtp = free_port() if with_postfix and os.getuid() == 0 else None
        self._dovecot: subprocess.Popen[bytes] | None = None
        self._postfix: subprocess.Popen[bytes] | None = None
        self._configure(mail_format, users)

    def _configure(self, mail_format: str, users: list[str]) -> None:
        user, group = _mail_user()
        root = os.getuid() == 0
        folder = self.data
        folder.mkdir(parents=True)
        for name in ("mail", "state", "run", "spool", "postfix-data"):
            (folder / name).mkdir()
        if root:
            for path in (folder, *folder.parents):  # other users' processes must reach what is theirs
                with contextlib.suppress(OSError):
                    path.chmod(path.stat().st_mode | 0o011)
            shutil.chown(folder / "mail", user, group)
            shutil.chown(folder / "postfix-data", "postfix", "postfix")
        (folder / "users").write_text("".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in users))
        (folder / "users").chmod(0o644)
        text = DOVECOT.format(
            run=folder / "run",
            data=folder,
            format=mail_format,
            user=user,
            group=group,
            imap=self.imap,
            lmtp=self.lmtp,
            no_chroot="" if root else "chroot =",
            users_of_services="" if root else f"default_internal_user = {user}\ndefault_login_user = {user}",
        )
        (folder / "dovecot.conf").write_text(text)
        if self.smtp is not None:
            config = folder / "postfix"
            config.mkdir()
            known = "".join(f"{name}@{DOMAIN} {name}\n" for name in users)
            (folder / "recipients").write_text(known)
            (config / "main.cf").write_text(POSTFIX_MAIN.format(data=folder, domain=DOMAIN, lmtp=self.lmtp))
            (config / "master.cf").write_text(POSTFIX_MASTER.lstrip().format(smtp=self.smtp))
            for name in ("dynamicmaps.cf", "postfix-files"):
                (config / name).write_text("")

    def start(self) -> None:
        """Begin to serve; both programs stay in the foreground, each in a group of its own."""
        log = (self.data / "output.log").open("ab")
        self._dovecot = subprocess.Popen(
            ["/usr/sbin/dovecot", "-c", str(self.data / "dovecot.conf"), "-F"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        wait_for_port(self.imap, self._dovecot)
        wait_for_port(self.lmtp, self._dovecot)
        if self.smtp is not None:
            self._postfix = subprocess.Popen(
                ["/usr/sbin/postfix", "-c", str(self.data / "postfix"), "start-fg"],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            wait_for_port(self.smtp, self._postfix)
        log.close()

    def _postfix_master(self) -> list[int]:
        # `postfix start-fg` is a shell script that waits for the master, in whose pid file the master stands.
        with contextlib.suppress(OSError, ValueError):
            return [int((self.data / "spool" / "pid" / "master.pid").read_text())]
        return []

    def stop(self) -> None:
        """End both, by their process ids."""
        if self._postfix is not None and self._postfix.poll() is None:
            for pid in self._postfix_master():
                os.kill(pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._postfix.wait(20)
        stop_process(self._postfix)
        stop_process(self._dovecot)

    def roots(self) -> list[int]:
        """The master processes."""
        dovecot = [self._dovecot.pid] if self._dovecot is not None else []
        return dovecot + (self._postfix_master() if self._postfix is not None else [])

    def rest(self, limit: float) -> float:
        """Wait until Postfix holds no letter; the seconds that it took."""
        began = time.monotonic()
        queues = [self.data / "spool" / name for name in ("incoming", "active", "deferred")]
        waited = 0.0
        while any(path.is_file() for queue in queues if queue.exists() for path in queue.rglob("*")):
            time.sleep(0.01)
            waited = time.monotonic() - began
            if waited > limit:
                raise TimeoutError("Postfix still holds letters")
        return waited

"""Debian's Postfix and Exim as neighbours: each takes mail for a domain of its own and hands ours to us over TLS.

Both need root, for that is how they are made; without it the test skips by name.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailsvc.net.tls import make_certificate
from tests.support.service import free_ports
from tests.support.system import need

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 30

POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.{domain}
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = static:all/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_transport = virtual
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/key.pem, {folder}/cert.pem
smtp_tls_security_level = encrypt
smtpd_tls_received_header = yes
relayhost = [127.0.0.1]:{relay}
"""
POSTFIX_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
smtp unix - - n - - smtp
relay unix - - n - - smtp
virtual unix - n n - - virtual
error unix - - n - - error
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
EXIM = """
exim_path = {program}
spool_directory = {folder}/spool
log_file_path = {folder}/log-%s
primary_hostname = mx.{domain}
exim_user = mail
exim_group = mail
never_users =
deliver_drop_privilege = true
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts = *
tls_certificate = {folder}/cert.pem
tls_privatekey = {folder}/key.pem
acl_smtp_rcpt = everything
acl_smtp_data = everything
dsn_advertise_hosts = *
begin acl
everything:
 accept
begin routers
here:
 driver = accept
 domains = {domain}
 transport = box
there:
 driver = manualroute
 route_list = * 127.0.0.1::{relay} byname
 self = send
 transport = out
begin transports
box:
 driver = appendfile
 directory = {folder}/boxes
 maildir_format
 create_directory
out:
 driver = smtp
 hosts_require_tls = *
 tls_verify_certificates = system,cache
 tls_try_verify_hosts = :
"""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A running neighbour."""

    domain: str
    port: int
    folder: Path

    def letters(self, count: int) -> list[bytes]:
        """What is in its mailbox, once so many letters are there."""
        ends_at = time.monotonic() + SECONDS
        while True:
            found = [path for path in self.folder.glob("boxes/**/new/*") if path.is_file()]
            if len(found) >= count:
                return [path.read_bytes() for path in found]
            assert time.monotonic() < ends_at, self.log()
            time.sleep(0.05)

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """Hand it a letter to pass on."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=SECONDS) as client:
            client.sendmail(sender, [recipient], content)

    def log(self) -> str:
        """What it wrote down."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.glob("log*"))


@contextlib.contextmanager
def _folder(name: str, owner: str) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip(f"{name} is started as root only")
    folder = Path(tempfile.mkdtemp(prefix=f"congvu-{name}-"))
    try:
        folder.chmod(0o755)
        make_certificate(folder / "cert.pem", folder / "key.pem", ["localhost"], now=dt.datetime.now(dt.UTC))
        for part in ("spool", "data", "boxes"):
            (folder / part).mkdir()
            shutil.chown(folder / part, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, process: subprocess.Popen[bytes], server: MailServer) -> None:
    ends_at = time.monotonic() + SECONDS
    while True:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtplib.SMTP("127.0.0.1", port, timeout=5).close()
            return
        assert process.poll() is None, server.log()
        assert time.monotonic() < ends_at, server.log()
        time.sleep(0.05)


@contextlib.contextmanager
def postfix(relay: int) -> Iterator[MailServer]:
    """Postfix for postfix.example; everything else goes to our port."""
    program = need("postfix", package="postfix")
    with _folder("postfix", "postfix") as folder:
        (port,) = free_ports(1)
        server = MailServer("postfix.example", port, folder)
        shutil.chown(folder / "spool", "root")
        shutil.chown(folder / "boxes", "nobody")
        config = folder / "config"
        config.mkdir()
        values = {"folder": folder, "domain": server.domain, "relay": relay, "uid": 65534, "gid": 65534}
        (config / "main.cf").write_text(POSTFIX_MAIN.format(**values))
        (config / "master.cf").write_text(POSTFIX_MASTER.lstrip().format(port=port))
        for name in ("dynamicmaps.cf", "postfix-files"):
            (config / name).write_text("")
        process = subprocess.Popen(
            [program, "-c", str(config), "start-fg"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            _wait(port, process, server)
            yield server
        finally:
            with contextlib.suppress(OSError, ValueError):
                os.kill(int((folder / "spool/pid/master.pid").read_text()), signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def exim_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exim's program. Its package conflicts with Postfix's, so it is only unpacked: exim4-daemon-light of `apt-get download`."""
    need("unshare", package="util-linux")
    folder = tmp_path_factory.mktemp("exim")
    folder.chmod(0o755)
    for parent in folder.parents:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    words = ["apt-get", "download", "-q", "exim4-daemon-light"]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        pytest.skip("exim4 is missing: apt-get download exim4-daemon-light")
    packages = list(folder.glob("*.deb"))
    if done.returncode or not packages:
        pytest.skip("exim4 is missing: apt-get download exim4-daemon-light")
    subprocess.run(["dpkg", "-x", packages[0], folder / "root"], check=True)
    return folder / "root/usr/sbin/exim4"


@contextlib.contextmanager
def exim(program: Path, relay: int) -> Iterator[MailServer]:
    """Exim for exim.example. Its user is named in the program, so it runs where that user is known: a namespace of its own."""
    with _folder("exim", "mail") as folder:
        (port,) = free_ports(1)
        server = MailServer("exim.example", port, folder)
        shutil.chown(folder, "mail")
        shutil.chown(folder / "key.pem", "mail")
        config = folder / "conf"
        config.write_text(
            EXIM.format(folder=folder, domain=server.domain, relay=relay, port=port, program=program)
        )
        shutil.chown(config, "root", "root")
        for name, line in (("passwd", "Debian-exim:x:8:8::/:/bin/false"), ("group", "Debian-exim:x:8:")):
            (folder / name).write_text(Path("/etc", name).read_text() + line + "\n")
        script = (
            f"mount --bind {folder}/passwd /etc/passwd && mount --bind {folder}/group /etc/group"
            f" && exec {program} -C {config} -bdf -q10s"
        )
        if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
            pytest.skip("exim4 needs a mount namespace")
        process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            _wait(port, process, server)
            yield server
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()

"""Debian's OpenLDAP server with people of the test's own, on a free port of loopback."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mailsvc.net.tls import make_certificate
from tests.support.service import free_ports
from tests.support.system import need

BASE = "dc=lamdong,dc=example"
SEARCHER, SEARCHER_PASSWORD = f"cn=congvu,{BASE}", "tim-kiem-1"
START_SECONDS = 20


@dataclass(frozen=True)
class Slapd:
    """A running server; `ldap` offers StartTLS, `ldaps` is TLS from the first octet."""

    ldap: str
    ldaps: str
    certificate: Path
    process: subprocess.Popen[bytes]


def people(passwords: dict[str, str]) -> str:
    """LDIF of some people, each with an address and a password."""
    root = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Lam Dong\ndc: lamdong\n\n"
    staff = f"dn: ou=people,{BASE}\nobjectClass: organizationalUnit\nou: people\n\n"
    rows = [
        f"dn: uid={local},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {local}\ncn: {local}\nsn: {local}\n"
        f"mail: {local}@lamdong.example\nuserPassword: {password}\n"
        for local, password in passwords.items()
    ]
    return root + staff + "\n".join(rows)


@contextmanager
def slapd(folder: Path, passwords: dict[str, str]) -> Iterator[Slapd]:
    """The server, stopped by its own pid at the end."""
    program = need("slapd", package="slapd")
    adder = need("slapadd", package="slapd")
    data = folder / "data"
    data.mkdir(parents=True)
    certificate, key = folder / "cert.pem", folder / "key.pem"
    make_certificate(certificate, key, ["localhost"], now=datetime.now(UTC))
    config = folder / "slapd.conf"
    schema = "\n".join(
        f"include /etc/ldap/schema/{name}.schema" for name in ("core", "cosine", "inetorgperson")
    )
    config.write_text(
        f"""{schema}
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
allow bind_anon_cred
database mdb
maxsize 10485760
suffix "{BASE}"
rootdn "{SEARCHER}"
rootpw {SEARCHER_PASSWORD}
directory {data}
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{SEARCHER}" read by * none
""",
        encoding="utf-8",
    )
    subprocess.run(
        [adder, "-q", "-f", config], input=people(passwords).encode(), check=True, capture_output=True
    )
    port, tls_port = free_ports(2)
    urls = f"ldap://localhost:{port}/ ldaps://localhost:{tls_port}/"
    process = subprocess.Popen(
        [program, "-h", urls, "-f", config, "-d", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    )
    try:
        _wait(process, port)
        yield Slapd(f"ldap://localhost:{port}", f"ldaps://localhost:{tls_port}", certificate, process)
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "slapd ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("slapd does not accept")

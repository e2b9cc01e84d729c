"""Debian's OpenID Connect provider (glewlwyd) with one client and people of the test's own, on a free port of loopback."""

import http.cookiejar
import json
import sqlite3
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.support.service import free_ports
from tests.support.system import need

SCHEMA = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
CLIENT, CLIENT_SECRET = "congvu", "bi-mat-cua-ung-dung"
PASSWORD = "Mat-khau-o-tinh-1"
ADMIN = ("admin", "password")
START_SECONDS = 30


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


class Visitor:
    """A browser at the provider: cookies, JSON, and redirects that are looked at."""

    def __init__(self, base: str) -> None:
        self.base = base
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar, _NoRedirect)

    def ask(self, path: str, body: Any = None, method: str = "") -> tuple[int, str, str]:
        """Status, Location and body."""
        data = None if body is None else json.dumps(body).encode()
        url = path if path.startswith("http") else f"{self.base}{path}"
        request = urllib.request.Request(
            url,
            data,
            {"Content-Type": "application/json"},
            method=method or ("GET" if data is None else "POST"),
        )
        try:
            with self._opener.open(request, timeout=20) as answer:
                return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers.get("Location", ""), refused.read().decode()

    def must(self, path: str, body: Any = None, method: str = "") -> str:
        status, _, text = self.ask(path, body, method)
        assert status == 200, (path, status, text)
        return text


@dataclass(frozen=True)
class Glewlwyd:
    """A running provider."""

    base: str

    @property
    def issuer(self) -> str:
        return f"{self.base}/api/oidc"

    def signs_in(self, name: str, departure: str) -> str:
        """What the person does there: signs in, agrees, and is sent back; the address that the browser then asks for."""
        visitor = Visitor(self.base)
        visitor.must("/api/auth", {"username": name, "password": PASSWORD})
        visitor.must(f"/api/auth/grant/{CLIENT}", {"scope": "openid email"}, "PUT")
        status, location, text = visitor.ask(departure)
        assert status == 302, text
        if "login.html" in location:  # it asks once more, and would go on by itself
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)
            _, location, _ = visitor.ask(query["callback_url"][0] + "&g_continue")
        return location


@contextmanager
def glewlwyd(folder: Path, people: dict[str, tuple[str, bool]], redirect_uri: str) -> Iterator[Glewlwyd]:
    """The provider, stopped by its own pid; `people` by name: address, and whether the provider verified it."""
    program = need("glewlwyd", package="glewlwyd")
    (folder / "middleware").mkdir(parents=True)
    schema = SCHEMA.read_text("utf-8").replace(
        '"data-format":{"picture"',
        '"data-format":{"email-verified":{"multiple":false,"read":true,"write":true},"picture"',
    )
    with sqlite3.connect(folder / "glewlwyd.db") as database:
        database.executescript(schema)
    database.close()
    port = free_ports(1)[0]
    base = f"http://localhost:{port}"
    config = folder / "glewlwyd.conf"
    config.write_text(_config(port, base, folder / "glewlwyd.db"), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "-c", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _arrange(process, Visitor(base), people, redirect_uri)
        yield Glewlwyd(base)
    finally:
        process.terminate()
        process.wait(20)


def _config(port: int, base: str, database: Path) -> str:
    modules = "/usr/lib/glewlwyd"
    return f"""
port={port}
bind_address="127.0.0.1"
external_url="{base}"
login_url="login.html"
api_prefix="api"
static_files_path="/usr/share/glewlwyd/webapp/"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_session_authentication="cookie"
profile_session_authentication="cookie"
allow_multiple_user_per_session=true
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{modules}/user"
user_middleware_module_path="{database.parent / "middleware"}"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
hash_algorithm="SHA512"
database = {{ type = "sqlite3" path = "{database}" }};
"""


def _arrange(
    process: subprocess.Popen[bytes], admin: Visitor, people: dict[str, tuple[str, bool]], redirect_uri: str
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "glewlwyd ended"
        try:
            admin.must("/api/auth", {"username": ADMIN[0], "password": ADMIN[1]})
            break
        except urllib.error.URLError:
            assert time.monotonic() < deadline, "glewlwyd does not accept"
    key = rsa.generate_private_key(65537, 2048)
    claim = {
        "name": "email_verified",
        "user-property": "email-verified",
        "type": "boolean",
        "boolean-value-true": "1",
        "boolean-value-false": "0",
        "mandatory": True,
        "on-demand": False,
        "scope": [],
    }
    parameters = {
        "iss": f"{admin.base}/api/oidc",
        "jwt-type": "rsa",
        "jwt-key-size": "256",
        "key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "cert": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "access-token-duration": 3600,
        "refresh-token-duration": 3600,
        "code-duration": 600,
        "refresh-token-rolling": True,
        "allow-non-oidc": False,
        "auth-type-code-enabled": True,
        "auth-type-refresh-enabled": True,
        "pkce-allowed": True,
        "pkce-method-plain-allowed": False,
        "subject-type": "public",
        "email-claim": "mandatory",
        "name-claim": "no",
        "scope-claim": "no",
        "claims": [claim],
    }
    plugin = {"module": "oidc", "name": "oidc", "display_name": "OIDC", "parameters": parameters}
    admin.must("/api/mod/plugin/", plugin)
    admin.must("/api/scope/", {"name": "email", "display_name": "E-mail", "password_required": False})
    client = {
        "client_id": CLIENT,
        "name": "Congvu",
        "enabled": True,
        "confidential": True,
        "password": CLIENT_SECRET,
        "redirect_uri": [redirect_uri],
        "authorization_type": ["code"],
        "token_endpoint_auth_method": ["client_secret_basic"],
        "scope": [],
    }
    admin.must("/api/client/", client)
    for name, (address, verified) in people.items():
        person = {"username": name, "password": PASSWORD, "email": address, "enabled": True}
        admin.must(
            "/api/user/",
            person | {"scope": ["openid", "email", "g_profile"], "email-verified": str(int(verified))},
        )

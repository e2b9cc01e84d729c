"""A PostgreSQL of the tests' own: Debian's, on a socket in a temporary folder, one fresh database per test.

Use it by naming the fixtures in a conftest: ``from tests.support.postgres import postgres_server, postgres_url``.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from mailsvc.storage import migrate
from mailsvc.storage.database import Database
from tests.support.system import need

_USER = "congvu"
# Nothing here has to survive a power cut.
_OPTIONS = (
    "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c listen_addresses='' -c shared_buffers=32MB"
    " -c max_connections=50 -c autovacuum=off -c logging_collector=off"
)


@dataclass
class PostgresServer:
    """A running server; `create_database` gives the URL of a new, empty database."""

    folder: Path
    numbers: Iterator[int] = field(default_factory=count)
    _with_schema: str = ""

    def url(self, database: str) -> str:
        return f"postgresql://{_USER}@/{database}?host={self.folder}"

    def create_database(self) -> str:
        name = f"test{next(self.numbers)}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def create_store_database(self) -> str:
        """The URL of a database with the schema of a store; it is made once and then copied, which takes a twentieth."""
        if not self._with_schema:
            url = self.create_database()
            migrate.upgrade(Database(self.folder, url.replace("postgresql://", "postgresql+psycopg://", 1)))
            self._with_schema = _name(url)
        name = f"test{next(self.numbers)}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {self._with_schema}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        self._administer(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as db:
            db.execute(statement.encode())


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root: as root, run it as Debian's user for it."""
    if os.geteuid() != 0:
        return []
    return [need("setpriv", package="util-linux"), "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the session, started on first use."""
    initdb = need("initdb", package="postgresql")
    pg_ctl = need("pg_ctl", package="postgresql")
    run_as = _as_postgres()
    folder = Path(tempfile.mkdtemp(prefix="congvu-pg-"))
    try:
        if run_as:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        # --locale=C: collation and case rules must not depend on the machine.
        init = [
            initdb,
            "-D",
            str(data),
            "-U",
            _USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "-N",
        ]
        subprocess.run([*run_as, *init], check=True, capture_output=True, cwd=folder)
        start = [
            pg_ctl,
            "-D",
            str(data),
            "-l",
            str(folder / "log"),
            "-o",
            f"{_OPTIONS} -k {folder}",
            "-w",
            "-t",
            "60",
        ]
        subprocess.run([*run_as, *start, "start"], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        try:
            yield PostgresServer(folder)
        finally:
            stop = [pg_ctl, "-D", str(data), "-m", "immediate", "-w", "stop"]
            subprocess.run([*run_as, *stop], check=False, stdout=subprocess.DEVNULL, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty store for this test (libpq's form; SQLAlchemy wants postgresql+psycopg://)."""
    url = postgres_server.create_store_database()
    yield url
    postgres_server.drop_database(url)

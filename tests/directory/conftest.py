"""A directory in each database: SQLite in memory and Debian's PostgreSQL."""

from collections.abc import Iterator
from datetime import date

import pysqlite3
import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from directory import repository
from directory.tables import metadata
from tests.support.postgres import PostgresServer, postgres_server

__all__ = ["postgres_server"]

TODAY = date(2026, 11, 22)
NOW = 1_795_300_000


@pytest.fixture(scope="session")
def postgres_engine(postgres_server: PostgresServer) -> Engine:
    """The schema, made once; each test rolls back what it did."""
    url = postgres_server.create_database().replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, poolclass=NullPool)
    metadata.create_all(engine)
    return engine


@pytest.fixture(scope="session")
def sqlite_engine() -> Engine:
    engine = create_engine("sqlite+pysqlite://", module=pysqlite3, connect_args={"isolation_level": None})
    event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA foreign_keys=ON"))
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN"))
    metadata.create_all(engine)
    return engine


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A transaction on a database with the schema and nothing in it."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    with engine.connect() as conn, conn.begin() as transaction:
        yield conn
        transaction.rollback()


@pytest.fixture
def conn(empty: Connection) -> Connection:
    """A directory with one domain."""
    repository.add_domain(empty, "lamdong.gov.vn", NOW, lambda _conn, _ids: None)
    return empty

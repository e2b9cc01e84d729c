"""Bring a store's schema to this version (Alembic). Migrations are numbered, additive and forward only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from mailsvc.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mailsvc.storage.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = tuple(sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def upgrade(database: Database) -> None:
    """Run the migrations that are missing, in one transaction."""
    with database.connect() as connection:
        if current(connection) == REVISIONS[-1]:
            return
        begin = "BEGIN EXCLUSIVE" if database.is_sqlite else "BEGIN"
        connection.exec_driver_sql(begin)
        try:
            refuse_newer(connection)
            _run_alembic(connection)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def check(database: Database) -> None:
    """Refuse a database that this version cannot read, or that needs `congvu upgrade` first; nothing is touched."""
    if database.is_sqlite and not database.path.exists():
        raise StoreUnavailable(
            f"không có {database.path}: phục hồi vào thư mục trống, congvu restore DIR2 / "
            f"{database.path} is missing: restore into an empty place, congvu restore DIR2"
        )
    try:
        with database.connect() as connection:
            refuse_newer(connection)
            here = current(connection)
    except DBAPIError as error:
        raise StoreUnavailable(
            f"không đọc được cơ sở dữ liệu ({error.orig}): kiểm tra ổ đĩa, hoặc congvu restore DIR2 vào thư mục trống / "
            f"the database cannot be read ({error.orig}): see to the disk, or congvu restore DIR2 into an empty place"
        ) from error
    if here != REVISIONS[-1]:
        raise StoreUnavailable("lược đồ cũ, hãy chạy: congvu upgrade / old schema, run: congvu upgrade")


def refuse_newer(connection: Connection) -> None:
    """Refuse a schema that a newer version made."""
    here = current(connection)
    if here is not None and here not in REVISIONS:
        raise StoreUnavailable(
            f"lược đồ {here} mới hơn phiên bản này, hãy cài bản Congvu mới hơn / "
            f"schema {here} is newer than this version, install a newer Congvu"
        )


def current(connection: Connection) -> str | None:
    """The revision of the database; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


def _run_alembic(connection: Connection) -> None:
    from alembic import command  # 10 MB that a running service does not need
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

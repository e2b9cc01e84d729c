"""Whole tables of rows at once: ids ahead of time, and lists cut to what a statement may carry."""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Connection, Row, Select, Table, bindparam, insert, text, update
from sqlalchemy.engine import Compiled

T = TypeVar("T")
AnyRow: TypeAlias = Row[*tuple[Any, ...]]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
CHUNK: Final = 500  # bound values of one IN list


def allocate_ids(conn: Connection, table: Table, count: int) -> range | list[int]:
    """`count` ids that no row of `table` has or ever had, for rows that refer to one another.

    Only inside a write transaction: SQLite has one writer, PostgreSQL takes them from the sequence.
    """
    if not count:
        return range(0)
    if conn.dialect.name == "postgresql":
        wanted = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
        return [int(row[0]) for row in conn.execute(wanted, {"name": table.name, "count": count})]
    used = conn.execute(
        text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
    ).scalar()
    first = int(used or 0) + 1
    return range(first, first + count)


def insert_rows(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """One executemany; every row has the same columns, and values that the drivers take as they are."""
    if rows:
        statement = insert(table).compile(dialect=conn.dialect, column_keys=list(rows[0]))
        _execute_many(conn, statement, rows)


def update_rows(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """One executemany that sets the other columns of the rows with these ids."""
    if rows:
        columns = [name for name in rows[0] if name != "id"]
        change = (
            update(table)
            .where(table.c.id == bindparam("id"))
            .values({name: bindparam(f"new_{name}") for name in columns})
        )
        renamed = [{"id": row["id"], **{f"new_{name}": row[name] for name in columns}} for row in rows]
        _execute_many(conn, change.compile(dialect=conn.dialect), renamed)


def _execute_many(conn: Connection, statement: Compiled, rows: Sequence[Mapping[str, Any]]) -> None:
    """Past SQLAlchemy's work on each value, which costs more than the database does (52,000 rows: 0.9 s of 1.5)."""
    order = getattr(statement, "positiontup", None)
    if order:
        pick = itemgetter(*order) if len(order) > 1 else (lambda row: (row[order[0]],))
        conn.exec_driver_sql(str(statement), [pick(row) for row in rows])
    else:
        conn.exec_driver_sql(str(statement), [dict(row) for row in rows])


def insert_one(conn: Connection, table: Table, **values: Any) -> int:
    """One row; its id."""
    return int(conn.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def can_be_stored(text: str) -> bool:
    """Whether both databases can be asked for this text: no NUL, and characters that UTF-8 has."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]

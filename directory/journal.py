"""What an act changes in the directory, row by row: the same value applies it, shows drift and undoes it.

An act is the difference of two pictures of the tables. Reorganisations are worked out on a picture and written from the
difference; imports write first, and the difference is what undoing needs.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, literal, select

from directory.repository.rows import allocate_ids, chunks, insert_rows, update_rows
from directory.tables import (
    absences,
    accounts,
    addresses,
    administrators,
    delegations,
    departures,
    group_members,
    group_people,
    groups,
    person_identifiers,
    persons,
    place_successions,
    place_versions,
    places,
    posts,
    unit_identifiers,
    unit_successions,
    unit_versions,
    units,
)

_PASSING: Final = frozenset(
    {
        "password_hash",
        "must_change_password",
        "password_changed_at",
        "last_login_at",
        "locked_at",
        "archived_at",
        "credentials_epoch",
    }
)
"""Columns of an account that are its own life, not the structure."""

ORDER: Final = (
    places,
    place_versions,
    place_successions,
    units,
    unit_versions,
    unit_identifiers,
    unit_successions,
    persons,
    person_identifiers,
    posts,
    absences,
    accounts,
    groups,
    addresses,
    group_members,
    group_people,
    delegations,
    departures,
    administrators,
)
"""The tables that make the structure; a row refers only to tables before its own ."""
TABLES: Final[Mapping[str, Table]] = {table.name: table for table in ORDER}
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    table.name: tuple(column.name for column in table.c if column.name not in _PASSING) for table in ORDER
}

Row = dict[str, Any]
Picture = dict[str, dict[int, Row]]
"""Every row of the tables looked at, by table and id."""


@dataclass(frozen=True, slots=True)
class Altered:
    """A row that stays, and the columns in which it differs."""

    id: int
    before: Row
    after: Row


@dataclass(slots=True)
class TableChanges:
    """What happens in one table."""

    created: list[Row] = field(default_factory=list)
    altered: list[Altered] = field(default_factory=list)
    deleted: list[Row] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.created or self.altered or self.deleted)


@dataclass(frozen=True, slots=True)
class Drift:
    """A row that is not as it was left: (table, id, what was expected)."""

    table: str
    id: int
    expected: Row


@dataclass(frozen=True, slots=True)
class Journal:
    """The rows an act creates, alters and deletes."""

    tables: dict[str, TableChanges] = field(default_factory=dict)

    def of(self, table: Table) -> TableChanges:
        """The changes of one table, perhaps none."""
        return self.tables.get(table.name) or TableChanges()

    def __bool__(self) -> bool:
        return any(self.tables.values())

    def to_json(self) -> str:
        """The journal as it is kept with its plan; it holds no password or hash, for no picture does."""
        body = {
            name: {
                "created": changes.created,
                "altered": [[item.id, item.before, item.after] for item in changes.altered],
                "deleted": changes.deleted,
            }
            for name, changes in self.tables.items()
            if changes
        }
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Journal:
    """A journal that was kept."""
    return Journal(
        {
            name: TableChanges(
                created=body["created"],
                altered=[Altered(*item) for item in body["altered"]],
                deleted=body["deleted"],
            )
            for name, body in json.loads(text).items()
        }
    )


def take(conn: Connection, tables: Iterable[Table] = ORDER) -> Picture:
    """The rows as they are; a province of 6,041 boxes takes some 0.1 s."""
    picture: Picture = {}
    for table in tables:
        names = COLUMNS[table.name]
        query = select(*(table.c[name] for name in names))
        compiled = str(query.compile(dialect=conn.dialect))
        picture[table.name] = {
            row[0]: dict(zip(names, row, strict=True)) for row in conn.exec_driver_sql(compiled)
        }
    return picture


def difference(before: Picture, after: Picture) -> Journal:
    """What leads from one picture to the other."""
    found: dict[str, TableChanges] = {}
    for name, rows in after.items():
        old = before[name]
        changes = TableChanges()
        for key, row in rows.items():
            was = old.get(key)
            if was is None:
                changes.created.append(row)
            elif was != row:
                differing = [column for column, value in row.items() if was[column] != value]
                changes.altered.append(
                    Altered(key, {c: was[c] for c in differing}, {c: row[c] for c in differing})
                )
        changes.deleted.extend(row for key, row in old.items() if key not in rows)
        if changes:
            found[name] = changes
    return Journal(found)


def inverse(journal: Journal) -> Journal:
    """What takes it back."""
    return Journal(
        {
            name: TableChanges(
                created=changes.deleted,
                altered=[Altered(item.id, item.after, item.before) for item in changes.altered],
                deleted=changes.created,
            )
            for name, changes in journal.tables.items()
        }
    )


def drift(conn: Connection, journal: Journal, *, undoing: bool) -> list[Drift]:
    """The rows of the journal that are not as it expects: its before, or its after when it is to be undone."""
    found: list[Drift] = []
    for name, changes in journal.tables.items():
        expected = {item.id: item.after if undoing else item.before for item in changes.altered}
        expected |= {row["id"]: row for row in (changes.created if undoing else changes.deleted)}
        present = rows_by_id(conn, TABLES[name], list(expected))
        found += [
            Drift(name, key, row)
            for key, row in expected.items()
            if (now := present.get(key)) is None or any(now[column] != row[column] for column in row)
        ]
    return found


def rows_by_id(conn: Connection, table: Table, ids: Sequence[int]) -> dict[int, Row]:
    """Some rows of one table, by id."""
    names = COLUMNS[table.name]
    found: dict[int, Row] = {}
    for some in chunks(ids):
        query = select(*(table.c[name] for name in names)).where(table.c.id.in_(list(some)))
        found |= {row[0]: dict(zip(names, row, strict=True)) for row in conn.execute(query)}
    return found


def write(conn: Connection, journal: Journal) -> Journal:
    """Make a journal true whose created rows have negative ids where they have none yet; the journal with real ids.

    Deletions come first and insertions last, so that a row which takes another's place finds it empty.
    """
    real: dict[int, int] = {}
    for table in ORDER:
        fresh = [row for row in journal.of(table).created if row["id"] < 0]
        real |= dict(
            zip((row["id"] for row in fresh), allocate_ids(conn, table, len(fresh)), strict=True)
        )  # temporary ids are unique across the tables
    for table in reversed(ORDER):
        delete_rows(conn, table, [row["id"] for row in journal.of(table).deleted])
    written: dict[str, TableChanges] = {}
    for table in ORDER:
        changes = journal.of(table)
        if not changes:
            continue
        done = TableChanges(
            created=[_with_real(row, real, table) for row in changes.created],
            altered=[
                Altered(item.id, item.before, _with_real(item.after, real, table)) for item in changes.altered
            ],
            deleted=changes.deleted,
        )
        update_mixed(conn, table, [(item.id, item.after) for item in done.altered])
        insert_rows(conn, table, done.created)
        written[table.name] = done
    return Journal(written)


def _with_real(row: Row, real: Mapping[int, int], table: Table) -> Row:
    if not real:
        return row
    return {
        name: real.get(value, value)
        if isinstance(value, int) and value < 0 and (name == "id" or table.c[name].foreign_keys)
        else value
        for name, value in row.items()
    }


def update_mixed(conn: Connection, table: Table, changed: Iterable[tuple[int, Row]]) -> None:
    """Updates of different columns, one statement for each set of columns; what becomes primary comes last."""
    by_columns: dict[tuple[bool, tuple[str, ...]], list[Row]] = {}
    for key, values in changed:
        group = _claims(values), tuple(sorted(values))
        by_columns.setdefault(group, []).append({"id": key, **values})
    for (_, columns), rows in sorted(by_columns.items(), key=lambda item: item[0]):
        update_rows(conn, table, [{name: row[name] for name in ("id", *columns)} for row in rows])


def _claims(values: Row) -> bool:
    """Whether a row takes a place that only one may have: the primary post of a person, the primary address of a box."""
    return values.get("is_primary") == 1 or values.get("kind") == "primary"


def delete_rows(conn: Connection, table: Table, ids: Sequence[int]) -> None:
    """Rows out of one table."""
    for some in chunks(ids):
        conn.execute(delete(table).where(table.c.id.in_(list(some))))


def refers(conn: Connection, table: Table, column: str, ids: Sequence[int], where: Any = None) -> set[int]:
    """The ids of rows of a table whose column names one of `ids`."""
    found: set[int] = set()
    for some in chunks(ids):
        query = select(table.c.id).where(
            table.c[column].in_(list(some)), where if where is not None else literal(1) == 1
        )
        found |= {int(row[0]) for row in conn.execute(query)}
    return found

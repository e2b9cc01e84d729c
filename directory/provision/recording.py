"""What an import changes, kept so that it can be undone: a picture before, a picture after, their difference."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, Table

from directory import audit
from directory.journal import Journal, difference, take
from directory.tables import (
    accounts,
    addresses,
    person_identifiers,
    persons,
    place_versions,
    places,
    posts,
    unit_identifiers,
    unit_versions,
    units,
)

UNIT_TABLES: Final = (places, place_versions, units, unit_versions, unit_identifiers)
ACCOUNT_TABLES: Final = (persons, person_identifiers, posts, accounts, addresses)
_OF_NEW_ACCOUNT: Final = ("id", "kind", "unit_id", "person_id", "display_name")


@dataclass(slots=True)
class Recorded:
    """Filled when the block ends."""

    journal: Journal = field(default_factory=Journal)


@contextmanager
def recording(conn: Connection, tables: tuple[Table, ...]) -> Iterator[Recorded]:
    """Note what the block changes in these tables; no other transaction writes to the directory meanwhile."""
    audit.hold(conn)
    before = take(conn, tables)
    recorded = Recorded()
    yield recorded
    journal = difference(before, take(conn, tables))
    if persons.name in journal.tables:
        journal.of(persons).created.clear()  # a person stays known; only the box is taken back
    new = journal.of(accounts).created
    new[:] = [{name: row[name] for name in _OF_NEW_ACCOUNT} for row in new]
    recorded.journal = journal

"""What an import changes, kept so that it can be undone: a picture before, a picture after, their difference."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select

from directory import audit
from directory.journal import COLUMNS, Journal, Picture, TableChanges, difference, take
from directory.provision.plan import AccountPlan
from directory.provision.staging import Staged
from directory.repository.rows import chunks
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
_FEW: Final = 2_000  # changed boxes up to which their rows are looked for one by one


@dataclass(slots=True)
class Recorded:
    """Filled when the block ends."""

    journal: Journal = field(default_factory=Journal)
    note: Journal | None = None  # rows that whoever applies a staged plan writes down


@contextmanager
def recording(conn: Connection, tables: tuple[Table, ...]) -> Iterator[Recorded]:
    """Note what the block changes in these tables; no other transaction writes to the directory meanwhile."""
    audit.hold(conn)
    before = take(conn, tables)
    recorded = Recorded()
    yield recorded
    recorded.journal = as_kept(difference(before, take(conn, tables)))


@contextmanager
def recording_accounts(
    conn: Connection, plan: AccountPlan, staged: Staged | None = None
) -> Iterator[Recorded]:
    """The same of a plan of boxes, without looking at the rows that it leaves alone."""
    altered = len(plan.changes) + len(plan.moves) + len(plan.locks)
    if altered > _FEW:
        with recording(conn, ACCOUNT_TABLES) as recorded:
            yield recorded
    else:
        audit.hold(conn)
        boxes = [change.account_id for change in (*plan.changes, *plan.moves)]
        boxes += [lock.account_id for lock in plan.locks]
        people = _people_of(conn, boxes)
        claimed = [new.address.key for new in plan.creates if new.claims_reserved]
        noted = Journal({}) if staged is not None else None
        last = None if noted is not None else {table: _last_id(conn, table) for table in ACCOUNT_TABLES}
        before = _picture(conn, boxes, people, claimed, None)
        recorded = Recorded(note=noted)
        yield recorded
        recorded.journal = as_kept(difference(before, _picture(conn, boxes, people, claimed, last)))
        _add_noted(recorded.journal, noted)
    if staged is not None:  # inserted before, so that no picture shows them as new
        _add_staged(recorded.journal, plan, staged)


def _add_noted(journal: Journal, noted: Journal | None) -> None:
    for name, changes in noted.tables.items() if noted is not None else ():
        mine = journal.tables.setdefault(name, TableChanges())
        known = {row["id"] for row in mine.created}
        mine.created.extend(row for row in changes.created if row["id"] not in known)


def _add_staged(journal: Journal, plan: AccountPlan, staged: Staged) -> None:
    known = {row["id"] for row in journal.of(accounts).created}
    new = [
        {
            "id": number,
            "kind": made.kind.value,
            "unit_id": made.unit_id,
            "person_id": staged.person_ids.get(number),
            "display_name": made.display_name,
        }
        for made, number in zip(plan.creates, staged.account_ids, strict=True)
        if number not in known
    ]
    changes = journal.of(accounts)
    changes.created.extend(new)
    switched = {row["id"] for row in new}
    changes.altered[:] = [item for item in changes.altered if item.id not in switched]
    journal.tables[accounts.name] = changes


def as_kept(journal: Journal) -> Journal:
    """The journal as it is kept for undoing: of new boxes, only what must not have changed."""
    if persons.name in journal.tables:
        journal.of(persons).created.clear()  # a person stays known; only the box is taken back
    new = journal.of(accounts).created
    new[:] = [{name: row[name] for name in _OF_NEW_ACCOUNT} for row in new]
    return journal


def _people_of(conn: Connection, boxes: Sequence[int]) -> list[int]:
    found: list[int] = []
    for some in chunks(boxes):
        chosen = accounts.c.id.in_(list(some)) & accounts.c.person_id.is_not(None)
        found += conn.execute(select(accounts.c.person_id).where(chosen)).scalars()
    return found


def _last_id(conn: Connection, table: Table) -> int:
    return int(conn.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def _picture(
    conn: Connection,
    boxes: Sequence[int],
    people: Sequence[int],
    claimed: Sequence[str],
    after: dict[Table, int] | None,
) -> Picture:
    """The rows of these boxes and people, and (`after` given) those that are new since."""
    wanted: tuple[tuple[Table, ColumnElement[Any], Sequence[Any]], ...] = (
        (persons, persons.c.id, people),
        (person_identifiers, person_identifiers.c.person_id, people),
        (posts, posts.c.person_id, people),
        (accounts, accounts.c.id, boxes),
        (addresses, addresses.c.account_id, boxes),
        (addresses, addresses.c.key, claimed),
    )
    picture: Picture = {table.name: {} for table in ACCOUNT_TABLES}
    for table, column, keys in wanted:
        for some in chunks(keys):
            _read(conn, table, [column.in_(list(some))], picture)
    for table, last in (after or {}).items():
        _read(conn, table, [table.c.id > last], picture)
    return picture


def _read(conn: Connection, table: Table, where: Iterable[ColumnElement[bool]], into: Picture) -> None:
    names = COLUMNS[table.name]
    for row in conn.execute(select(*(table.c[name] for name in names)).where(or_(*where))):
        into[table.name][row[0]] = dict(zip(names, row, strict=True))

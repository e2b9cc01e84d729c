"""A picture of the directory that can be written on; what was written comes out as a journal."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import Table

from directory.journal import COLUMNS, Altered, Journal, Picture, Row, TableChanges
from directory.model import AccountState, AddressKind
from directory.tables import accounts, addresses, place_versions, places, posts, unit_versions, units


class Draft:
    """Rows as they will be. New ones have negative ids until they are written."""

    def __init__(self, picture: Picture, on: date, at: int) -> None:
        self.on = on
        self.day = on.isoformat()
        self.at = at
        self._before = picture
        self._now: Picture = {name: dict(rows) for name, rows in picture.items()}
        self._last_id = 0
        self.id_of_code: dict[str, int] = {row["code"]: row["id"] for row in self.rows(units)}
        self.code_of: dict[int, str] = {number: code for code, number in self.id_of_code.items()}
        self.place_of_code: dict[str, int] = {row["code"]: row["id"] for row in self.rows(places)}
        self._versions: defaultdict[int, list[int]] = defaultdict(list)
        for row in sorted(self.rows(unit_versions), key=lambda row: row["valid_from"]):
            self._versions[row["unit_id"]].append(row["id"])
        self.account_of_key: dict[str, int] = {
            row["key"]: row["account_id"]
            for row in self.rows(addresses)
            if row["account_id"] is not None and row["kind"] != AddressKind.RETIRED.value
        }
        self.keys = {row["key"] for row in self.rows(addresses)}
        self._primary: dict[int, str] = {
            row["account_id"]: f"{row['local']}@{row['domain']}"
            for row in self.rows(addresses)
            if row["kind"] == AddressKind.PRIMARY.value and row["account_id"] is not None
        }
        self._held: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
        self._indexes: dict[tuple[str, str], defaultdict[int, set[int]]] = {}

    # -- rows

    def rows(self, table: Table) -> Iterator[Row]:
        """Every row of a table as it will be."""
        return iter(list(self._now[table.name].values()))

    def get(self, table: Table, key: int) -> Row:
        """One row as it will be."""
        return self._now[table.name][key]

    def by(self, table: Table, column: str, value: int) -> list[Row]:
        """The rows whose column has this value, by id; found through an index."""
        index = self._indexes.get((table.name, column))
        if index is None:
            index = defaultdict(set)
            for row in self._now[table.name].values():
                if row[column] is not None:
                    index[row[column]].add(row["id"])
            self._indexes[table.name, column] = index
        rows = self._now[table.name]
        return [rows[key] for key in sorted(index[value])]

    def put(self, table: Table, key: int, **values: Any) -> None:
        """Write on a row."""
        old = self._now[table.name][key]
        self._reindex(table, old, add=False)
        self._now[table.name][key] = old | values
        self._reindex(table, old | values, add=True)

    def add(self, table: Table, **values: Any) -> int:
        """A new row, every column of it given."""
        self._last_id -= 1
        row = dict.fromkeys(COLUMNS[table.name]) | values | {"id": self._last_id}
        self._now[table.name][self._last_id] = row
        self._reindex(table, row, add=True)
        return self._last_id

    def drop(self, table: Table, key: int) -> None:
        """A row that will be gone."""
        self._reindex(table, self._now[table.name].pop(key), add=False)

    def _reindex(self, table: Table, row: Row, *, add: bool) -> None:
        for (name, column), index in self._indexes.items():
            if name == table.name and row[column] is not None:
                index[row[column]].add(row["id"]) if add else index[row[column]].discard(row["id"])

    def journal(self) -> Journal:
        """Everything written, as changes of rows."""
        found: dict[str, TableChanges] = {}
        for name, rows in self._now.items():
            before = self._before[name]
            changes = TableChanges()
            for key, row in rows.items():
                old = before.get(key)
                if old is None:
                    changes.created.append(row)
                elif old is not row and old != row:
                    columns = [column for column in row if old[column] != row[column]]
                    changes.altered.append(
                        Altered(key, {c: old[c] for c in columns}, {c: row[c] for c in columns})
                    )
            changes.deleted.extend(row for key, row in before.items() if key not in rows)
            if changes:
                found[name] = changes
        return Journal(found)

    # -- units

    def version(self, unit_id: int) -> Row | None:
        """The version of a unit in force on the day."""
        for key in self._versions[unit_id]:
            row = self._now["unit_versions"][key]
            if row["valid_from"] <= self.day and (row["valid_to"] is None or self.day < row["valid_to"]):
                return row
        return None

    def changes_after(self, unit_id: int) -> str | None:
        """The first day after the day on which something of the unit is already decided."""
        later = [row["valid_from"] for row in self._history(unit_id) if row["valid_from"] > self.day]
        return min(later, default=None)

    def _history(self, unit_id: int) -> Iterable[Row]:
        return (self._now["unit_versions"][key] for key in self._versions[unit_id])

    def revise(self, unit_id: int, **values: Any) -> None:
        """A unit is otherwise from the day on; what began on the day is corrected in place."""
        row = self.version(unit_id)
        if row is None or all(row[name] == value for name, value in values.items()):
            return
        if row["valid_from"] == self.day:
            self.put(unit_versions, row["id"], **values)
            return
        self.put(unit_versions, row["id"], valid_to=self.day)
        new = self.add(unit_versions, **{**row, **values, "valid_from": self.day})
        self._versions[unit_id].append(new)

    def end_unit(self, unit_id: int) -> None:
        """A unit is no longer in force on the day."""
        row = self.version(unit_id)
        if row is not None:
            self.put(unit_versions, row["id"], valid_to=self.day)

    def ancestors(self, unit_id: int) -> Iterator[int]:
        """The units above one, nearest first, also those that end on the day."""
        seen = {unit_id}
        current = self._last_parent(unit_id)
        while current is not None and current not in seen:
            yield current
            seen.add(current)
            current = self._last_parent(current)

    def _last_parent(self, unit_id: int) -> int | None:
        row = self.version(unit_id)
        if row is None:
            history = [item for item in self._history(unit_id) if item["valid_from"] <= self.day]
            row = history[-1] if history else None
        parent: int | None = None if row is None else row["parent_id"]
        return parent

    def place_version(self, place_id: int) -> Row | None:
        """The version of a place in force on the day."""
        return next(
            (
                row
                for row in self.by(place_versions, "place_id", place_id)
                if row["valid_from"] <= self.day and (row["valid_to"] is None or self.day < row["valid_to"])
            ),
            None,
        )

    # -- boxes

    def address(self, account_id: int) -> str:
        """The main address of a box."""
        return self._primary.get(account_id, f"account {account_id}")

    def live_accounts(self, unit_id: int) -> list[Row]:
        """The boxes of a unit that are not archived."""
        return [
            row
            for row in self.by(accounts, "unit_id", unit_id)
            if row["state"] != AccountState.ARCHIVED.value
        ]

    def open_posts(self, unit_id: int) -> list[Row]:
        """The posts held in a unit on the day or decided for later."""
        return [
            row
            for row in self.by(posts, "unit_id", unit_id)
            if row["valid_to"] is None or row["valid_to"] > self.day
        ]

    def held_before(self, unit_id: int, role: str | None) -> set[int]:
        """The persons who held a role in a unit on the day, before anything was written."""
        if not self._held:
            for row in self._before[posts.name].values():
                if row["valid_from"] <= self.day and (row["valid_to"] is None or row["valid_to"] > self.day):
                    self._held[row["unit_id"], row["role"]].add(row["person_id"])
        return self._held.get((unit_id, role or ""), set())

    def same_branch(self, one: int, other: int) -> bool:
        """Whether two units are of one branch, also where the first has just ended."""
        branches = []
        for unit_id in (one, other):
            history = [row for row in self._history(unit_id) if row["valid_from"] <= self.day]
            branches.append(history[-1]["branch"] if history else None)
        return branches[0] is not None and branches[0] == branches[1]

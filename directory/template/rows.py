"""New rows of a journal: every column given, ids negative until they are written."""

from typing import Any

from sqlalchemy import Table

from directory.journal import COLUMNS, Journal, TableChanges


class NewRows:
    """Collects what a plan creates."""

    def __init__(self) -> None:
        self.journal = Journal({})
        self._last_id = 0

    def add(self, table: Table, **values: Any) -> int:
        """A row with this and the defaults of the schema; its id for now."""
        self._last_id -= 1
        row = {name: _default(table, name) for name in COLUMNS[table.name]}
        row |= values | {"id": self._last_id}
        self.journal.tables.setdefault(table.name, TableChanges()).created.append(row)
        return self._last_id


def _default(table: Table, name: str) -> Any:
    column = table.c[name]
    given = getattr(column.server_default, "arg", None)
    if given is None:
        return None
    text = str(getattr(given, "text", given)).strip("'")
    return int(text) if issubclass(column.type.python_type, int) else text

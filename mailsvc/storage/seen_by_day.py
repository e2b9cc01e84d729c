"""What was seen of other domains, counted by day, until it is reported to them (RFC 9990, RFC 8460)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from mailsvc.storage.edge_tables import dmarc_seen, tls_seen
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Table

    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

Key = tuple[str, ...]


class SeenByDay:
    """Counts in one of the two tables: a key of texts that begins with the day and the domain, and a number."""

    def __init__(self, table: Table) -> None:
        *keys, counter = table.columns.keys()
        self.keys = tuple(keys)
        self._counter = counter
        values: dict[str, Any] = {name: bindparam(name) for name in (*keys, counter)}
        more = {counter: table.c[counter] + bindparam(counter)}
        self._add = {
            name: Statement(
                make(table).values(values).on_conflict_do_update(index_elements=list(keys), set_=more)
            )
            for name, make in (("sqlite", sqlite_insert), ("postgresql", pg_insert))
        }
        self._finished = Statement(
            select(table.c.day, table.c.domain)
            .where(table.c.day < bindparam("today"))
            .distinct()
            .order_by(table.c.day, table.c.domain)
        )
        of_domain = (table.c.day == bindparam("of_day"), table.c.domain == bindparam("of_domain"))
        self._rows = Statement(select(table).where(*of_domain))
        self._drop = Statement(delete(table).where(*of_domain))

    def add(self, uow: UnitOfWork, counts: Mapping[Key, int]) -> None:
        """Count on."""
        uow.many(
            self._add[uow.store.database.dialect.name],
            (
                {**dict(zip(self.keys, key, strict=True)), self._counter: count}
                for key, count in counts.items()
            ),
        )

    def finished(self, db: Reader, today: str) -> list[tuple[str, str]]:
        """Days before this one, and domains, that wait to be reported."""
        return [(row[0], row[1]) for row in db.rows(self._finished, {"today": today})]

    def rows(self, db: Reader, day: str, domain: str) -> list[tuple[Any, ...]]:
        """What was seen of a domain on a day: the rest of the key, then the count."""
        return [tuple(row[2:]) for row in db.rows(self._rows, {"of_day": day, "of_domain": domain})]

    def drop(self, uow: UnitOfWork, day: str, domain: str) -> None:
        """It was reported, or nobody wants to know."""
        uow.run(self._drop, {"of_day": day, "of_domain": domain})


DMARC = SeenByDay(dmarc_seen)
TLS = SeenByDay(tls_seen)

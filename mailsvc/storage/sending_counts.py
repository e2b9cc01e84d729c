"""How much accounts and units have sent in the windows that limits are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from mailsvc.storage.edge_tables import sending_counts
from mailsvc.storage.statement import Statement

if TYPE_CHECKING:
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

MINUTE, DAY = 60, 86_400
_c = sending_counts
_row: dict[str, Any] = {
    name: bindparam(name) for name in ("subject", "seconds", "starts_at", "letters", "outside")
}
_more: dict[str, Any] = {
    "letters": _c.c.letters + bindparam("letters"),
    "outside": _c.c.outside + bindparam("outside"),
}
_KEY = ["subject", "seconds", "starts_at"]
COUNT = {
    "sqlite": Statement(
        sqlite_insert(_c)
        .values(_row)
        .on_conflict_do_update(index_elements=_KEY, set_=_more)
        .returning(_c.c.letters, _c.c.outside)
    ),
    "postgresql": Statement(
        pg_insert(_c)
        .values(_row)
        .on_conflict_do_update(index_elements=_KEY, set_=_more)
        .returning(_c.c.letters, _c.c.outside)
    ),
}
SUM = Statement(
    select(func.coalesce(func.sum(_c.c.outside), 0)).where(
        and_(
            _c.c.subject == bindparam("of_subject"),
            _c.c.seconds == bindparam("of_seconds"),
            _c.c.starts_at > bindparam("since"),
        )
    )
)
FORGET = Statement(delete(_c).where(_c.c.starts_at < bindparam("before")))


def count(uow: UnitOfWork, subject: str, seconds: int, *, letters: int, outside: int) -> tuple[int, int]:
    """Add to the window that is now; letters and recipients outside in it, these included."""
    values = {
        "subject": subject,
        "seconds": seconds,
        "starts_at": uow.clock() // seconds * seconds,
        "letters": letters,
        "outside": outside,
    }
    row = uow.one(COUNT[uow.store.database.dialect.name], values)
    assert row is not None
    return int(row[0]), int(row[1])


def outside_since(db: Reader, subject: str, since: int) -> int:
    """Recipients outside in the minutes after a moment."""
    row = db.one(SUM, {"of_subject": subject, "of_seconds": MINUTE, "since": since})
    return 0 if row is None else int(row[0])


def forget(uow: UnitOfWork, before: int) -> None:
    """Housekeeping."""
    uow.run(FORGET, {"before": before})

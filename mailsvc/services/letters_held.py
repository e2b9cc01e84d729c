"""How many letters boxes hold: for the directory, which must not archive a box in use and does not know of letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from mailsvc.model.ids import AccountId
from mailsvc.storage.tables import mailboxes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mailsvc.storage.unit_of_work import Reader

CHUNK = 500
MANY = 2_000
"""Boxes from which on one look at all mailboxes is quicker than many at some."""


def letters_in(db: Reader) -> Callable[[Sequence[AccountId]], dict[AccountId, int]]:
    """What `directory.provision.prepare_undo` asks: letters by box; a box without any may be left out."""

    def count(account_ids: Sequence[AccountId]) -> dict[AccountId, int]:
        found: dict[AccountId, int] = {}
        if len(account_ids) > MANY:
            total = func.sum(mailboxes.c.exists_count)
            every = select(mailboxes.c.account_id, total).group_by(mailboxes.c.account_id).having(total > 0)
            wanted = set(account_ids)
            return {AccountId(row[0]): int(row[1]) for row in db.conn.execute(every) if row[0] in wanted}
        for start in range(0, len(account_ids), CHUNK):
            query = (
                select(mailboxes.c.account_id, func.sum(mailboxes.c.exists_count))
                .where(mailboxes.c.account_id.in_(list(account_ids[start : start + CHUNK])))
                .group_by(mailboxes.c.account_id)
            )
            found |= {AccountId(row[0]): int(row[1]) for row in db.conn.execute(query)}
        return found

    return count

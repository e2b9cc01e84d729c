"""What mail does when the directory makes accounts: their boxes and folders, in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from directory.model import AccountKind
from directory.tables import accounts
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.ids import AccountId
from mailsvc.storage import mailboxes, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from mailsvc.storage.unit_of_work import UnitOfWork

CHUNK = 500


def on_accounts_created(uow: UnitOfWork) -> Callable[[Connection, Sequence[AccountId]], None]:
    """The hook that the directory's use cases call with the ids of new accounts."""

    def make_boxes(_conn: Connection, account_ids: Sequence[AccountId]) -> None:
        for start in range(0, len(account_ids), CHUNK):
            ids = list(account_ids[start : start + CHUNK])
            rows = uow.conn.execute(
                select(accounts.c.id, accounts.c.quota_octets, accounts.c.kind).where(accounts.c.id.in_(ids))
            )
            mailboxes.add_boxes(
                uow,
                [
                    (AccountId(row[0]), row[1], row[2] in {AccountKind.UNIT.value, AccountKind.POST.value})
                    for row in rows
                ],
            )
        uow.record(DirectoryChanged())

    return make_boxes


def joined_shared_box(uow: UnitOfWork, account: AccountId, viewer: AccountId) -> None:
    """Somebody was given a shared box: what is there already counts as read for them."""
    seen.join(uow, account, viewer)
    uow.record(DirectoryChanged())

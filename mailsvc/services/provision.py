"""What mail does when the directory makes accounts: their boxes and folders, in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import case, insert, literal, null, select

from directory.model import AccountKind
from directory.tables import accounts
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.mailbox import STANDARD_MAILBOXES
from mailsvc.storage import seen
from mailsvc.storage.tables import boxes, mailboxes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from mailsvc.model.ids import AccountId
    from mailsvc.storage.unit_of_work import UnitOfWork

CHUNK = 500
SHARED_KINDS = (AccountKind.UNIT.value, AccountKind.POST.value)


def on_accounts_created(uow: UnitOfWork) -> Callable[[Connection, Sequence[AccountId]], None]:
    """The hook that the directory's use cases call with the ids of new accounts."""

    def make_boxes(_conn: Connection, account_ids: Sequence[AccountId]) -> None:
        for start in range(0, len(account_ids), CHUNK):
            _make_boxes(uow, account_ids[start : start + CHUNK])
        uow.record(DirectoryChanged())

    return make_boxes


def _make_boxes(uow: UnitOfWork, account_ids: Sequence[AccountId]) -> None:
    """Boxes and standard mailboxes of new accounts, copied from the directory's rows by the database itself."""
    chosen = accounts.c.id.in_(list(account_ids))
    now = literal(uow.clock())
    shared = case((accounts.c.kind.in_(SHARED_KINDS), 1), else_=0)
    uow.conn.execute(
        insert(boxes).from_select(
            ("account_id", "quota", "per_person_seen", "last_uid_validity"),
            select(accounts.c.id, accounts.c.quota_octets, shared, now).where(chosen),
        )
    )
    for name, use in STANDARD_MAILBOXES:
        special_use = null() if use is None else literal(use.value)
        uow.conn.execute(
            insert(mailboxes).from_select(
                ("account_id", "name", "special_use", "uid_validity", "subscribed"),
                select(accounts.c.id, literal(name), special_use, now, literal(1)).where(chosen),
            )
        )


def joined_shared_box(uow: UnitOfWork, account: AccountId, viewer: AccountId) -> None:
    """Somebody was given a shared box: what is there already counts as read for them."""
    seen.join(uow, account, viewer)
    uow.record(DirectoryChanged())

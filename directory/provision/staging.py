"""Large imports in two steps: people and boxes are put there unseen, a part at a time; one short transaction makes them true.

An account without an address is nobody's: it cannot be found, signed in to or written to. So a staged one is inserted
archived and without address, and switching it on gives it both. What a crash leaves behind is taken away later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, exists, select, update

from directory.journal import delete_rows
from directory.model import AccountId, AccountKind, AccountState
from directory.provision.plan import NewAccount
from directory.repository.domains import OnAccountsCreated
from directory.repository.rows import allocate_ids, chunks, insert_rows
from directory.tables import accounts, addresses, persons

STAGED_FROM: Final = 1_000
"""Boxes from which on an import is staged: 13,300 at once hold the writer for 1.1 s, switched on for some 0.4."""
PART: Final = 500
"""Boxes of one transaction while staging (some 40 ms)."""


@dataclass(frozen=True, slots=True)
class Staged:
    """The ids of new boxes, in the order of the plan, and of the people behind them."""

    account_ids: tuple[AccountId, ...] = ()
    person_ids: Mapping[AccountId, int] = field(default_factory=dict)


def stage(
    conn: Connection,
    creates: Sequence[NewAccount],
    *,
    at: int,
    on_accounts_created: OnAccountsCreated,
    unseen: bool,
) -> Staged:
    """Insert people and boxes, with what mail needs for them; `unseen` until they are switched on."""
    account_ids = tuple(AccountId(number) for number in allocate_ids(conn, accounts, len(creates)))
    people = [number for new, number in zip(creates, account_ids, strict=True) if _is_person(new)]
    person_ids = dict(zip(people, allocate_ids(conn, persons, len(people)), strict=True))
    pairs = list(zip(creates, account_ids, strict=True))
    insert_rows(
        conn, persons, [_person(new, person_ids[number], at) for new, number in pairs if number in person_ids]
    )
    state = AccountState.ARCHIVED if unseen else AccountState.ACTIVE
    rows = [_account(new, number, person_ids.get(number), state, at) for new, number in pairs]
    insert_rows(conn, accounts, rows)
    if account_ids:
        on_accounts_created(conn, list(account_ids))
    return Staged(account_ids, person_ids)


def joined(parts: Sequence[Staged]) -> Staged:
    """The parts of one plan as one."""
    return Staged(
        tuple(number for part in parts for number in part.account_ids),
        {account: person for part in parts for account, person in part.person_ids.items()},
    )


def switch_on(conn: Connection, staged: Staged) -> None:
    """The boxes are in use from now on; their addresses are inserted in the same transaction."""
    for some in chunks(staged.account_ids, 5_000):
        chosen = accounts.c.id.in_(list(some))
        conn.execute(update(accounts).where(chosen).values(state=AccountState.ACTIVE.value))


def drop(conn: Connection, account_ids: Sequence[AccountId]) -> None:
    """Take staged boxes away that were never switched on; what mail made for them goes before."""
    people: list[int] = []
    for some in chunks(account_ids):
        chosen = accounts.c.id.in_(list(some)) & accounts.c.person_id.is_not(None)
        people += conn.execute(select(accounts.c.person_id).where(chosen)).scalars()
    delete_rows(conn, accounts, account_ids)
    delete_rows(conn, persons, people)


def left_behind(conn: Connection, before: int, limit: int = PART) -> list[AccountId]:
    """Boxes staged before that instant and never switched on: the import ended in between."""
    query = (
        select(accounts.c.id)
        .where(
            accounts.c.state == AccountState.ARCHIVED.value,
            accounts.c.archived_at.is_(None),
            accounts.c.created_at < before,
            ~exists().where(addresses.c.account_id == accounts.c.id),
        )
        .limit(limit)
    )
    return [AccountId(number) for number in conn.execute(query).scalars()]


def day_text(value: date | None) -> str | None:
    """A day as it is stored."""
    return None if value is None else value.isoformat()


def _is_person(new: NewAccount) -> bool:
    return new.kind is AccountKind.PERSONAL


def _person(new: NewAccount, person_id: int, at: int) -> dict[str, Any]:
    return {
        "id": person_id,
        **new.texts.person_columns,
        "birth_date": day_text(new.birth_date),
        "phone": new.phone,
        "created_at": at,
    }


def _account(
    new: NewAccount, account_id: AccountId, person_id: int | None, state: AccountState, at: int
) -> dict[str, Any]:
    return {
        "id": account_id,
        "kind": new.kind.value,
        "state": state.value,
        "unit_id": new.unit_id,
        "person_id": person_id,
        "post_role": new.role.value if new.role is not None and not _is_person(new) else None,
        **new.texts.account_columns,
        "password_hash": new.password_hash,
        "must_change_password": int(new.must_change),
        "password_changed_at": at if new.password_hash is not None else None,
        "quota_octets": new.quota_octets,
        "created_at": at,
    }

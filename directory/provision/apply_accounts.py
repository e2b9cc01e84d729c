"""A plan of boxes made true: whole tables of rows in the caller's transaction, and no hashing in it."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from directory import audit
from directory.address import Address
from directory.journal import COLUMNS, Journal, TableChanges
from directory.model import AccountId, AccountState, AddressKind, PostRole, UnitId
from directory.provision.plan import (
    AccountChange,
    AccountLock,
    AccountPlan,
    LocksUnconfirmedError,
    NewAccount,
    PlanDriftedError,
    PlanRefusedError,
)
from directory.provision.staging import Staged, day_text, stage, switch_on
from directory.repository.domains import OnAccountsCreated
from directory.repository.groups import refresh
from directory.repository.rows import allocate_ids, chunks, insert_rows, update_rows
from directory.repository.units import units_on
from directory.tables import accounts, addresses, person_identifiers, persons, posts


def apply_accounts(
    conn: Connection,
    plan: AccountPlan,
    *,
    at: int,
    actor: str,
    on_accounts_created: OnAccountsCreated,
    confirmed_locks: int | None = None,
    staged: Staged | None = None,
    note: Journal | None = None,
) -> dict[str, AccountId]:
    """Make, change, move and lock the boxes of a sealed plan, or nothing: what is raised undoes the caller's transaction.

    A plan that asks before it locks so many wants the number again (`confirmed_locks`), else LocksUnconfirmedError.
    Boxes that were `staged` before are switched on; else they are inserted now. Rows that switching on makes are written
    into `note`, so that nobody has to look for them. Returns the new boxes by address key.
    """
    if plan.refused:
        raise PlanRefusedError(f"{plan.counts['refused']} lines are refused")
    if any(new.password and new.password_hash is None for new in plan.creates):
        raise ValueError("the plan is not sealed: hashing does not belong in a transaction")
    if plan.locks_ask and confirmed_locks != len(plan.locks):
        raise LocksUnconfirmedError(len(plan.locks), plan.locks_of)
    altered = (*plan.changes, *plan.moves)
    _refuse_drift(conn, plan, altered)
    try:
        made = staged or stage(
            conn, plan.creates, at=at, on_accounts_created=on_accounts_created, unseen=False
        )
        if staged is not None:
            switch_on(conn, staged)
        created = _switch_on(conn, plan.creates, made, plan.effective_on, at, note)
        _alter(conn, altered, plan.effective_on, at)
        _lock(conn, plan.locks, at)
    except IntegrityError as error:
        raise PlanDriftedError("an address or identifier was given away meanwhile") from error
    refresh(conn, plan.effective_on)
    audit.record(conn, actor, "account.import", "plan", plan.counts, at)
    return created


def _refuse_drift(conn: Connection, plan: AccountPlan, altered: Sequence[AccountChange]) -> None:
    in_force = {unit.id for unit in units_on(conn, plan.effective_on)}
    named = {new.unit_id for new in plan.creates} | {change.unit_id for change in altered}
    named.discard(None)
    if not in_force.issuperset(named):
        raise PlanDriftedError("a unit of the plan is no longer in force")
    expected = {change.account_id: (change.old_display_name, change.old_unit_id) for change in altered}
    for ids in chunks(list(expected)):
        query = select(accounts.c.id, accounts.c.display_name, accounts.c.unit_id).where(
            accounts.c.id.in_(ids)
        )
        for row in conn.execute(query):
            if expected.pop(row[0]) != (row[1], row[2]):
                raise PlanDriftedError("an account of the plan was changed meanwhile")
    if expected:
        raise PlanDriftedError("an account of the plan is gone")
    for ids in chunks([lock.account_id for lock in plan.locks]):
        active = select(func.count()).where(
            accounts.c.id.in_(ids), accounts.c.state == AccountState.ACTIVE.value
        )
        if conn.execute(active).scalar_one() != len(ids):
            raise PlanDriftedError("an account to be locked was changed meanwhile")


def _lock(conn: Connection, locks: Sequence[AccountLock], at: int) -> None:
    for ids in chunks([lock.account_id for lock in locks]):
        to_lock = update(accounts).where(accounts.c.id.in_(ids))
        epoch = accounts.c.credentials_epoch + 1  # whoever is signed in is out
        conn.execute(to_lock.values(state=AccountState.LOCKED.value, locked_at=at, credentials_epoch=epoch))


def _switch_on(
    conn: Connection,
    creates: Sequence[NewAccount],
    staged: Staged,
    on: date,
    at: int,
    note: Journal | None,
) -> dict[str, AccountId]:
    """Give the new boxes their addresses, and the people behind them posts and identifiers."""
    pairs = list(zip(creates, staged.account_ids, strict=True))
    _free_reserved(conn, [new.address for new in creates if new.claims_reserved])
    rows = [_address(new.address, AddressKind.PRIMARY, number, at) for new, number in pairs]
    rows += [_address(alias, AddressKind.ALIAS, number, at) for new, number in pairs for alias in new.aliases]
    _insert(conn, addresses, rows, note)
    people = [(new, staged.person_ids[number]) for new, number in pairs if number in staged.person_ids]
    identified = [(person, new.identifier) for new, person in people if new.identifier is not None]
    _insert(
        conn,
        person_identifiers,
        [{"person_id": person, "scheme": scheme, "value": value} for person, (scheme, value) in identified],
        note,
    )
    placed = [(new, new.unit_id, person) for new, person in people if new.unit_id is not None]
    day = on.isoformat()
    rows = [_post(person, unit, new.role, new.title, day) for new, unit, person in placed]
    _insert(conn, posts, rows, note)
    return {new.address.key: number for new, number in pairs}


def _insert(conn: Connection, table: Table, rows: list[dict[str, Any]], note: Journal | None) -> None:
    """Insert rows, and note them as they are now in the table: with an id, and null where nothing was said."""
    if note is not None and rows:
        rows = [
            {**row, "id": number}
            for row, number in zip(rows, allocate_ids(conn, table, len(rows)), strict=True)
        ]
        empty = dict.fromkeys(COLUMNS[table.name])
        note.tables.setdefault(table.name, TableChanges()).created.extend({**empty, **row} for row in rows)
    insert_rows(conn, table, rows)


def _address(address: Address, kind: AddressKind, account_id: AccountId, at: int) -> dict[str, Any]:
    return {
        "key": address.key,
        "local": address.local,
        "domain": address.domain,
        "kind": kind.value,
        "account_id": account_id,
        "created_at": at,
    }


def _post(person_id: int, unit_id: UnitId, role: PostRole | None, title: str, day: str) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "unit_id": unit_id,
        "role": (role or PostRole.SPECIALIST).value,
        "title": title,
        "is_primary": 1,
        "valid_from": day,
    }


def _free_reserved(conn: Connection, claimed: Iterable[Address]) -> None:
    """Let an account have postmaster@ or abuse@: the row of the system box makes way for its own."""
    for address in claimed:
        conn.execute(
            delete(addresses).where(
                addresses.c.key == address.key, addresses.c.kind == AddressKind.RESERVED.value
            )
        )


def _alter(conn: Connection, altered: Sequence[AccountChange], on: date, at: int) -> None:
    update_rows(
        conn,
        accounts,
        [
            {
                "id": change.account_id,
                "unit_id": change.unit_id,
                "post_role": change.role.value if change.role and change.person_id is None else None,
                **change.texts.account_columns,
            }
            for change in altered
        ],
    )
    _revive(conn, [change for change in altered if change.revived])
    insert_rows(
        conn,
        addresses,
        [
            _address(alias, AddressKind.ALIAS, change.account_id, at)
            for change in altered
            for alias in change.new_aliases
        ],
    )
    insert_rows(
        conn,
        person_identifiers,
        [
            {
                "person_id": change.person_id,
                "scheme": change.new_identifier[0],
                "value": change.new_identifier[1],
            }
            for change in altered
            if change.new_identifier is not None
        ],
    )
    people = [change for change in altered if change.person_id is not None]
    update_rows(
        conn,
        persons,
        [
            {
                "id": change.person_id,
                **change.texts.person_columns,
                "birth_date": day_text(change.birth_date),
                "phone": change.phone,
            }
            for change in people
            if {item.field for item in change.fields} & {"full_name", "birth_date", "phone"}
        ],
    )
    _change_posts(
        conn,
        [change for change in people if {item.field for item in change.fields} & {"unit", "role", "title"}],
        on,
    )


def _revive(conn: Connection, revived: Sequence[AccountChange]) -> None:
    """A box whose making was undone before anybody used it is made after all, with the aliases it had."""
    for some in chunks([change.account_id for change in revived]):
        back = accounts.c.id.in_(list(some))
        conn.execute(update(accounts).where(back).values(state=AccountState.ACTIVE.value, archived_at=None))
    for keys in chunks([key for change in revived for key in change.restored_aliases]):
        conn.execute(
            update(addresses)
            .where(addresses.c.key.in_(list(keys)), addresses.c.kind == AddressKind.RETIRED.value)
            .values(kind=AddressKind.ALIAS.value, retired_at=None)
        )


def _change_posts(conn: Connection, changed: Sequence[AccountChange], on: date) -> None:
    """The primary post ends on the day and another begins; one that began on that day is corrected."""
    if not changed:
        return
    day = on.isoformat()
    people = [{"of_person": change.person_id} for change in changed]
    primary = (
        (posts.c.person_id == bindparam("of_person")) & (posts.c.is_primary == 1) & posts.c.valid_to.is_(None)
    )
    conn.execute(delete(posts).where(primary, posts.c.valid_from >= day), people)
    conn.execute(update(posts).where(primary).values(valid_to=day), people)
    insert_rows(
        conn,
        posts,
        [
            _post(change.person_id, change.unit_id, change.role, change.texts.title, day)
            for change in changed
            if change.person_id is not None and change.unit_id is not None
        ],
    )

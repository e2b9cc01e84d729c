"""Accounts and their addresses: where a letter goes, who signs in, who exists."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, insert, literal, or_, select, update

from directory.address import Address
from directory.model import (
    Account,
    AccountId,
    AccountKind,
    AccountState,
    AddressKind,
    AddressRecord,
    GroupId,
    PersonId,
    Target,
    UnitId,
)
from directory.repository.rows import AnyRow, AnySelect, can_be_stored, chunks
from directory.tables import accounts, addresses, domains, group_members

ADDRESS_OF: Final = and_(
    addresses.c.account_id == accounts.c.id, addresses.c.kind == AddressKind.PRIMARY.value
)
ACCOUNT_COLUMNS: Final = (
    accounts.c.id,
    accounts.c.kind,
    addresses.c.local,
    addresses.c.domain,
    accounts.c.display_name,
    accounts.c.unit_id,
    accounts.c.person_id,
    accounts.c.state,
    accounts.c.must_change_password,
    accounts.c.quota_octets,
    accounts.c.created_at,
    accounts.c.last_login_at,
    accounts.c.credentials_epoch,
)
ACCOUNTS: Final[AnySelect] = select(*ACCOUNT_COLUMNS).select_from(accounts.join(addresses, ADDRESS_OF))

_LIVE: Final = addresses.c.kind != AddressKind.RETIRED.value
_TARGET: Final[AnySelect] = select(
    addresses.c.key, addresses.c.account_id, addresses.c.group_id, accounts.c.state, accounts.c.kind
).select_from(addresses.outerjoin(accounts, accounts.c.id == addresses.c.account_id))
_RESOLVE: Final = _TARGET.where(addresses.c.key == bindparam("key"), _LIVE)
_RESOLVE_MANY: Final = _TARGET.where(addresses.c.key.in_(bindparam("keys", expanding=True)), _LIVE)

_inner: Final = select(bindparam("group_id", type_=group_members.c.group_id.type).label("id")).cte(
    "inner_groups", recursive=True
)
_all_groups: Final = _inner.union(
    select(group_members.c.member_group_id.label("id"))
    .join(_inner, group_members.c.group_id == _inner.c.id)
    .where(group_members.c.member_group_id.is_not(None))
)
_MEMBERS: Final = (
    select(group_members.c.account_id)
    .join(_all_groups, group_members.c.group_id == _all_groups.c.id)
    .join(accounts, accounts.c.id == group_members.c.account_id)
    .where(accounts.c.state != AccountState.ARCHIVED.value, accounts.c.kind != AccountKind.SERVICE.value)
    .distinct()
    .order_by(group_members.c.account_id)
)
_BY_ID: Final = ACCOUNTS.where(accounts.c.id == bindparam("account_id"))
_named: Final = addresses.alias("named")
_BY_ADDRESS: Final = ACCOUNTS.join(_named, _named.c.account_id == accounts.c.id).where(
    _named.c.key == bindparam("key"), _named.c.kind != AddressKind.RETIRED.value
)
_DEFAULT_DOMAIN: Final = select(domains.c.name).where(domains.c.is_default == 1)


def to_account(row: AnyRow) -> Account:
    """The account in a row of `ACCOUNTS`."""
    return Account(
        id=AccountId(row[0]),
        kind=AccountKind(row[1]),
        address=Address(row[2], row[3]),
        display_name=row[4],
        unit_id=None if row[5] is None else UnitId(row[5]),
        person_id=None if row[6] is None else PersonId(row[6]),
        state=AccountState(row[7]),
        must_change_password=bool(row[8]),
        quota_octets=row[9],
        created_at=row[10],
        last_login_at=row[11],
        credentials_epoch=row[12],
    )


def resolve(conn: Connection, address_key: str) -> Target | None:
    """Where a letter to this address goes (`Address.key`, its detail removed); None is 550 5.1.1.

    Aliases, groups, and postmaster@ and abuse@ of each domain (RFC 5321 §4.5.1, RFC 2142) are addresses like others.
    Locked boxes still receive; archived ones and service accounts do not.
    """
    row = conn.execute(_RESOLVE, {"key": address_key}).first()
    return None if row is None else _target(conn, row)


def resolve_many(conn: Connection, address_keys: Sequence[str]) -> dict[str, Target]:
    """The same for a whole list in few statements; addresses that go nowhere are left out."""
    found: dict[str, Target] = {}
    for keys in chunks(address_keys):
        for row in conn.execute(_RESOLVE_MANY, {"keys": list(keys)}).all():
            target = _target(conn, row)
            if target is not None:
                found[row[0]] = target
    return found


def _target(conn: Connection, row: AnyRow) -> Target | None:
    if row[2] is not None:
        return Target(members_of(conn, GroupId(row[2])), GroupId(row[2]))
    if row[1] is None or row[3] == AccountState.ARCHIVED.value or row[4] == AccountKind.SERVICE.value:
        return None
    return Target((AccountId(row[1]),))


def members_of(conn: Connection, group_id: GroupId) -> tuple[AccountId, ...]:
    """The boxes of a group and of the groups in it; each once, also where groups hold one another."""
    return tuple(AccountId(row[0]) for row in conn.execute(_MEMBERS, {"group_id": group_id}))


def account_by_id(conn: Connection, account_id: AccountId) -> Account | None:
    """The account of this id."""
    row = conn.execute(_BY_ID, {"account_id": account_id}).first()
    return None if row is None else to_account(row)


def account_by_address(conn: Connection, address_key: str) -> Account | None:
    """Whose address this is: primary, alias or reserved."""
    row = conn.execute(_BY_ADDRESS, {"key": address_key}).first()
    return None if row is None else to_account(row)


def by_address(address_key: str) -> AnySelect:
    """The statement that finds whose address this is, for callers that add conditions of their own."""
    return _BY_ADDRESS.params(key=address_key)


def login_key(conn: Connection, login: str) -> str:
    """The address key that somebody who types `login` means: a name alone is one of the default domain."""
    local, at, domain = login.strip().rpartition("@")
    if not at:
        local, domain = domain, str(conn.execute(_DEFAULT_DOMAIN).scalar() or "")
    return Address(local, domain).key


def account_by_login(conn: Connection, login: str) -> Account | None:
    """Who signs in as `login`: an address or alias in any case, or its local part alone."""
    return account_by_address(conn, login_key(conn, login)) if can_be_stored(login) else None


def accounts_by_ids(conn: Connection, account_ids: Iterable[AccountId]) -> dict[AccountId, Account]:
    """Several accounts at once."""
    found: dict[AccountId, Account] = {}
    for ids in chunks(list(account_ids)):
        for row in conn.execute(ACCOUNTS.where(accounts.c.id.in_(ids))):
            account = to_account(row)
            found[account.id] = account
    return found


def list_accounts(
    conn: Connection,
    *,
    unit_ids: Sequence[UnitId] | None = None,
    kind: AccountKind | None = None,
    state: AccountState | None = None,
    with_system: bool = False,
    limit: int | None = None,
) -> list[Account]:
    """Accounts in the order of a Vietnamese list, those of the given units, kind and state."""
    query = ACCOUNTS.order_by(accounts.c.sort_key, accounts.c.id)
    if kind is not None:
        query = query.where(accounts.c.kind == kind.value)
    elif not with_system:
        query = query.where(accounts.c.kind != AccountKind.SYSTEM.value)
    if state is not None:
        query = query.where(accounts.c.state == state.value)
    if unit_ids is not None:
        query = query.where(accounts.c.unit_id.in_(list(unit_ids)) if unit_ids else literal(0) == 1)
    if limit is not None:
        query = query.limit(limit)
    return [to_account(row) for row in conn.execute(query)]


def addresses_of(conn: Connection, account_id: AccountId) -> list[AddressRecord]:
    """Every address the account has or had, the primary one first."""
    query = (
        select(
            addresses.c.local,
            addresses.c.domain,
            addresses.c.kind,
            addresses.c.account_id,
            addresses.c.group_id,
            addresses.c.created_at,
            addresses.c.retired_at,
        )
        .where(addresses.c.account_id == account_id)
        .order_by(addresses.c.kind != AddressKind.PRIMARY.value, addresses.c.key)
    )
    return [
        AddressRecord(Address(row[0], row[1]), AddressKind(row[2]), row[3], row[4], row[5], row[6])
        for row in conn.execute(query)
    ]


def address_kind(conn: Connection, address_key: str) -> AddressKind | None:
    """What an address is, or was to somebody once; None if nobody ever had it."""
    kind = conn.execute(select(addresses.c.kind).where(addresses.c.key == address_key)).scalar()
    return None if kind is None else AddressKind(kind)


def add_address(
    conn: Connection, account_id: AccountId, address: Address, kind: AddressKind, at: int
) -> None:
    """Give an account one more address, which nobody may have had before."""
    conn.execute(
        insert(addresses).values(
            key=address.key,
            local=address.local,
            domain=address.domain,
            kind=kind.value,
            account_id=account_id,
            created_at=at,
        )
    )


def retire_address(conn: Connection, address_key: str, at: int) -> None:
    """Take an alias back. Its row stays, so that nobody else is given it."""
    conn.execute(
        update(addresses)
        .where(addresses.c.key == address_key, addresses.c.kind == AddressKind.ALIAS.value)
        .values(kind=AddressKind.RETIRED.value, retired_at=at)
    )


def set_state(conn: Connection, account_id: AccountId, state: AccountState, at: int) -> None:
    """Lock, unlock or archive. Archiving retires the aliases; postmaster@ and abuse@ go back to the system box."""
    set_states(conn, [account_id], state, at)


def set_states(conn: Connection, account_ids: Sequence[AccountId], state: AccountState, at: int) -> None:
    """The same of many, in few statements."""
    values: dict[str, Any] = {"state": state.value}
    if state is AccountState.LOCKED:
        values["locked_at"] = at
    elif state is AccountState.ARCHIVED:
        values["archived_at"] = at
    for some in chunks(account_ids):
        if state is AccountState.ARCHIVED:
            _retire_all(conn, some, at)
        conn.execute(update(accounts).where(accounts.c.id.in_(list(some))).values(**values))


def _retire_all(conn: Connection, account_ids: Sequence[AccountId], at: int) -> None:
    system = select(accounts.c.id).where(accounts.c.kind == AccountKind.SYSTEM.value).scalar_subquery()
    theirs = addresses.c.account_id.in_(list(account_ids))
    conn.execute(  # RFC 5321 §4.5.1: postmaster always answers
        update(addresses)
        .where(theirs, addresses.c.local.in_(["postmaster", "abuse"]))
        .values(kind=AddressKind.RESERVED.value, account_id=system)
    )
    conn.execute(
        update(addresses)
        .where(theirs, addresses.c.kind == AddressKind.ALIAS.value)
        .values(kind=AddressKind.RETIRED.value, retired_at=at)
    )


def sending_addresses(conn: Connection, account_ids: Sequence[AccountId]) -> list[Address]:
    """The addresses that may stand in From for these boxes: primary ones and aliases."""
    if not account_ids:
        return []
    query = (
        select(addresses.c.local, addresses.c.domain)
        .where(
            addresses.c.account_id.in_(list(account_ids)),
            or_(addresses.c.kind == AddressKind.PRIMARY.value, addresses.c.kind == AddressKind.ALIAS.value),
        )
        .order_by(addresses.c.kind != AddressKind.PRIMARY.value, addresses.c.key)
    )
    return [Address(row[0], row[1]) for row in conn.execute(query)]

"""The directory as administrators see and change it: every function takes the scope of whoever asks.

The scope is a condition of each statement: what is outside of it is not read, rather than read and then dropped.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, and_, func, literal, or_, select

from directory import audit
from directory.model import (
    Account,
    AccountId,
    AccountKind,
    AccountState,
    AdminRole,
    GroupId,
    Unit,
    UnitId,
)
from directory.names import text_fold
from directory.provision.faults import Fault
from directory.repository import administrators, boxes, groups, units
from directory.repository.administrators import Administrator
from directory.repository.groups import GroupFacts
from directory.repository.rows import AnySelect, can_be_stored
from directory.scope import Deed, OutOfScopeError, Scope
from directory.tables import accounts, addresses, group_members, persons
from directory.tables import administrators as administrators_table
from directory.tables import audit as audit_table
from directory.tables import groups as groups_table
from directory.tables import units as units_table
from directory.upkeep import UpkeepRefused

MOST_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which boxes of those in the scope are wanted; words are found in names and addresses, with or without marks."""

    unit_id: UnitId | None = None
    with_below: bool = True
    kind: AccountKind | None = None
    state: AccountState | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A personal account with the parts of its person's name."""

    id: AccountId
    address: str
    full_name: str
    family_name: str
    middle_name: str
    given_name: str
    title: str
    unit_id: UnitId | None
    state: AccountState
    created_at: int


def visible_people(
    conn: Connection, scope: Scope, *, account_id: int | None = None, deed: Deed = Deed.SEE
) -> list[PersonLine]:
    """Personal accounts on which the deed is allowed, in the order of their ids; or the one of this id."""
    query = (
        select(
            accounts.c.id,
            addresses.c.local + literal("@") + addresses.c.domain,
            accounts.c.display_name,
            persons.c.family_name,
            persons.c.middle_name,
            persons.c.given_name,
            accounts.c.title,
            accounts.c.unit_id,
            accounts.c.state,
            accounts.c.created_at,
        )
        .join(addresses, boxes.ADDRESS_OF)
        .join(persons, persons.c.id == accounts.c.person_id)
        .where(accounts.c.kind == AccountKind.PERSONAL.value, scope.accounts(deed))
        .order_by(accounts.c.id)
    )
    if account_id is not None:
        query = query.where(accounts.c.id == account_id)
    return [
        PersonLine(AccountId(row[0]), *row[1:7], row[7], AccountState(row[8]), row[9])
        for row in conn.execute(query)
    ]


def visible_groups(conn: Connection, scope: Scope, *, group_id: int | None = None) -> list[GroupFacts]:
    """Groups of units in the scope, by name; or the one of this id."""
    query = groups.FACTS.order_by(groups_table.c.name_fold, groups_table.c.id)
    if not scope.on_the_server:
        query = query.join(units_table, units_table.c.id == groups_table.c.unit_id)
        query = query.where(scope.units_where(Deed.SEE))
    if group_id is not None:
        query = query.where(groups_table.c.id == group_id)
    return [groups.to_facts(row) for row in conn.execute(query)]


def visible_members(conn: Connection, scope: Scope, group_id: GroupId) -> list[Account]:
    """The boxes in a group itself that the administrator sees."""
    inside = select(group_members.c.account_id).where(group_members.c.group_id == group_id)
    query = boxes.ACCOUNTS.where(accounts.c.id.in_(inside), scope.accounts(Deed.SEE))
    return [boxes.to_account(row) for row in conn.execute(query.order_by(accounts.c.sort_key, accounts.c.id))]


def visible_units(conn: Connection, scope: Scope, on: date) -> list[Unit]:
    """The units that the administrator sees, in the order of a Vietnamese list."""
    query = units.ON_DAY.where(scope.units_where(Deed.SEE))
    return [units.to_unit(row) for row in conn.execute(query, {"on": on.isoformat()})]


def visible_unit(conn: Connection, scope: Scope, code: str, on: date, deed: Deed = Deed.SEE) -> Unit | None:
    """One unit by its code; None also where it exists and the deed is not allowed there."""
    if not can_be_stored(code):
        return None
    query = units.UNITS.where(units_table.c.code == code, units.IN_FORCE, scope.units_where(deed))
    row = conn.execute(query, {"on": on.isoformat()}).first()
    return None if row is None else units.to_unit(row)


def visible_accounts(
    conn: Connection,
    scope: Scope,
    wanted: AccountFilter | None = None,
    *,
    on: date | None = None,
    state: AccountState | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Account]:
    """The boxes that the administrator sees, in the order of a Vietnamese list."""
    wanted = wanted or AccountFilter(state=state)
    query = _filtered(boxes.ACCOUNTS, scope, wanted, on).order_by(accounts.c.sort_key, accounts.c.id)
    if limit is not None:
        query = query.limit(limit).offset(offset)
    return [boxes.to_account(row) for row in conn.execute(query)]


def count_accounts(conn: Connection, scope: Scope, wanted: AccountFilter, on: date | None = None) -> int:
    """How many there are in all."""
    query = _filtered(select(func.count()).select_from(accounts), scope, wanted, on)
    return int(conn.execute(query).scalar_one())


def _filtered(query: AnySelect, scope: Scope, wanted: AccountFilter, on: date | None) -> AnySelect:
    query = query.where(scope.accounts(Deed.SEE))
    if wanted.unit_id is not None:
        if wanted.with_below and on is not None:
            query = query.where(accounts.c.unit_id.in_(select(units.below(wanted.unit_id, on).c.unit_id)))
        else:
            query = query.where(accounts.c.unit_id == wanted.unit_id)
    if wanted.kind is not None:
        query = query.where(accounts.c.kind == wanted.kind.value)
    else:
        query = query.where(accounts.c.kind != AccountKind.SYSTEM.value)
    if wanted.state is not None:
        query = query.where(accounts.c.state == wanted.state.value)
    for word in _syllables(wanted.words):
        named = addresses.alias()
        has_address = select(literal(1)).where(
            named.c.account_id == accounts.c.id, named.c.key.contains(word, autoescape=True)
        )
        query = query.where(
            or_(accounts.c.name_fold.contains(f" {word}", autoescape=True), has_address.exists())
        )
    return query


def _syllables(words: str) -> list[str]:
    """What is looked for; words of signs only are looked for as they are, and so find nothing rather than all."""
    if not can_be_stored(words):
        return ["\ufffd"]
    return text_fold(words).split()[:MOST_WORDS] or words.lower().split()[:1]


def visible_account(conn: Connection, scope: Scope, login: str, deed: Deed = Deed.SEE) -> Account | None:
    """One box by its address; None also where it exists and the deed is not allowed on it."""
    if not can_be_stored(login):
        return None
    query = boxes.by_address(boxes.login_key(conn, login)).where(scope.accounts(deed))
    row = conn.execute(query).first()
    return None if row is None else boxes.to_account(row)


def visible_log(
    conn: Connection, scope: Scope, limit: int = 100, *, before: int | None = None, about: str | None = None
) -> list[audit.AuditLine]:
    """The newest lines of the audit log that speak of, or were acted by, boxes and units in the scope."""
    query = audit.NEWEST.limit(limit)
    if before is not None:
        query = query.where(audit_table.c.sequence < before)
    if about is not None:
        query = query.where(audit_table.c.subject == about)
    if not scope.on_the_server:
        mine = select(addresses.c.local + literal("@") + addresses.c.domain).join(
            accounts, and_(accounts.c.id == addresses.c.account_id, scope.accounts(Deed.READ_LOG))
        )
        codes = select(units_table.c.code).where(scope.units_where(Deed.READ_LOG))
        log = audit_table.c
        query = query.where(or_(log.subject.in_(mine), log.subject.in_(codes), log.actor.in_(mine)))
    return [audit.AuditLine(*row) for row in conn.execute(query)]


def visible_administrators(conn: Connection, scope: Scope) -> list[Administrator]:
    """Who administers units in the scope, the oldest first."""
    columns = administrators_table.c
    query = (
        select(columns.account_id, columns.unit_id, columns.role, columns.granted_at)
        .join(units_table, units_table.c.id == columns.unit_id)
        .where(scope.units_where(Deed.SEE))
        .order_by(columns.id)
    )
    return [
        Administrator(AccountId(row[0]), UnitId(row[1]), AdminRole(row[2]), row[3])
        for row in conn.execute(query)
    ]


def appoint(
    conn: Connection, scope: Scope, account: Account, unit: Unit, role: AdminRole, *, actor: str, at: int
) -> bool:
    """Make somebody an administrator of a unit and all below it in its branch; whether that is new.

    Only of people in the own scope, and nobody appoints themselves.
    """
    scope.require_unit(Deed.APPOINT, unit.id, unit.code)
    if account.id == scope.account_id:
        raise OutOfScopeError(Deed.APPOINT, str(account.address))
    scope.require(Deed.SEE, account)
    if not account.kind.signs_in or account.person_id is None:
        raise UpkeepRefused("address", Fault.NOT_A_PERSON, value=str(account.address))
    new = administrators.appoint(conn, account.id, unit.id, role, at)
    if new:
        detail = {"unit": unit.code, "role": role.value}
        audit.record(conn, actor, "admin.grant", str(account.address), detail, at)
    return new


def dismiss(
    conn: Connection, scope: Scope, account: Account, unit: Unit, role: AdminRole, *, actor: str, at: int
) -> bool:
    """Take a role back; whether there was one."""
    scope.require_unit(Deed.APPOINT, unit.id, unit.code)
    if account.id == scope.account_id:
        raise OutOfScopeError(Deed.APPOINT, str(account.address))
    gone = administrators.dismiss(conn, account.id, unit.id, role)
    if gone:
        detail = {"unit": unit.code, "role": role.value}
        audit.record(conn, actor, "admin.revoke", str(account.address), detail, at)
    return gone

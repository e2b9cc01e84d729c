"""Nhóm: addresses with many boxes behind them, fixed or computed from the tree."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, select

from directory.address import Address
from directory.model import (
    AccountId,
    AccountKind,
    AccountState,
    AddressKind,
    Branch,
    Group,
    GroupId,
    GroupKind,
    PostRole,
    Tier,
    UnitId,
)
from directory.names import text_fold
from directory.repository.rows import insert_one, insert_rows
from directory.repository.units import IN_FORCE
from directory.tables import accounts, addresses, group_members, groups, posts, unit_versions, units

_SOUGHT: Final = (
    accounts.c.state != AccountState.ARCHIVED.value,
    accounts.c.kind != AccountKind.SERVICE.value,
)


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Who is in a computed group: "clerks of every commune's People's Committee except three".

    A computed group names its branch, so that no rule reaches across by an oversight (design §6).
    """

    branch: Branch
    kind: AccountKind = AccountKind.UNIT
    tier: Tier | None = None
    role: PostRole | None = None  # of people: who holds this role in the unit
    except_units: tuple[str, ...] = ()  # codes

    def to_json(self) -> str:
        """The rule as it is stored."""
        return json.dumps(
            {
                "kind": self.kind.value,
                "tier": self.tier.value if self.tier else None,
                "role": self.role.value if self.role else None,
                "except_units": list(self.except_units),
            }
        )


def rule_from_json(branch: str, text: str) -> GroupRule:
    """A stored rule."""
    body: dict[str, Any] = json.loads(text)
    return GroupRule(
        branch=Branch(branch),
        kind=AccountKind(body["kind"]),
        tier=Tier(body["tier"]) if body["tier"] else None,
        role=PostRole(body["role"]) if body["role"] else None,
        except_units=tuple(body["except_units"]),
    )


def create_group(
    conn: Connection,
    *,
    name: str,
    address: Address,
    at: int,
    members: Iterable[AccountId] = (),
    unit_id: UnitId | None = None,
) -> GroupId:
    """A fixed group with its address, which nobody may have had before, and its first members."""
    group_id = _make(conn, name, address, at, kind=GroupKind.FIXED, unit_id=unit_id)
    add_members(conn, group_id, members)
    return group_id


def create_computed_group(
    conn: Connection, *, name: str, address: Address, at: int, rule: GroupRule, on: date
) -> GroupId:
    """A group whose members follow the tree; worked out now, and again by `refresh`."""
    group_id = _make(
        conn, name, address, at, kind=GroupKind.COMPUTED, branch=rule.branch.value, rule=rule.to_json()
    )
    add_members(conn, group_id, matching(conn, rule, on))
    return group_id


def add_members(conn: Connection, group_id: GroupId, members: Iterable[AccountId]) -> None:
    """Put boxes into a group; those in it already stay once."""
    known = set(
        conn.execute(select(group_members.c.account_id).where(group_members.c.group_id == group_id)).scalars()
    )
    new = [member for member in dict.fromkeys(members) if member not in known]
    insert_rows(conn, group_members, [{"group_id": group_id, "account_id": member} for member in new])


def add_group(conn: Connection, group_id: GroupId, member: GroupId) -> None:
    """Put a whole group into another."""
    insert_one(conn, group_members, group_id=group_id, member_group_id=member)


def remove_members(conn: Connection, group_id: GroupId, members: Sequence[AccountId]) -> None:
    """Take boxes out of a group."""
    conn.execute(
        delete(group_members).where(
            group_members.c.group_id == group_id, group_members.c.account_id.in_(list(members))
        )
    )


def list_groups(conn: Connection) -> list[Group]:
    """Every group, by name."""
    query = select(groups.c.id, groups.c.name, groups.c.kind, groups.c.branch).order_by(groups.c.name_fold)
    return [
        Group(GroupId(row[0]), row[1], GroupKind(row[2]), None if row[3] is None else Branch(row[3]))
        for row in conn.execute(query)
    ]


def matching(conn: Connection, rule: GroupRule, on: date) -> list[AccountId]:
    """The boxes that a rule means on that day."""
    query = (
        select(accounts.c.id)
        .join(unit_versions, (unit_versions.c.unit_id == accounts.c.unit_id) & IN_FORCE)
        .join(units, units.c.id == accounts.c.unit_id)
        .where(*_SOUGHT, accounts.c.kind == rule.kind.value, unit_versions.c.branch == rule.branch.value)
        .order_by(accounts.c.id)
    )
    if rule.tier is not None:
        query = query.where(unit_versions.c.tier == rule.tier.value)
    if rule.except_units:
        query = query.where(units.c.code.not_in(list(rule.except_units)))
    if rule.role is not None:
        day = on.isoformat()
        holds = exists().where(
            posts.c.person_id == accounts.c.person_id,
            posts.c.unit_id == accounts.c.unit_id,
            posts.c.role == rule.role.value,
            posts.c.valid_from <= day,
            posts.c.valid_to.is_(None) | (posts.c.valid_to > day),
        )
        query = query.where(holds)
    return [AccountId(row[0]) for row in conn.execute(query, {"on": on.isoformat()})]


def refresh(conn: Connection, on: date) -> int:
    """Work every computed group out again, after a change of the tree or of the day; how many rows changed."""
    query = select(groups.c.id, groups.c.branch, groups.c.rule).where(
        groups.c.kind == GroupKind.COMPUTED.value
    )
    changed = 0
    for group_id, branch, rule in conn.execute(query).all():
        wanted = set(matching(conn, rule_from_json(branch, rule), on))
        present = set(
            conn.execute(
                select(group_members.c.account_id).where(group_members.c.group_id == group_id)
            ).scalars()
        )
        gone, new = sorted(present - wanted), sorted(wanted - present)
        remove_members(conn, group_id, gone)
        insert_rows(conn, group_members, [{"group_id": group_id, "account_id": member} for member in new])
        changed += len(gone) + len(new)
    return changed


def _make(conn: Connection, name: str, address: Address, at: int, *, kind: GroupKind, **more: Any) -> GroupId:
    group_id = insert_one(
        conn, groups, name=name, kind=kind.value, name_fold=text_fold(name), created_at=at, **more
    )
    insert_one(
        conn,
        addresses,
        key=address.key,
        local=address.local,
        domain=address.domain,
        kind=AddressKind.PRIMARY.value,
        group_id=group_id,
        created_at=at,
    )
    return GroupId(group_id)

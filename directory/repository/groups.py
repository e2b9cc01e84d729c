"""Nhóm: addresses with many boxes behind them, fixed or computed from the tree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from directory.address import Address
from directory.model import AccountId, AddressKind, Branch, Group, GroupId, GroupKind, UnitId
from directory.names import text_fold
from directory.repository.group_rules import GroupRule, RuleError, matching, rule_from_json
from directory.repository.rows import AnyRow, insert_one, insert_rows
from directory.tables import addresses, group_members, group_people, groups

__all__ = [
    "GroupFacts",
    "GroupRule",
    "Part",
    "RuleError",
    "Senders",
    "add_group",
    "add_members",
    "create_computed_group",
    "create_group",
    "facts",
    "facts_by_address",
    "give_part",
    "groups_in",
    "list_groups",
    "matching",
    "people_of",
    "refresh",
    "remove_group",
    "remove_members",
    "retire_group",
    "rule_from_json",
    "set_senders",
    "take_part",
]


class Senders(StrEnum):
    """Ai được gửi đến nhóm. Nobody from outside in any case."""

    INSIDE = "inside"  # everybody with a box here
    MEMBERS = "members"
    OWNERS = "owners"
    NAMED = "named"  # owners, and those named


class Part(StrEnum):
    """What somebody is to a group beside a member."""

    OWNER = "owner"  # quản lý nhóm
    SENDER = "sender"  # được gửi, also where it is wide


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group with all that decides who may use and change it."""

    id: GroupId
    name: str
    address: Address
    kind: GroupKind
    branch: Branch | None
    unit_id: UnitId | None
    senders: Senders
    rule: GroupRule | None


FACTS: Final = (
    select(
        groups.c.id,
        groups.c.name,
        addresses.c.local,
        addresses.c.domain,
        groups.c.kind,
        groups.c.branch,
        groups.c.unit_id,
        groups.c.senders,
        groups.c.rule,
    )
    .join(addresses, addresses.c.group_id == groups.c.id)
    .where(addresses.c.kind == AddressKind.PRIMARY.value)
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
    conn: Connection,
    *,
    name: str,
    address: Address,
    at: int,
    rule: GroupRule,
    on: date,
    unit_id: UnitId | None = None,
) -> GroupId:
    """A group whose members follow the tree; worked out now, and again by `refresh`."""
    group_id = _make(
        conn,
        name,
        address,
        at,
        kind=GroupKind.COMPUTED,
        branch=rule.branch.value,
        rule=rule.to_json(),
        unit_id=unit_id,
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


def remove_group(conn: Connection, group_id: GroupId, member: GroupId) -> None:
    """Take a whole group out of another."""
    conn.execute(
        delete(group_members).where(
            group_members.c.group_id == group_id, group_members.c.member_group_id == member
        )
    )


def groups_in(conn: Connection, group_id: GroupId) -> list[GroupId]:
    """The groups that stand in a group itself, not those in them."""
    query = select(group_members.c.member_group_id).where(
        group_members.c.group_id == group_id, group_members.c.member_group_id.is_not(None)
    )
    return [GroupId(row[0]) for row in conn.execute(query)]


def list_groups(conn: Connection) -> list[Group]:
    """Every group that has an address, by name."""
    query = (
        select(groups.c.id, groups.c.name, groups.c.kind, groups.c.branch)
        .join(addresses, addresses.c.group_id == groups.c.id)
        .where(addresses.c.kind == AddressKind.PRIMARY.value)
        .order_by(groups.c.name_fold, groups.c.id)
    )
    return [
        Group(GroupId(row[0]), row[1], GroupKind(row[2]), None if row[3] is None else Branch(row[3]))
        for row in conn.execute(query)
    ]


def facts(conn: Connection, group_id: GroupId) -> GroupFacts | None:
    """One group; None once it has no address."""
    row = conn.execute(FACTS.where(groups.c.id == group_id)).first()
    return None if row is None else to_facts(row)


def facts_by_address(conn: Connection, address_key: str) -> GroupFacts | None:
    """The group of an address."""
    row = conn.execute(FACTS.where(addresses.c.key == address_key)).first()
    return None if row is None else to_facts(row)


def to_facts(row: AnyRow) -> GroupFacts:
    """The group in a row of `FACTS`."""
    branch = None if row[5] is None else Branch(row[5])
    return GroupFacts(
        id=GroupId(row[0]),
        name=row[1],
        address=Address(row[2], row[3]),
        kind=GroupKind(row[4]),
        branch=branch,
        unit_id=None if row[6] is None else UnitId(row[6]),
        senders=Senders(row[7]),
        rule=rule_from_json(branch.value, row[8]) if branch is not None and row[8] else None,
    )


def set_senders(conn: Connection, group_id: GroupId, senders: Senders) -> None:
    """Who may write to it."""
    conn.execute(update(groups).where(groups.c.id == group_id).values(senders=senders.value))


def people_of(conn: Connection, group_id: GroupId) -> dict[AccountId, set[Part]]:
    """Owners and named senders."""
    query = select(group_people.c.account_id, group_people.c.part).where(group_people.c.group_id == group_id)
    found: dict[AccountId, set[Part]] = {}
    for account_id, part in conn.execute(query):
        found.setdefault(AccountId(account_id), set()).add(Part(part))
    return found


def give_part(conn: Connection, group_id: GroupId, account_id: AccountId, part: Part) -> bool:
    """Make somebody an owner or a named sender; whether that is new."""
    if part in people_of(conn, group_id).get(account_id, set()):
        return False
    insert_one(conn, group_people, group_id=group_id, account_id=account_id, part=part.value)
    return True


def take_part(conn: Connection, group_id: GroupId, account_id: AccountId, part: Part) -> bool:
    """Take it back; whether there was one."""
    gone = conn.execute(
        delete(group_people)
        .where(
            group_people.c.group_id == group_id,
            group_people.c.account_id == account_id,
            group_people.c.part == part.value,
        )
        .returning(group_people.c.id)
    ).first()
    return gone is not None


def retire_group(conn: Connection, group_id: GroupId, at: int) -> None:
    """The group ends: its addresses are nobody's for ever, it stands in no other group."""
    conn.execute(
        update(addresses)
        .where(addresses.c.group_id == group_id)
        .values(kind=AddressKind.RETIRED.value, retired_at=at)
    )
    conn.execute(delete(group_members).where(group_members.c.group_id == group_id))
    conn.execute(delete(group_members).where(group_members.c.member_group_id == group_id))
    conn.execute(delete(group_people).where(group_people.c.group_id == group_id))
    conn.execute(update(groups).where(groups.c.id == group_id).values(kind=GroupKind.FIXED.value, rule=None))


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

"""Care of groups, within the scope of whoever acts or by their owners; each act with its line in the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from directory import audit
from directory.model import Account, AccountId, AccountKind, GroupId, GroupKind, Unit
from directory.provision.faults import Fault
from directory.repository import boxes, groups, units
from directory.repository.group_rules import GroupRule
from directory.repository.groups import GroupFacts, Part, Senders
from directory.repository.rows import can_be_stored
from directory.scope import Deed, OutOfScopeError, Scope
from directory.tables import places
from directory.upkeep import UpkeepRefused, free_address

MAX_MEMBERS: Final = 20_000
MAX_NESTED: Final = 500


@dataclass(frozen=True, slots=True)
class NewGroup:
    """What every new group has."""

    name: str
    address: str
    unit: Unit | None = None  # whose administrators care for it; none is the console's
    senders: Senders = Senders.INSIDE


def find_group(conn: Connection, text: str) -> GroupFacts:
    """The group of this address; UpkeepRefused if there is none."""
    found = groups.facts_by_address(conn, boxes.login_key(conn, text)) if can_be_stored(text) else None
    if found is None:
        raise UpkeepRefused("group", Fault.UNKNOWN_GROUP, value=text[:80])
    return found


def create_fixed(
    conn: Connection,
    scope: Scope,
    new: NewGroup,
    members: Sequence[str] = (),
    *,
    actor: str,
    at: int,
    limit: int = MAX_MEMBERS,
) -> GroupFacts:
    """A group with a list of members: boxes and other groups."""
    _require_unit(scope, new.unit)
    address = free_address(conn, "address", new.address)
    unit_id = new.unit.id if new.unit is not None else None
    group_id = groups.create_group(conn, name=new.name, address=address, at=at, unit_id=unit_id)
    made = _made(conn, group_id, new, actor, at, {"members": len(members)})
    _add(conn, scope, made, members, limit)
    return made


def create_computed(
    conn: Connection, scope: Scope, new: NewGroup, rule: GroupRule, *, on: date, actor: str, at: int
) -> GroupFacts:
    """A group that follows the tree by a rule."""
    _require_unit(scope, new.unit)
    _require_rule(conn, scope, rule, on)
    address = free_address(conn, "address", new.address)
    unit_id = new.unit.id if new.unit is not None else None
    group_id = groups.create_computed_group(
        conn, name=new.name, address=address, at=at, rule=rule, on=on, unit_id=unit_id
    )
    return _made(conn, group_id, new, actor, at, {"branch": rule.branch.value})


def add_members(
    conn: Connection,
    scope: Scope,
    group: GroupFacts,
    members: Sequence[str],
    *,
    actor: str,
    at: int,
    limit: int = MAX_MEMBERS,
) -> None:
    """Put boxes and groups into a fixed group."""
    _require_change(conn, scope, group)
    _refuse_computed(group)
    _add(conn, scope, group, members, limit)
    audit.record(conn, actor, "group.add", str(group.address), {"members": list(members)[:50]}, at)


def remove_members(
    conn: Connection, scope: Scope, group: GroupFacts, members: Sequence[str], *, actor: str, at: int
) -> None:
    """Take boxes and groups out of a fixed group."""
    _require_change(conn, scope, group)
    _refuse_computed(group)
    for text in members:
        inner = groups.facts_by_address(conn, boxes.login_key(conn, text)) if can_be_stored(text) else None
        if inner is not None:
            groups.remove_group(conn, group.id, inner.id)
        else:
            groups.remove_members(conn, group.id, [_account(conn, text).id])
    audit.record(conn, actor, "group.remove", str(group.address), {"members": list(members)[:50]}, at)


def set_senders(
    conn: Connection, scope: Scope, group: GroupFacts, senders: Senders, *, actor: str, at: int
) -> None:
    """Who may write to the group."""
    _require_change(conn, scope, group)
    groups.set_senders(conn, group.id, senders)
    audit.record(conn, actor, "group.senders", str(group.address), {"senders": senders.value}, at)


def give_part(
    conn: Connection, scope: Scope, group: GroupFacts, who: str, part: Part, *, actor: str, at: int
) -> bool:
    """Make somebody an owner or a named sender; whether that is new."""
    _require_change(conn, scope, group)
    account = _account(conn, who)
    new = groups.give_part(conn, group.id, account.id, part)
    detail = {"who": str(account.address), "part": part.value}
    audit.record(conn, actor, "group.give", str(group.address), detail, at)
    return new


def take_part(
    conn: Connection, scope: Scope, group: GroupFacts, who: str, part: Part, *, actor: str, at: int
) -> bool:
    """Take it back; whether there was one."""
    _require_change(conn, scope, group)
    account = _account(conn, who)
    gone = groups.take_part(conn, group.id, account.id, part)
    detail = {"who": str(account.address), "part": part.value}
    audit.record(conn, actor, "group.take", str(group.address), detail, at)
    return gone


def end_group(conn: Connection, scope: Scope, group: GroupFacts, *, actor: str, at: int) -> None:
    """The group is no more; its address is nobody's for ever."""
    _require_change(conn, scope, group)
    groups.retire_group(conn, group.id, at)
    audit.record(conn, actor, "group.end", str(group.address), {}, at)


def may_change(conn: Connection, scope: Scope, group: GroupFacts) -> bool:
    """Whether the group is theirs: in the scope, or they own it."""
    if scope.on_the_server:
        return True
    if group.unit_id is not None and scope.may(Deed.SHARE, group.unit_id, AccountKind.UNIT):
        return True
    return scope.account_id is not None and Part.OWNER in groups.people_of(conn, group.id).get(
        scope.account_id, set()
    )


def _require_change(conn: Connection, scope: Scope, group: GroupFacts) -> None:
    if not may_change(conn, scope, group):
        raise OutOfScopeError(Deed.SHARE, str(group.address))


def _require_unit(scope: Scope, unit: Unit | None) -> None:
    if scope.on_the_server:
        return
    if unit is None or not scope.may(Deed.SHARE, unit.id, AccountKind.UNIT):
        raise OutOfScopeError(Deed.SHARE, unit.code if unit is not None else "")


def _require_rule(conn: Connection, scope: Scope, rule: GroupRule, on: date) -> None:
    """The units and places that a rule names exist, and what it means lies in the scope."""
    known = units.unit_ids_by_code(conn)
    for code in (rule.under, *rule.except_units):
        if code and code not in known:
            raise UpkeepRefused("rule", Fault.UNKNOWN_UNIT, value=code)
    if rule.place and conn.execute(select(places.c.id).where(places.c.code == rule.place)).first() is None:
        raise UpkeepRefused("place", Fault.UNKNOWN_PLACE, value=rule.place)
    if scope.on_the_server:
        return
    root = units.unit_by_code(conn, rule.under, on) if rule.under else None
    if root is None or root.branch is not rule.branch:
        raise OutOfScopeError(Deed.SHARE, rule.branch.value)
    scope.require_unit(Deed.SEE, root.id, root.code)


def _refuse_computed(group: GroupFacts) -> None:
    if group.kind is GroupKind.COMPUTED:
        raise UpkeepRefused("group", Fault.GROUP_IS_COMPUTED, value=str(group.address))


def _add(conn: Connection, scope: Scope, group: GroupFacts, members: Sequence[str], limit: int) -> None:
    found: list[AccountId] = []
    owns = scope.account_id is not None and Part.OWNER in groups.people_of(conn, group.id).get(
        scope.account_id, set()
    )
    for text in members:
        inner = groups.facts_by_address(conn, boxes.login_key(conn, text)) if can_be_stored(text) else None
        if inner is not None:
            _nest(conn, group, inner)
            continue
        account = _account(conn, text)
        if not owns and not scope.may_touch(Deed.SEE, account):
            raise OutOfScopeError(Deed.SEE, text)
        found.append(account.id)
    groups.add_members(conn, group.id, found)
    count = len(boxes.members_of(conn, group.id))
    if count > limit:
        raise UpkeepRefused(
            "members", Fault.GROUP_TOO_LARGE, value=str(group.address), count=str(count), limit=str(limit)
        )


def _nest(conn: Connection, group: GroupFacts, inner: GroupFacts) -> None:
    below = _groups_below(conn, inner.id)
    if inner.id == group.id or group.id in below:
        raise UpkeepRefused("members", Fault.GROUP_CYCLE, value=str(inner.address), group=str(group.address))
    if len(below) >= MAX_NESTED:
        raise UpkeepRefused(
            "members",
            Fault.GROUP_TOO_LARGE,
            value=str(inner.address),
            count=str(len(below)),
            limit=str(MAX_NESTED),
        )
    if inner.id not in groups.groups_in(conn, group.id):
        groups.add_group(conn, group.id, inner.id)


def _groups_below(conn: Connection, top: GroupId) -> set[GroupId]:
    """The groups in a group, and in those; each once, no more than MAX_NESTED."""
    seen: set[GroupId] = set()
    waiting = [top]
    while waiting and len(seen) < MAX_NESTED:
        for inner in groups.groups_in(conn, waiting.pop()):
            if inner not in seen:
                seen.add(inner)
                waiting.append(inner)
    return seen


def _account(conn: Connection, text: str) -> Account:
    found = boxes.account_by_login(conn, text)
    if found is None:
        raise UpkeepRefused("members", Fault.UNKNOWN_BOX, value=text[:80])
    return found


def _made(
    conn: Connection, group_id: GroupId, new: NewGroup, actor: str, at: int, detail: dict[str, object]
) -> GroupFacts:
    groups.set_senders(conn, group_id, new.senders)
    made = groups.facts(conn, group_id)
    assert made is not None
    unit = new.unit.code if new.unit is not None else ""
    audit.record(conn, actor, "group.create", str(made.address), {"unit": unit, **detail}, at)
    return made

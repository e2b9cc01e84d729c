"""Acts on groups: list, show, make, members, end. Computed ones follow their rule and are only shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from directory import administer, audit, external_ids, group_care, repository
from directory.external_ids import MAX_EXTERNAL_ID, Named
from directory.group_care import NewGroup
from directory.model import GroupId, vietnam_day
from directory.names import text_fold
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Login, Number, Touches
from mailsvc.services.administration.finding import find_unit, unit_code, units_by_id
from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from directory.repository.groups import GroupFacts
    from directory.scope import Scope
    from mailsvc.services.administration.desk import Desk
    from mailsvc.storage.unit_of_work import Reader

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Members = Annotated[list[Login], Field(max_length=5000)]
MAX_LOCAL = 64  # RFC 5321 §4.5.3.1.1


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A box in the group itself."""

    id: int
    address: str
    full_name: str


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """A group; members outside of the scope are counted only."""

    id: int
    name: str
    address: str
    kind: str
    unit: str
    senders: str
    count: int
    external_id: str | None
    members: list[MemberLine]
    branch: str | None = None
    """Of a computed group."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Every group in the scope."""


@dataclass(frozen=True, slots=True)
class OneGroup:
    """A group by its id."""

    id: Number


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """A fixed group of a unit; without an address one is made from the name, without a unit it is one's own root's."""

    name: Name
    unit: Annotated[str, StringConstraints(max_length=100)] = ""
    address: Annotated[str, StringConstraints(max_length=320)] = ""
    members: Members = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SetMembers:
    """The boxes that are to be in the group itself, by address; others in the scope leave it."""

    id: Number
    members: Members


@dataclass(frozen=True, slots=True)
class NameGroup:
    """What the provisioning client calls this group; null forgets it."""

    id: Number
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=MAX_EXTERNAL_ID)] | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The group that is no more."""

    id: int
    done: bool = True


def _list(desk: Desk, _: Nothing) -> list[GroupRecord]:
    with desk.read() as db:
        scope = desk.scope(db)
        return _records(db, scope, administer.visible_groups(db.conn, scope))


def _show(desk: Desk, asked: OneGroup) -> GroupRecord:
    with desk.read() as db:
        scope = desk.scope(db)
        return _records(db, scope, [_find(db, scope, asked.id)])[0]


def _create(desk: Desk, asked: CreateGroup) -> GroupRecord:
    with desk.write() as uow:
        scope, today = desk.scope(uow), vietnam_day(uow.clock())
        unit = find_unit(uow, scope, asked.unit, today, Deed.SHARE) if asked.unit else None
        if unit is None and scope.grants:
            root = min(grant.root for grant in scope.grants if Deed.SHARE in _deeds(scope, grant.root))
            unit = repository.unit_by_id(uow.conn, root, today)
        address = asked.address or ".".join(text_fold(asked.name).split())[:MAX_LOCAL].strip(".")
        new = NewGroup(asked.name, address, unit)
        made = group_care.create_fixed(uow.conn, scope, new, asked.members, actor=desk.actor, at=uow.clock())
        return _records(uow, scope, [made])[0]


def _set_members(desk: Desk, asked: SetMembers) -> GroupRecord:
    with desk.write() as uow:
        scope, at = desk.scope(uow), uow.clock()
        group = _find(uow, scope, asked.id)
        before = {line.address for line in _records(uow, scope, [group])[0].members}
        wanted = {_address(uow, scope, text) for text in asked.members}
        if gone := sorted(before - wanted):
            group_care.remove_members(uow.conn, scope, group, gone, actor=desk.actor, at=at)
        if new := sorted(wanted - before):
            group_care.add_members(uow.conn, scope, group, new, actor=desk.actor, at=at)
        return _records(uow, scope, [group])[0]


def _name(desk: Desk, asked: NameGroup) -> GroupRecord:
    with desk.write() as uow:
        scope = desk.scope(uow)
        group = _find(uow, scope, asked.id)
        if not group_care.may_change(uow.conn, scope, group):
            raise _no_group(asked.id)
        external_ids.give_name(uow.conn, Named.GROUP, group.id, asked.external_id)
        detail = {"external_id": asked.external_id}
        audit.record(uow.conn, desk.actor, "group.external_id", str(group.address), detail, uow.clock())
        return _records(uow, scope, [group])[0]


def _end(desk: Desk, asked: OneGroup) -> Ended:
    with desk.write() as uow:
        scope = desk.scope(uow)
        group = _find(uow, scope, asked.id)
        group_care.end_group(uow.conn, scope, group, actor=desk.actor, at=uow.clock())
        external_ids.give_name(uow.conn, Named.GROUP, group.id, None)
    return Ended(asked.id)


def _deeds(scope: Scope, root: int) -> set[Deed]:
    return {
        deed for grant in scope.grants if grant.root == root for deed in Deed if scope.kinds(grant.role, deed)
    }


def _address(db: Reader, scope: Scope, text: str) -> str:
    found = administer.visible_account(db.conn, scope, text)
    return text if found is None else str(found.address)


def _find(db: Reader, scope: Scope, number: int) -> GroupFacts:
    found = administer.visible_groups(db.conn, scope, group_id=number)
    if not found:
        raise _no_group(number)
    return found[0]


def _no_group(number: int) -> ActRefused:
    return ActRefused(Why.NOT_FOUND, f"Không có nhóm {number}.", f"There is no group {number}.")


def _records(db: Reader, scope: Scope, found: list[GroupFacts]) -> list[GroupRecord]:
    units = units_by_id(db, scope, vietnam_day(db.clock()))
    names = external_ids.names_of(db.conn, Named.GROUP)
    records = []
    for group in found:
        inside = administer.visible_members(db.conn, scope, group.id)
        records.append(
            GroupRecord(
                id=group.id,
                name=group.name,
                address=str(group.address),
                kind=group.kind.value,
                unit=unit_code(units, group.unit_id),
                senders=group.senders.value,
                count=len(repository.members_of(db.conn, GroupId(group.id))),
                external_id=names.get(group.id),
                members=[MemberLine(one.id, str(one.address), one.display_name) for one in inside],
                branch=None if group.branch is None else group.branch.value,
            )
        )
    return records


_IN = Touches.GROUP
LIST = Act(
    "group.list", Deed.SEE, _IN, "GET", "/groups",
    "Các nhóm trong phạm vi", "Groups in the scope", Nothing, list[GroupRecord], _list,
)  # fmt: skip
SHOW = Act(
    "group.show", Deed.SEE, _IN, "GET", "/groups/{id}",
    "Một nhóm", "One group", OneGroup, GroupRecord, _show,
)  # fmt: skip
CREATE = Act(
    "group.create", Deed.SHARE, _IN, "POST", "/groups",
    "Tạo nhóm", "Make a group", CreateGroup, GroupRecord, _create, max_body=2 * 1024 * 1024,
)  # fmt: skip
SET_MEMBERS = Act(
    "group.members", Deed.SHARE, _IN, "PUT", "/groups/{id}/members",
    "Đặt lại thành viên", "Set the members", SetMembers, GroupRecord, _set_members, max_body=2 * 1024 * 1024,
)  # fmt: skip
NAME = Act(
    "group.external_id", Deed.SHARE, _IN, "PUT", "/groups/{id}/external-id",
    "Mã ở hệ thống nguồn", "What the source system calls it", NameGroup, GroupRecord, _name,
)  # fmt: skip
END = Act(
    "group.end", Deed.SHARE, _IN, "DELETE", "/groups/{id}",
    "Kết thúc nhóm", "End a group", OneGroup, Ended, _end, step_up=True,
)  # fmt: skip
ACTS = (LIST, SHOW, CREATE, SET_MEMBERS, NAME, END)

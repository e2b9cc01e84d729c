"""Acts on administrators: who has which role where, and who am I."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from directory import administer, repository
from directory.model import AdminRole, vietnam_day
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Code, Limit, Login, Offset, Touches
from mailsvc.services.administration.finding import find_account, find_unit
from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from mailsvc.services.administration.desk import Desk

Role = Literal["province", "unit", "help_desk", "auditor"]


@dataclass(frozen=True, slots=True)
class AdminLine:
    """One role of one person over one subtree."""

    address: str
    unit: str
    role: Role


@dataclass(frozen=True, slots=True)
class AdminPage:
    """Who administers units in the scope."""

    administrators: list[AdminLine]
    total: int
    next_offset: int | None


@dataclass(frozen=True, slots=True)
class ListAdmins:
    """Which lines of the list."""

    limit: Limit = 500
    offset: Offset = 0


@dataclass(frozen=True, slots=True)
class Appointment:
    """Somebody, a unit with all below it in its branch, and a role there."""

    address: Login
    unit: Code
    role: Role


@dataclass(frozen=True, slots=True)
class Appointed:
    """Whether the role is new to them."""

    address: str
    unit: str
    role: Role
    new: bool


@dataclass(frozen=True, slots=True)
class Dismissed:
    """The role that was taken back."""

    address: str
    unit: str
    role: Role
    done: bool = True


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing needs to be said."""


@dataclass(frozen=True, slots=True)
class Myself:
    """Who asks, in which roles, and which deeds that makes possible."""

    address: str
    roles: list[AdminLine]
    deeds: list[str]


def _list(desk: Desk, asked: ListAdmins) -> AdminPage:
    with desk.read() as db:
        scope = desk.scope(db)
        found = administer.visible_administrators(db.conn, scope)
        page = found[asked.offset : asked.offset + asked.limit]
        accounts = repository.accounts_by_ids(db.conn, {item.account_id for item in page})
        codes = {unit_id: code for code, unit_id in repository.unit_ids_by_code(db.conn).items()}
    lines = [
        AdminLine(str(accounts[item.account_id].address), codes[item.unit_id], item.role.value)
        for item in page
    ]
    after = asked.offset + len(page)
    return AdminPage(lines, len(found), after if after < len(found) else None)


def _appoint(desk: Desk, asked: Appointment) -> Appointed:
    with desk.write() as uow:
        scope = desk.scope(uow)
        account = find_account(uow, scope, asked.address, Deed.SEE)
        unit = find_unit(uow, scope, asked.unit, vietnam_day(uow.clock()), Deed.APPOINT)
        new = administer.appoint(
            uow.conn, scope, account, unit, AdminRole(asked.role), actor=desk.actor, at=uow.clock()
        )
    return Appointed(str(account.address), asked.unit, asked.role, new)


def _dismiss(desk: Desk, asked: Appointment) -> Dismissed:
    with desk.write() as uow:
        scope = desk.scope(uow)
        unit = find_unit(uow, scope, asked.unit, vietnam_day(uow.clock()), Deed.APPOINT)
        account = repository.account_by_login(uow.conn, asked.address)  # they may have been transferred away
        if account is None or not administer.dismiss(
            uow.conn, scope, account, unit, AdminRole(asked.role), actor=desk.actor, at=uow.clock()
        ):
            raise ActRefused(
                Why.NOT_FOUND,
                f"{asked.address} không có vai trò {asked.role} ở {asked.unit}. Xem: congvu admin list",
                f"{asked.address} has no role {asked.role} in {asked.unit}. See: congvu admin list",
            )
    return Dismissed(str(account.address), asked.unit, asked.role)


def _myself(desk: Desk, _: Nothing) -> Myself:
    with desk.read() as db:
        scope = desk.scope(db)
        codes = {unit_id: code for code, unit_id in repository.unit_ids_by_code(db.conn).items()}
    roles = [AdminLine(desk.actor, codes[grant.root], grant.role.value) for grant in scope.grants]
    return Myself(desk.actor, roles, [deed.value for deed in Deed if scope.has(deed)])


_IN = Touches.ADMINISTRATOR
LIST = Act(
    "admin.list", Deed.SEE, _IN, "GET", "/administrators",
    "Các quản trị viên", "Administrators", ListAdmins, AdminPage, _list,
)  # fmt: skip
APPOINT = Act(
    "admin.grant", Deed.APPOINT, _IN, "PUT", "/administrators/{address}/{unit}/{role}",
    "Giao quyền quản trị", "Make somebody an administrator", Appointment, Appointed, _appoint, step_up=True,
)  # fmt: skip
DISMISS = Act(
    "admin.revoke", Deed.APPOINT, _IN, "DELETE", "/administrators/{address}/{unit}/{role}",
    "Thu quyền quản trị", "Take a role back", Appointment, Dismissed, _dismiss, step_up=True,
)  # fmt: skip
MYSELF = Act(
    "admin.self", Deed.SEE, _IN, "GET", "/me",
    "Tôi là ai, quản trị những gì", "Who I am and what I administer", Nothing, Myself, _myself,
)  # fmt: skip
ACTS = (LIST, APPOINT, DISMISS, MYSELF)

"""Phạm vi quản trị: what an administrator may do, and where. Deny by default.

A grant is a role over a unit and all below it in the same branch, so that the state side never reaches the Party's boxes
(design §1). A scope is a value: every query and act of administration takes one, and none is made up on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select

from directory.model import Account, AccountId, AccountKind, AccountState, AdminRole, UnitId
from directory.repository.units import subtree, units_on
from directory.tables import accounts, administrators


class Deed(StrEnum):
    """What an administrator may be asked to do."""

    SEE = "see"  # that a box exists, its state and addresses; never its letters
    MANAGE = "manage"  # create, rename, transfer, lock, archive, aliases
    RESET = "reset"  # give a new password
    SHARE = "share"  # who may use a shared box
    REORGANISE = "reorganise"  # merge, split, dissolve, move
    APPOINT = "appoint"  # make administrators
    READ_LOG = "read_log"


_PERSONAL: Final = frozenset({AccountKind.PERSONAL})
_EVERY_KIND: Final = frozenset(AccountKind) - {AccountKind.SYSTEM}
MAY: Final[Mapping[AdminRole, Mapping[Deed, frozenset[AccountKind]]]] = {
    AdminRole.PROVINCE: dict.fromkeys(Deed, _EVERY_KIND),
    AdminRole.UNIT: {  # unit and post boxes are made by the province (Đắk Lắk QĐ 08/2014)
        Deed.SEE: _EVERY_KIND,
        Deed.MANAGE: _PERSONAL,
        Deed.RESET: _PERSONAL,
        Deed.SHARE: _EVERY_KIND,
    },
    AdminRole.HELP_DESK: {Deed.SEE: _EVERY_KIND, Deed.RESET: _PERSONAL},
    AdminRole.AUDITOR: {Deed.SEE: _EVERY_KIND, Deed.READ_LOG: _EVERY_KIND},
}
"""Which role may do what to which kinds of boxes; what does not stand here is refused."""


class OutOfScopeError(Exception):
    """The administrator may not do this there."""

    def __init__(self, deed: Deed, what: str) -> None:
        super().__init__(f"{deed.value}: {what}")
        self.deed = deed
        self.what = what


@dataclass(frozen=True, slots=True)
class Grant:
    """One role over the units of one subtree, as they are on a day."""

    role: AdminRole
    root: UnitId
    units: frozenset[UnitId]


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything one administrator may do; without a grant, nothing."""

    account_id: AccountId | None
    grants: tuple[Grant, ...] = ()
    on_the_server: bool = False

    def units(self, deed: Deed) -> frozenset[UnitId] | None:
        """Where the deed is allowed for some kind of box; None is everywhere, which only the server's console has."""
        if self.on_the_server:
            return None
        return frozenset().union(*(grant.units for grant in self.grants if deed in MAY[grant.role]))

    def may(self, deed: Deed, unit_id: UnitId | None, kind: AccountKind = AccountKind.PERSONAL) -> bool:
        """Whether the deed is allowed on a box of this kind in this unit; boxes of no unit are the console's."""
        if self.on_the_server:
            return True
        return unit_id is not None and any(
            unit_id in grant.units and kind in MAY[grant.role].get(deed, frozenset()) for grant in self.grants
        )

    def may_touch(self, deed: Deed, account: Account) -> bool:
        """Whether the deed is allowed on this box; nobody resets or changes an own account as its administrator."""
        if account.id == self.account_id and deed is not Deed.SEE:
            return False
        return self.may(deed, account.unit_id, account.kind)

    def require(self, deed: Deed, account: Account) -> None:
        """OutOfScopeError unless the deed is allowed on this box."""
        if not self.may_touch(deed, account):
            raise OutOfScopeError(deed, str(account.address))

    def require_unit(self, deed: Deed, unit_id: UnitId, code: str) -> None:
        """OutOfScopeError unless the deed is allowed in this unit."""
        if not self.may(deed, unit_id):
            raise OutOfScopeError(deed, code)


SERVER: Final = Scope(None, on_the_server=True)
"""Whoever works at the machine itself, with its files: the command line."""
NOBODY: Final = Scope(None)


def scope_of(conn: Connection, account_id: AccountId, on: date) -> Scope:
    """What this account may administer on that day; nothing while it is locked or archived."""
    held = conn.execute(
        select(administrators.c.role, administrators.c.unit_id)
        .join(accounts, accounts.c.id == administrators.c.account_id)
        .where(
            administrators.c.account_id == account_id,
            accounts.c.state == AccountState.ACTIVE.value,
            accounts.c.kind == AccountKind.PERSONAL.value,
        )
        .order_by(administrators.c.id)
    ).all()
    if not held:
        return Scope(account_id)
    units = units_on(conn, on)
    in_force = {unit.id for unit in units}
    return Scope(
        account_id,
        tuple(
            Grant(AdminRole(role), UnitId(root), frozenset(subtree(units, UnitId(root))))
            for role, root in held
            if root in in_force
        ),
    )

"""Phạm vi quản trị: what an administrator may do, and where. Deny by default.

A grant is a role over a unit and all below it in the same branch, so that the state side never reaches the Party's boxes
(design §1). A scope is a value: every query and act of administration takes one, and none is made up on the way. Lists
and look-ups join it in their own statement (`Scope.accounts`, `Scope.units_where`); plans, which hold the whole directory
in memory, ask it there (`Scope.may`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, exists, false, or_, select, true

from directory.model import Account, AccountId, AccountKind, AdminRole, UnitId
from directory.reach import reach_of
from directory.tables import accounts, administrators, units


class Deed(StrEnum):
    """What an administrator may be asked to do."""

    SEE = "see"  # that a box exists, its state and addresses; never its letters
    MANAGE = "manage"  # create, rename, transfer, lock, archive, aliases
    RESET = "reset"  # give a new password
    SHARE = "share"  # who may use a shared box
    REORGANISE = "reorganise"  # merge, split, dissolve, move
    APPOINT = "appoint"  # make administrators
    READ_LOG = "read_log"
    HOLD = "hold"  # legal holds, and for how long letters are kept
    TRACE = "trace"  # where a letter went; never what it says
    EXPORT = "export"  # take a box's letters out
    ASK_READING = "ask_reading"  # ask that somebody may read in another's box
    APPROVE_READING = "approve_reading"  # one of the two approvals that this takes
    WITHDRAW = "withdraw"  # find a harmful letter in all boxes and take it out of them


_PERSONAL: Final = frozenset({AccountKind.PERSONAL})
_SHARED: Final = frozenset({AccountKind.UNIT, AccountKind.POST})
_EVERY_KIND: Final = frozenset(AccountKind) - {AccountKind.SYSTEM}
MAY: Final[Mapping[AdminRole, Mapping[Deed, frozenset[AccountKind]]]] = {
    AdminRole.PROVINCE: {
        **dict.fromkeys(Deed, _EVERY_KIND),
        Deed.SHARE: _SHARED,  # to read a person's own box takes two approvals, not one administrator
    },
    AdminRole.UNIT: {  # unit and post boxes are made by the province (Đắk Lắk QĐ 08/2014)
        Deed.SEE: _EVERY_KIND,
        Deed.MANAGE: _PERSONAL,
        Deed.RESET: _PERSONAL,
        Deed.SHARE: _SHARED,
        Deed.ASK_READING: _EVERY_KIND,
    },
    AdminRole.HELP_DESK: {Deed.SEE: _EVERY_KIND, Deed.RESET: _PERSONAL},
    AdminRole.AUDITOR: {
        Deed.SEE: _EVERY_KIND,
        Deed.READ_LOG: _EVERY_KIND,
        Deed.ASK_READING: _EVERY_KIND,
    },
}
"""Which role may do what to which kinds of boxes; what does not stand here is refused."""
LOOKING: Final = frozenset({Deed.SEE, Deed.READ_LOG})
"""Deeds that change nothing: one's own account and other administrators may be looked at."""


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
    on: date | None = None  # the day on which the tree is read
    protected: frozenset[AccountId] = field(default=frozenset(), repr=False)
    """Administrators of something that this one does not appoint for: a help desk never resets its province's head."""
    unit_boxes: bool = False  # whether unit administrators make unit boxes too (a setting)

    def kinds(self, role: AdminRole, deed: Deed) -> frozenset[AccountKind]:
        """To which kinds of boxes a role may do this; perhaps to none."""
        allowed = MAY[role].get(deed, frozenset())
        if self.unit_boxes and role is AdminRole.UNIT and deed is Deed.MANAGE:
            return allowed | _SHARED
        return allowed

    def has(self, deed: Deed) -> bool:
        """Whether the deed is allowed anywhere at all."""
        return self.on_the_server or any(self.kinds(grant.role, deed) for grant in self.grants)

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
            unit_id in grant.units and kind in self.kinds(grant.role, deed) for grant in self.grants
        )

    def may_do_to(self, deed: Deed, account_id: AccountId, unit_id: UnitId | None, kind: AccountKind) -> bool:
        """Whether the deed is allowed on this box; nobody changes an own account as its administrator."""
        if deed not in LOOKING and (account_id == self.account_id or account_id in self.protected):
            return False
        return self.may(deed, unit_id, kind)

    def may_touch(self, deed: Deed, account: Account) -> bool:
        """The same, of an account."""
        return self.may_do_to(deed, account.id, account.unit_id, account.kind)

    def require(self, deed: Deed, account: Account) -> None:
        """OutOfScopeError unless the deed is allowed on this box."""
        if not self.may_touch(deed, account):
            raise OutOfScopeError(deed, str(account.address))

    def require_unit(self, deed: Deed, unit_id: UnitId, code: str) -> None:
        """OutOfScopeError unless the deed is allowed in this unit."""
        if not self.may(deed, unit_id):
            raise OutOfScopeError(deed, code)

    # -- the same, as conditions of SQL

    def accounts(self, deed: Deed) -> ColumnElement[bool]:
        """The condition on `accounts` that leaves only boxes on which the deed is allowed, as the statement runs."""
        if self.on_the_server:
            return true()
        if self.account_id is None or self.on is None:
            return false()
        reach = reach_of(self.account_id, self.on)
        allowed = or_(
            false(),
            *(
                and_(
                    accounts.c.kind.in_(sorted(kind.value for kind in kinds)),
                    accounts.c.unit_id.in_(select(reach.c.unit_id).where(reach.c.role == role.value)),
                )
                for role in AdminRole
                if (kinds := self.kinds(role, deed))
            ),
        )
        if deed in LOOKING:
            return allowed
        appoints = [role.value for role in AdminRole if Deed.APPOINT in MAY[role]]
        beyond = exists().where(
            administrators.c.account_id == accounts.c.id,
            administrators.c.unit_id.not_in(select(reach.c.unit_id).where(reach.c.role.in_(appoints))),
        )
        return and_(allowed, accounts.c.id != self.account_id, ~beyond)

    def units_where(self, deed: Deed) -> ColumnElement[bool]:
        """The condition on `units` that leaves only those in which the deed is allowed for some kind of box."""
        if self.on_the_server:
            return true()
        if self.account_id is None or self.on is None:
            return false()
        reach = reach_of(self.account_id, self.on)
        roles = [role.value for role in AdminRole if self.kinds(role, deed)]
        return units.c.id.in_(select(reach.c.unit_id).where(reach.c.role.in_(roles)))


SERVER: Final = Scope(None, on_the_server=True)
"""Whoever works at the machine itself, with its files: the command line."""
NOBODY: Final = Scope(None)


def scope_of(conn: Connection, account_id: AccountId, on: date, *, unit_boxes: bool = False) -> Scope:
    """What this account may administer on that day; nothing while it is locked or archived."""
    reach = reach_of(account_id, on)
    found: dict[tuple[str, int], set[UnitId]] = {}
    for role, root, unit in conn.execute(select(reach.c.role, reach.c.root_id, reach.c.unit_id)):
        found.setdefault((role, root), set()).add(UnitId(unit))
    if not found:
        return Scope(account_id, on=on)
    grants = tuple(
        Grant(AdminRole(role), UnitId(root), frozenset(below))
        for (role, root), below in sorted(found.items())
    )
    appointing = frozenset().union(*(grant.units for grant in grants if Deed.APPOINT in MAY[grant.role]))
    every = conn.execute(select(administrators.c.account_id, administrators.c.unit_id)).all()
    protected = frozenset(AccountId(who) for who, root in every if root not in appointing)
    return Scope(account_id, grants, on=on, protected=protected, unit_boxes=unit_boxes)

"""A plan: what a roster would change, as values that can be shown, stored and applied."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from directory.address import Address
from directory.model import (
    AccountId,
    AccountKind,
    Branch,
    Period,
    PersonId,
    PlaceId,
    PostRole,
    Tier,
    Unit,
    UnitId,
)
from directory.provision.faults import Remark
from directory.provision.texts import NameTexts

Create = TypeVar("Create")
Change = TypeVar("Change")


class PlanRefusedError(ValueError):
    """A plan with refused lines is not applied, not even in part."""


class PlanDriftedError(ValueError):
    """What the plan was made from has changed since; it has to be made again."""


class LocksUnconfirmedError(ValueError):
    """The plan locks more of the accounts in scope than go unasked; the number has to be said again."""

    def __init__(self, count: int, of: int) -> None:
        super().__init__(f"{count} of {of} accounts")
        self.count = count
        self.of = of


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that changes."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Plan(Generic[Create, Change]):
    """Every line is in one place: created, changed, moved, unchanged or refused."""

    effective_on: date
    creates: tuple[Create, ...] = ()
    changes: tuple[Change, ...] = ()
    moves: tuple[Change, ...] = ()
    unchanged: int = 0
    refused: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()
    locks: tuple["AccountLock", ...] = ()  # who is missing from the roster of a whole unit
    locks_of: int = 0  # how many accounts the administrator has in all
    locks_ask: bool = False  # so many that the number has to be confirmed

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of design §9; a line refused for two reasons counts once."""
        return {
            "create": len(self.creates),
            "change": len(self.changes),
            "move": len(self.moves),
            "lock": len(self.locks),
            "unchanged": self.unchanged,
            "refused": len({remark.line for remark in self.refused}),
        }

    @property
    def changes_nothing(self) -> bool:
        """Whether applying it would leave everything as it is."""
        return not (self.creates or self.changes or self.moves or self.locks)


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit that will be made."""

    line: int
    code: str
    name: str
    short_name: str
    parent: str  # a code: of this plan or of the directory
    tier: Tier
    branch: Branch
    place: str
    headcount: int | None
    identifier: tuple[str, str] | None
    period: Period


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A unit that will get a new version, and the version that was looked at."""

    line: int
    before: Unit
    after: NewUnit
    fields: tuple[FieldChange, ...]


UnitPlan = Plan[NewUnit, UnitChange]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A box that will be made."""

    line: int
    address: Address
    kind: AccountKind
    texts: NameTexts
    unit_id: UnitId | None
    unit: str
    quota_octets: int
    role: PostRole | None = None
    aliases: tuple[Address, ...] = ()
    identifier: tuple[str, str] | None = None
    birth_date: date | None = None
    phone: str = ""
    claims_reserved: bool = False  # postmaster@ or abuse@ is taken over from the system box
    generated: bool = False  # the address was made from the name
    password: str | None = field(default=None, repr=False)  # until `seal` has hashed it
    password_hash: str | None = field(default=None, repr=False)
    must_change: bool = False

    @property
    def display_name(self) -> str:
        """The name of the box as people see it."""
        return self.texts.display_name

    @property
    def title(self) -> str:
        """Chức vụ, as the address book shows it."""
        return self.texts.title


@dataclass(frozen=True, slots=True)
class AccountChange:
    """A box that will get other values or another unit."""

    line: int
    account_id: AccountId
    person_id: PersonId | None
    address: Address
    texts: NameTexts
    unit_id: UnitId | None
    unit: str
    role: PostRole | None
    old_display_name: str
    old_unit_id: UnitId | None
    new_aliases: tuple[Address, ...]
    new_identifier: tuple[str, str] | None
    fields: tuple[FieldChange, ...]
    kind: AccountKind = AccountKind.PERSONAL
    birth_date: date | None = None
    phone: str = ""
    revived: bool = False  # it was taken back unused, and lives again
    restored_aliases: tuple[str, ...] = ()  # keys that it had then


@dataclass(frozen=True, slots=True)
class AccountLock:
    """A box that will be locked: letters still arrive, nobody signs in."""

    account_id: AccountId
    address: Address
    display_name: str
    unit_id: UnitId | None
    unit: str
    kind: AccountKind = AccountKind.PERSONAL


AccountPlan = Plan[NewAccount, AccountChange]


@dataclass(frozen=True, slots=True)
class AppliedUnits:
    """What applying a plan of units made."""

    unit_ids: dict[str, UnitId]
    place_ids: dict[str, PlaceId]


def plan_to_json(plan: "UnitPlan | AccountPlan", language: str = "vi") -> dict[str, Any]:
    """The plan as `--json` shows it and as it is stored: counts, then details; never a password or a hash."""
    return {
        **plan.counts,
        "effective_on": plan.effective_on.isoformat(),
        "details": {
            "create": [_create_json(create) for create in plan.creates],
            "change": [_change_json(change) for change in plan.changes],
            "move": [_change_json(move) for move in plan.moves],
            "lock": [
                {"address": str(lock.address), "name": lock.display_name, "unit": lock.unit}
                for lock in plan.locks
            ],
            "refused": remarks_to_json(plan.refused, language),
            "warnings": remarks_to_json(plan.warnings, language),
        },
    }


def remarks_to_json(remarks: Sequence[Remark], language: str) -> list[dict[str, object]]:
    """The remarks in the order of the file."""
    return [remark.to_json(language) for remark in sorted(remarks, key=lambda remark: remark.line)]


def _create_json(create: NewUnit | NewAccount) -> dict[str, Any]:
    if isinstance(create, NewUnit):
        return {
            "line": create.line,
            "code": create.code,
            "name": create.name,
            "parent": create.parent,
            "tier": create.tier.value,
            "branch": create.branch.value,
        }
    return {
        "line": create.line,
        "address": str(create.address),
        "kind": create.kind.value,
        "name": create.display_name,
        "unit": create.unit,
        "generated": create.generated,
    }


def _change_json(change: UnitChange | AccountChange) -> dict[str, Any]:
    what = (
        {"code": change.before.code} if isinstance(change, UnitChange) else {"address": str(change.address)}
    )
    fields = [{"field": item.field, "before": item.before, "after": item.after} for item in change.fields]
    return {"line": change.line, **what, "fields": fields}

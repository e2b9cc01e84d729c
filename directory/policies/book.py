"""Which rule holds where: rows by tier, branch and account kind, dated; the narrower one goes before the wider."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection, Select, bindparam, or_, select

from directory.model import AccountId, AccountKind, Branch, Period, Tier
from directory.policies.policy import Defaults, Policy, strictest
from directory.policies.rules import RULES, PolicyName, Rule
from directory.repository.rows import AnyRow
from directory.repository.units import IN_FORCE, period_of
from directory.tables import accounts, policies, posts, unit_versions

_p: Final = policies.c
_COLUMNS: Final = (_p.id, _p.name, _p.tier, _p.branch, _p.account_kind, _p.value, _p.valid_from, _p.valid_to)
_ON_DAY: Final = (
    select(*_COLUMNS)
    .where(_p.valid_from <= bindparam("on"), or_(_p.valid_to.is_(None), _p.valid_to > bindparam("on")))
    .order_by(_p.valid_from, _p.id)
)
_WHERE: Final = select(unit_versions.c.tier, unit_versions.c.branch)
_OF_UNIT: Final = (
    _WHERE.add_columns(accounts.c.kind)
    .select_from(
        accounts.outerjoin(unit_versions, (unit_versions.c.unit_id == accounts.c.unit_id) & IN_FORCE)
    )
    .where(accounts.c.id == bindparam("account_id"))
)
_OF_POSTS: Final = (
    _WHERE.select_from(posts)
    .join(accounts, accounts.c.person_id == posts.c.person_id)
    .join(unit_versions, (unit_versions.c.unit_id == posts.c.unit_id) & IN_FORCE)
    .where(
        accounts.c.id == bindparam("account_id"),
        posts.c.valid_from <= bindparam("on"),
        or_(posts.c.valid_to.is_(None), posts.c.valid_to > bindparam("on")),
    )
    .order_by(posts.c.is_primary.desc(), posts.c.valid_from, posts.c.id)
)
_DEFAULTS: Final = Defaults()


@dataclass(frozen=True, slots=True)
class Where:
    """To which boxes a rule speaks; None is every."""

    tier: Tier | None = None
    branch: Branch | None = None
    kind: AccountKind | None = None

    @property
    def width(self) -> tuple[bool, bool, bool]:
        """Sorts the widest first; the kind of box says more than the branch, the branch more than the tier."""
        return self.kind is not None, self.branch is not None, self.tier is not None

    def covers(self, tier: Tier | None, branch: Branch | None, kind: AccountKind) -> bool:
        """Whether a box is one of those."""
        return self.tier in {None, tier} and self.branch in {None, branch} and self.kind in {None, kind}


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One rule as it is kept: only the fields that it names."""

    id: int
    name: PolicyName
    where: Where
    fields: Mapping[str, Any]
    period: Period

    def over(self, rule: Rule) -> Rule:
        """The wider rule with the fields of this one."""
        whole = rule.model_dump(mode="json") | dict(self.fields)
        return RULES[self.name].model_validate(whole)


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """Every rule in force on one day: for lists of many boxes, read once."""

    rows: tuple[PolicyRow, ...]
    defaults: Defaults = _DEFAULTS

    def of(
        self, tier: Tier | None, branch: Branch | None, kind: AccountKind = AccountKind.PERSONAL
    ) -> Policy:
        """What holds for a box of this kind in a unit of this tier and branch."""
        policy = self.defaults.of(kind)
        for row in sorted(self.rows, key=lambda row: row.where.width):
            if row.where.covers(tier, branch, kind):
                policy = policy.with_rule(row.name, row.over(policy.rule(row.name)))
        return policy


def open_book(conn: Connection, on: date, defaults: Defaults = _DEFAULTS) -> PolicyBook:
    """The rules in force on that day."""
    rows = conn.execute(_ON_DAY, {"on": on.isoformat()}).all()
    return PolicyBook(tuple(to_policy_row(row) for row in rows), defaults)


def effective_policy(
    conn: Connection, account_id: AccountId, day: date, defaults: Defaults = _DEFAULTS
) -> Policy:
    """What holds for this account on that day: the strictest of a person's posts; the primary one gives address and quota.

    Unit, post and service boxes follow their unit. An account that does not exist has the defaults.
    """
    book = open_book(conn, day, defaults)
    named = {"account_id": account_id, "on": day.isoformat()}
    own = conn.execute(_OF_UNIT, named).first()
    if own is None:
        return defaults.of(AccountKind.PERSONAL)
    kind = AccountKind(own[2])
    held = _contexts(conn, _OF_POSTS, named) if kind is AccountKind.PERSONAL else []
    contexts = held or [(_tier(own[0]), _branch(own[1]))]
    found = strictest(book.of(tier, branch, kind) for tier, branch in dict.fromkeys(contexts))
    assert found is not None
    return found


def _contexts(
    conn: Connection, query: Select[Any], named: Mapping[str, Any]
) -> list[tuple[Tier | None, Branch | None]]:
    return [(_tier(row[0]), _branch(row[1])) for row in conn.execute(query, named)]


def _tier(value: str | None) -> Tier | None:
    return None if value is None else Tier(value)


def _branch(value: str | None) -> Branch | None:
    return None if value is None else Branch(value)


def to_policy_row(row: AnyRow) -> PolicyRow:
    """A stored row."""
    where = Where(_tier(row[2]), _branch(row[3]), None if row[4] is None else AccountKind(row[4]))
    return PolicyRow(row[0], PolicyName(row[1]), where, _fields(row[5]), period_of(row[6], row[7]))


@lru_cache(maxsize=512)
def _fields(text: str) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def list_rows(conn: Connection, *, on: date | None = None) -> list[PolicyRow]:
    """Every rule, those in force on a day or all ever; by name, the widest first."""
    query = select(*_COLUMNS).order_by(_p.valid_from, _p.id)
    rows: Iterable[PolicyRow] = (to_policy_row(row) for row in conn.execute(query).all())
    if on is not None:
        rows = (row for row in rows if row.period.holds(on))
    return sorted(rows, key=lambda row: (row.name.value, row.where.width, row.period.valid_from))


def read_fields(name: PolicyName, given: Mapping[str, str]) -> dict[str, Any]:
    """What somebody typed, as the JSON of a rule; PolicyRefusedError names every wrong field."""
    model = RULES[name]
    values: dict[str, Any] = {
        key: tuple(filter(None, text.replace(" ", "").split(","))) if key == "to" else text
        for key, text in given.items()
    }
    try:
        rule = model.model_validate(values)
    except ValidationError as error:
        raise PolicyRefusedError(
            tuple(
                FieldFault(".".join(map(str, item["loc"])) or name.value, item["msg"])
                for item in error.errors()
            ),
            tuple(f"{key} ({field.description})" for key, field in model.model_fields.items()),
        ) from error
    return rule.model_dump(mode="json", include=set(given))


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field of a rule that cannot be."""

    field: str
    reason: str


class PolicyRefusedError(ValueError):
    """A rule that is not set; `faults` name the fields, `known` says what there is."""

    def __init__(self, faults: tuple[FieldFault, ...], known: tuple[str, ...] = ()) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.reason}" for fault in faults))
        self.faults = faults
        self.known = known

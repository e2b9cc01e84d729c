"""Who is in a computed group: a typed rule, kept as JSON, and the boxes that it means on a day."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import CTE, Connection, exists, or_, select

from directory.model import AccountId, AccountKind, AccountState, Branch, PostRole, Tier
from directory.repository.units import IN_FORCE, below, unit_ids_by_code
from directory.tables import accounts, place_versions, places, posts, unit_versions, units

MAX_EXCEPTIONS: Final = 500
_SOUGHT: Final = (
    accounts.c.state.not_in([AccountState.ARCHIVED.value, AccountState.LEFT.value]),
    accounts.c.kind.not_in([AccountKind.SERVICE.value, AccountKind.SYSTEM.value]),
)


class RuleError(ValueError):
    """What was kept or typed is no rule."""


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Which boxes: for instance the clerks of every commune's People's Committee, except three.

    A computed group names its branch, so that no rule reaches across by an oversight (design §6).
    """

    branch: Branch
    kind: AccountKind = AccountKind.UNIT
    tier: Tier | None = None
    role: PostRole | None = None  # of people: who holds this role or duty in the unit
    under: str = ""  # only this unit and all below it, of its branch
    place: str = ""  # only units of this place and of the places in it
    except_units: tuple[str, ...] = ()  # codes; they follow mergers

    def to_json(self) -> str:
        """The rule as it is stored; the branch has a column of its own."""
        body = asdict(self)
        del body["branch"]
        return json.dumps(body, ensure_ascii=False)

    def following(self, successor_of: Mapping[str, str]) -> "GroupRule":
        """The same rule after units have ended: exceptions and roots are their successors, "" is none."""
        kept = [successor_of.get(code, code) for code in self.except_units]
        return replace(
            self,
            under=successor_of.get(self.under, self.under),
            except_units=tuple(dict.fromkeys(code for code in kept if code)),
        )


_RULE: Final = TypeAdapter(GroupRule)


def rule_from_json(branch: str, text: str) -> GroupRule:
    """A stored rule; RuleError where it is none."""
    try:
        body: dict[str, Any] = json.loads(text)
        rule = _RULE.validate_python({**body, "branch": branch})
    except (ValueError, TypeError, ValidationError) as error:
        raise RuleError(str(error)) from error
    if len(rule.except_units) > MAX_EXCEPTIONS:
        raise RuleError(f"more than {MAX_EXCEPTIONS} exceptions")
    return rule


def matching(conn: Connection, rule: GroupRule, on: date) -> list[AccountId]:
    """The boxes that a rule means on that day."""
    query = (
        select(accounts.c.id)
        .join(unit_versions, (unit_versions.c.unit_id == accounts.c.unit_id) & IN_FORCE)
        .join(units, units.c.id == accounts.c.unit_id)
        .where(*_SOUGHT, accounts.c.kind == rule.kind.value, unit_versions.c.branch == rule.branch.value)
        .order_by(accounts.c.id)
    )
    day = on.isoformat()
    if rule.tier is not None:
        query = query.where(unit_versions.c.tier == rule.tier.value)
    if rule.except_units:
        query = query.where(units.c.code.not_in(list(rule.except_units)))
    if rule.under:
        root = unit_ids_by_code(conn).get(rule.under)
        if root is None:
            return []
        query = query.where(accounts.c.unit_id.in_(select(below(root, on).c.unit_id)))
    if rule.place:
        query = query.where(unit_versions.c.place_id.in_(select(_places_in(rule.place, day).c.place_id)))
    if rule.role is not None:
        holds = exists().where(
            posts.c.person_id == accounts.c.person_id,
            posts.c.unit_id == accounts.c.unit_id,
            posts.c.role == rule.role.value,
            posts.c.valid_from <= day,
            posts.c.valid_to.is_(None) | (posts.c.valid_to > day),
        )
        query = query.where(holds)
    return [AccountId(row[0]) for row in conn.execute(query, {"on": day})]


def _places_in(code: str, day: str) -> CTE:
    version = place_versions.c
    holds = (version.valid_from <= day) & or_(version.valid_to.is_(None), version.valid_to > day)
    top = select(places.c.id.label("place_id")).where(places.c.code == code).cte(recursive=True)
    return top.union(select(version.place_id).where(version.parent_id == top.c.place_id, holds))

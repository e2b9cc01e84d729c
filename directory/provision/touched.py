"""Which units, and boxes of which kinds, a plan touches: what an administrator must have to see it or take it back."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, exists, false, select, true

from directory.journal import TABLES, Journal, rows_by_id
from directory.model import AccountKind, PlanId, UnitId
from directory.provision.plan import NewAccount, Plan, UnitChange
from directory.repository.rows import insert_rows
from directory.repository.units import unit_ids_by_code
from directory.scope import Deed, Scope
from directory.tables import accounts, plan_units, plans, unit_versions, units

NO_UNIT: Final = 0
"""Stands for a root that is made or a box of no unit: in nobody's scope but the console's."""

_DEEDS: Final = {"account": Deed.MANAGE, "person": Deed.MANAGE}
"""What taking back a plan of this kind needs; every other kind changes the tree."""


@dataclass(frozen=True, slots=True)
class Touched:
    """One unit that a plan touches; with the kind of a box, or None for the unit itself."""

    unit_id: int
    kind: AccountKind | None = None


def touched_by(conn: Connection, plan: object, journal: Journal | None) -> frozenset[Touched]:
    """What a plan touches: by its own values where it is an import, else by the rows that it changed."""
    if isinstance(plan, Plan):
        return frozenset(_of_import(conn, plan))
    return frozenset(_of_journal(conn, journal)) if journal is not None else frozenset()


def keep_touched(conn: Connection, plan_id: PlanId, touched: Collection[Touched]) -> None:
    """Note it beside the plan, so that the scope can be part of each query."""
    insert_rows(
        conn,
        plan_units,
        [
            {"plan_id": plan_id, "unit_id": item.unit_id, "kind": item.kind.value if item.kind else ""}
            for item in sorted(touched, key=lambda item: (item.unit_id, item.kind or ""))
        ],
    )


def seen_by(scope: Scope) -> ColumnElement[bool]:
    """The condition that a plan lies wholly inside of what the administrator sees."""
    units_seen = scope.units(Deed.SEE)
    if units_seen is None:
        return true()
    if not units_seen:
        return false()
    of_plan = plan_units.c.plan_id == plans.c.id
    outside = exists().where(of_plan, plan_units.c.unit_id.not_in(sorted(units_seen)))
    return exists().where(of_plan) & ~outside


def may_take_back(conn: Connection, scope: Scope, plan_id: PlanId, kind: str) -> bool:
    """Whether everything that a plan touches is the administrator's to change."""
    if scope.on_the_server:
        return True
    query = select(plan_units.c.unit_id, plan_units.c.kind).where(plan_units.c.plan_id == plan_id)
    deed = _DEEDS.get(kind, Deed.REORGANISE)
    rows = conn.execute(query).all()
    return bool(rows) and all(
        scope.may(deed, UnitId(unit_id), AccountKind(box) if box else AccountKind.PERSONAL)
        for unit_id, box in rows
    )


def _of_import(conn: Connection, plan: Plan[Any, Any]) -> Iterable[Touched]:
    ids = unit_ids_by_code(conn)
    for new in plan.creates:
        if isinstance(new, NewAccount):
            yield Touched(new.unit_id or NO_UNIT, new.kind)
        elif new.parent in ids or not new.parent:  # a parent of the plan itself is touched by its own line
            yield Touched(ids.get(new.parent, NO_UNIT))
    for change in (*plan.changes, *plan.moves):
        if isinstance(change, UnitChange):
            yield Touched(change.before.id)
            yield Touched(ids.get(change.after.parent, change.before.id))
        else:
            yield Touched(change.unit_id or NO_UNIT, change.kind)
            yield Touched(change.old_unit_id or change.unit_id or NO_UNIT, change.kind)
    for lock in plan.locks:
        yield Touched(lock.unit_id or NO_UNIT, lock.kind)


def _of_journal(conn: Connection, journal: Journal) -> Iterable[Touched]:
    made = {row["id"] for row in journal.of(units).created}
    for name, changes in journal.tables.items():
        if "unit_id" not in TABLES[name].c:
            continue
        present = rows_by_id(conn, TABLES[name], [item.id for item in changes.altered])
        rows = [*changes.created, *changes.deleted]
        rows += [
            {**present.get(item.id, {}), **side}
            for item in changes.altered
            for side in (item.before, item.after)
        ]
        for row in rows:
            kind = AccountKind(row["kind"]) if name == accounts.name and "kind" in row else None
            if row.get("unit_id") not in made:
                yield Touched(row.get("unit_id") or NO_UNIT, kind)
            if name == unit_versions.name and row.get("parent_id") not in made:
                yield Touched(row.get("parent_id") or row.get("unit_id") or NO_UNIT)

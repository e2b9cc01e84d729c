"""Units and places as they are on one day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from sqlalchemy import CTE, Connection, and_, bindparam, delete, func, or_, select, update

from directory.model import (
    AccountState,
    Branch,
    Identifier,
    Period,
    Place,
    PlaceId,
    PlaceKind,
    SuccessionAspect,
    Tier,
    Unit,
    UnitId,
)
from directory.repository.rows import AnyRow, AnySelect, can_be_stored, insert_one, insert_rows
from directory.tables import (
    accounts,
    place_versions,
    places,
    unit_identifiers,
    unit_successions,
    unit_versions,
    units,
)

_v: Final = unit_versions.c
IN_FORCE: Final = and_(
    _v.valid_from <= bindparam("on"), or_(_v.valid_to.is_(None), _v.valid_to > bindparam("on"))
)
"""The version of a unit that holds on the day `on`."""

UNITS: Final[AnySelect] = select(
    units.c.id,
    units.c.code,
    _v.name,
    _v.short_name,
    _v.parent_id,
    _v.tier,
    _v.branch,
    _v.place_id,
    _v.headcount,
    _v.valid_from,
    _v.valid_to,
).select_from(units.join(unit_versions, _v.unit_id == units.c.id))
ON_DAY: Final = UNITS.where(IN_FORCE).order_by(_v.sort_key, units.c.id)
_BY_CODE: Final = UNITS.where(units.c.code == bindparam("code"), IN_FORCE)
_BY_ID: Final = UNITS.where(units.c.id == bindparam("unit_id"), IN_FORCE)

_p: Final = place_versions.c
_PLACES: Final = (
    select(places.c.id, places.c.code, _p.name, _p.kind, _p.tier, _p.parent_id, _p.valid_from, _p.valid_to)
    .select_from(places.join(place_versions, _p.place_id == places.c.id))
    .where(_p.valid_from <= bindparam("on"), or_(_p.valid_to.is_(None), _p.valid_to > bindparam("on")))
    .order_by(places.c.code)
)


class UnitInUse(ValueError):
    """A unit that still has boxes or units under it is not removed."""

    def __init__(self, code: str, accounts_left: int, units_left: int) -> None:
        super().__init__(f"{code}: {accounts_left} accounts, {units_left} units")
        self.code = code
        self.accounts_left = accounts_left
        self.units_left = units_left


def period_of(valid_from: str, valid_to: str | None) -> Period:
    """The span that two stored days mean."""
    return Period(date.fromisoformat(valid_from), None if valid_to is None else date.fromisoformat(valid_to))


def to_unit(row: AnyRow) -> Unit:
    """The unit in a row of this file's queries."""
    return Unit(
        id=UnitId(row[0]),
        code=row[1],
        name=row[2],
        short_name=row[3],
        parent_id=None if row[4] is None else UnitId(row[4]),
        tier=Tier(row[5]),
        branch=Branch(row[6]),
        place_id=None if row[7] is None else PlaceId(row[7]),
        headcount=row[8],
        period=period_of(row[9], row[10]),
    )


def units_on(conn: Connection, on: date) -> list[Unit]:
    """Every unit in force on that day, in the order of a Vietnamese list."""
    return [to_unit(row) for row in conn.execute(ON_DAY, {"on": on.isoformat()})]


def unit_by_code(conn: Connection, code: str, on: date) -> Unit | None:
    """The unit with this code, as it is on that day."""
    if not can_be_stored(code):
        return None
    row = conn.execute(_BY_CODE, {"code": code, "on": on.isoformat()}).first()
    return None if row is None else to_unit(row)


def unit_by_id(conn: Connection, unit_id: UnitId, on: date) -> Unit | None:
    """The unit, as it is on that day."""
    row = conn.execute(_BY_ID, {"unit_id": unit_id, "on": on.isoformat()}).first()
    return None if row is None else to_unit(row)


def unit_history(conn: Connection, unit_id: UnitId) -> list[Unit]:
    """Every version of a unit, oldest first."""
    query = UNITS.where(units.c.id == unit_id).order_by(_v.valid_from)
    return [to_unit(row) for row in conn.execute(query)]


def unit_ids_by_code(conn: Connection) -> dict[str, UnitId]:
    """Every code ever given, in force or not."""
    return {row[0]: UnitId(row[1]) for row in conn.execute(select(units.c.code, units.c.id))}


def subtree(all_units: Iterable[Unit], root: UnitId) -> list[UnitId]:
    """A unit and all under it, of its own branch only: nobody administers across branches (design §1)."""
    children: defaultdict[UnitId | None, list[Unit]] = defaultdict(list)
    branch: Branch | None = None
    for unit in all_units:
        children[unit.parent_id].append(unit)
        if unit.id == root:
            branch = unit.branch
    found, waiting = [root], [root]
    while waiting:
        for child in children.pop(waiting.pop(), []):
            if child.branch == branch:
                found.append(child.id)
                waiting.append(child.id)
    return found


def below(root: UnitId, on: date) -> CTE:
    """The same as SQL: (unit_id, branch) of a unit and all under it, of its own branch, on that day."""
    day = on.isoformat()
    holds = and_(_v.valid_from <= day, or_(_v.valid_to.is_(None), _v.valid_to > day))
    top = select(_v.unit_id, _v.branch).where(_v.unit_id == root, holds).cte(recursive=True)
    under = and_(_v.parent_id == top.c.unit_id, _v.branch == top.c.branch)
    return top.union(select(_v.unit_id, _v.branch).join(top, under).where(holds))


def path_of(by_id: Mapping[UnitId, Unit], unit: Unit) -> list[Unit]:
    """The unit's ancestors and itself, from the root down; a broken chain ends where it breaks."""
    path = [unit]
    while path[0].parent_id is not None and path[0].parent_id in by_id and len(path) <= len(by_id):
        path.insert(0, by_id[path[0].parent_id])
    return path


def accounts_in(conn: Connection, unit_id: UnitId) -> int:
    """How many boxes of a unit are not archived."""
    query = select(func.count()).where(
        accounts.c.unit_id == unit_id, accounts.c.state != AccountState.ARCHIVED.value
    )
    return int(conn.execute(query).scalar_one())


def account_counts(conn: Connection) -> dict[UnitId, int]:
    """How many boxes each unit has that are not archived."""
    query = (
        select(accounts.c.unit_id, func.count())
        .where(accounts.c.unit_id.is_not(None), accounts.c.state != AccountState.ARCHIVED.value)
        .group_by(accounts.c.unit_id)
    )
    return {UnitId(row[0]): int(row[1]) for row in conn.execute(query)}


def refuse_if_in_use(conn: Connection, unit: Unit, on: date) -> None:
    """UnitInUse while a unit has boxes or units under it."""
    query = select(func.count()).where(
        _v.parent_id == unit.id, or_(_v.valid_to.is_(None), _v.valid_to > on.isoformat())
    )
    children = int(conn.execute(query).scalar_one())
    boxes = accounts_in(conn, unit.id)
    if boxes or children:
        raise UnitInUse(unit.code, boxes, children)


def remove_unit(conn: Connection, unit: Unit, on: date) -> None:
    """End a unit on that day; UnitInUse while it has boxes or units under it. Its code stays taken."""
    refuse_if_in_use(conn, unit, on)
    day = on.isoformat()
    conn.execute(delete(unit_versions).where(_v.unit_id == unit.id, _v.valid_from > day))
    conn.execute(
        update(unit_versions)
        .where(_v.unit_id == unit.id, or_(_v.valid_to.is_(None), _v.valid_to > day))
        .values(valid_to=day)
    )


def identifiers_of(conn: Connection, unit_id: UnitId) -> list[Identifier]:
    """The identifiers a unit has or had (QĐ 20/2020/QĐ-TTg)."""
    table = unit_identifiers.c
    query = (
        select(table.scheme, table.value, table.valid_from, table.valid_to)
        .where(table.unit_id == unit_id)
        .order_by(table.scheme, table.valid_from)
    )
    return [Identifier(row[0], row[1], period_of(row[2], row[3])) for row in conn.execute(query)]


def add_succession(
    conn: Connection, predecessor: UnitId, successor: UnitId, aspects: Iterable[SuccessionAspect], on: date
) -> None:
    """Say who took over from a unit, and what; staff, address and archive may go to different successors."""
    insert_rows(
        conn,
        unit_successions,
        [
            {
                "predecessor_id": predecessor,
                "successor_id": successor,
                "aspect": aspect.value,
                "on_day": on.isoformat(),
            }
            for aspect in aspects
        ],
    )


def successors_of(conn: Connection, unit_id: UnitId) -> dict[SuccessionAspect, list[UnitId]]:
    """Who took over from a unit, by what was handed on."""
    table = unit_successions.c
    query = select(table.aspect, table.successor_id).where(table.predecessor_id == unit_id).order_by(table.id)
    found: dict[SuccessionAspect, list[UnitId]] = {}
    for aspect, successor in conn.execute(query):
        found.setdefault(SuccessionAspect(aspect), []).append(UnitId(successor))
    return found


def places_on(conn: Connection, on: date) -> list[Place]:
    """Every place in force on that day, by code."""
    return [
        Place(
            id=PlaceId(row[0]),
            code=row[1],
            name=row[2],
            kind=PlaceKind(row[3]),
            tier=Tier(row[4]),
            parent_id=None if row[5] is None else PlaceId(row[5]),
            period=period_of(row[6], row[7]),
        )
        for row in conn.execute(_PLACES, {"on": on.isoformat()})
    ]


def add_place(
    conn: Connection,
    *,
    code: str,
    name: str,
    kind: PlaceKind,
    tier: Tier,
    parent_id: PlaceId | None,
    period: Period,
    at: int,
) -> PlaceId:
    """A new place with its first version; its code must be new."""
    place_id = insert_one(conn, places, code=code, created_at=at)
    insert_one(
        conn,
        place_versions,
        place_id=place_id,
        name=name,
        kind=kind.value,
        tier=tier.value,
        parent_id=parent_id,
        valid_from=period.valid_from.isoformat(),
        valid_to=None if period.valid_to is None else period.valid_to.isoformat(),
    )
    return PlaceId(place_id)

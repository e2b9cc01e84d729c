"""Acts on units: the tree, one unit with its history, and ending one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints

from directory import administer, repository, upkeep
from directory.coverage import Coverage, coverage
from directory.model import vietnam_day
from directory.names import text_fold
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Code, Limit, Offset, Touches, Words
from mailsvc.services.administration.finding import find_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from directory.model import Unit, UnitId
    from mailsvc.services.administration.desk import Desk


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit as it is, or was in one version of its history."""

    code: str
    name: str
    short_name: str
    parent: str
    tier: str
    branch: str
    headcount: int | None
    valid_from: str
    valid_to: str | None
    accounts: int | None = None


@dataclass(frozen=True, slots=True)
class UnitPage:
    """Units in the order of a Vietnamese list; the whole tree follows from `parent`."""

    units: list[UnitLine]
    total: int
    next_offset: int | None


@dataclass(frozen=True, slots=True)
class ListUnits:
    """Which units; words are found in names and codes, with or without marks."""

    words: Words = ""
    under: Annotated[str, StringConstraints(max_length=100)] | None = None
    """Only the children of this unit; "" for those that have no parent in the scope."""
    limit: Limit = 500
    offset: Offset = 0


@dataclass(frozen=True, slots=True)
class OneUnit:
    """A unit, by its code."""

    code: Code


@dataclass(frozen=True, slots=True)
class IdentifierLine:
    """Mã định danh (QĐ 20/2020/QĐ-TTg)."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class HeirLine:
    """Who has it now: staff, address or archive of a unit that has ended, also over several reforms."""

    aspect: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class UnitDetail:
    """One unit with its identifiers and history."""

    code: str
    name: str
    short_name: str
    parent: str
    tier: str
    branch: str
    headcount: int | None
    valid_from: str
    valid_to: str | None
    accounts: int
    identifiers: list[IdentifierLine]
    history: list[UnitLine]
    now: list[HeirLine]


@dataclass(frozen=True, slots=True)
class Reached:
    """Nothing is asked: the report is of today and of the whole scope."""


@dataclass(frozen=True, slots=True)
class RemoveUnit:
    """A unit to end; without `apply` it is only looked at whether that is possible."""

    code: Code
    apply: bool = False


@dataclass(frozen=True, slots=True)
class UnitRemoved:
    """Whether it ended."""

    code: str
    applied: bool


def _list(desk: Desk, asked: ListUnits) -> UnitPage:
    with desk.read() as db:
        scope, today = desk.scope(db), vietnam_day(db.clock())
        found = administer.visible_units(db.conn, scope, today)
        boxes = repository.account_counts(db.conn)
    code_of = {unit.id: unit.code for unit in found}
    chosen = [unit for unit in found if _means(unit, asked.words)]
    if asked.under is not None:
        chosen = [unit for unit in chosen if _parent(unit, code_of) == asked.under]
    page = chosen[asked.offset : asked.offset + asked.limit]
    after = asked.offset + len(page)
    lines = [_line(unit, code_of, boxes.get(unit.id, 0)) for unit in page]
    return UnitPage(lines, len(chosen), after if after < len(chosen) else None)


def _show(desk: Desk, asked: OneUnit) -> UnitDetail:
    with desk.read() as db:
        scope, today = desk.scope(db), vietnam_day(db.clock())
        if desk.on_the_server and (ended := repository.unit_ids_by_code(db.conn).get(asked.code)):
            unit_id = ended  # the console also looks at units that have ended
        else:
            unit_id = find_unit(db, scope, asked.code, today).id
        history = repository.unit_history(db.conn, unit_id)
        known = repository.unit_ids_by_code(db.conn)
        seen = scope.units(Deed.SEE)
        codes = {number: code for code, number in known.items() if seen is None or number in seen}
        count = repository.accounts_in(db.conn, unit_id)
        identifiers = repository.identifiers_of(db.conn, unit_id)
        heirs = repository.now_whom(db.conn, unit_id, today)
    newest = _line(history[-1], codes, count)
    return UnitDetail(
        code=newest.code,
        name=newest.name,
        short_name=newest.short_name,
        parent=newest.parent,
        tier=newest.tier,
        branch=newest.branch,
        headcount=newest.headcount,
        valid_from=newest.valid_from,
        valid_to=newest.valid_to,
        accounts=count,
        identifiers=[IdentifierLine(item.scheme, item.value) for item in identifiers],
        history=[_line(version, codes, None) for version in history],
        now=[
            HeirLine(aspect.value, heir.code, heir.name) for aspect, found in heirs.items() for heir in found
        ],
    )


def _coverage(desk: Desk, _: Reached) -> Coverage:
    with desk.read() as db:
        return coverage(db.conn, desk.scope(db), vietnam_day(db.clock()))


def _remove(desk: Desk, asked: RemoveUnit) -> UnitRemoved:
    if not asked.apply:
        with desk.read() as db:
            today = vietnam_day(db.clock())
            found = find_unit(db, desk.scope(db), asked.code, today, Deed.REORGANISE)
            upkeep.refuse_if_in_use(db.conn, found, today)
        return UnitRemoved(asked.code, applied=False)
    with desk.write() as uow:
        scope, today = desk.scope(uow), vietnam_day(uow.clock())
        found = find_unit(uow, scope, asked.code, today, Deed.REORGANISE)
        upkeep.remove_unit(uow.conn, scope, found, on=today, actor=desk.actor, at=uow.clock())
    return UnitRemoved(asked.code, applied=True)


def _means(unit: Unit, words: str) -> bool:
    text = f" {text_fold(unit.name)} {unit.code.lower()} {unit.short_name.lower()}"
    return all(f" {word}" in text or word in unit.code.lower() for word in text_fold(words).split())


def _parent(unit: Unit, code_of: Mapping[UnitId, str]) -> str:
    return code_of.get(unit.parent_id, "") if unit.parent_id is not None else ""


def _line(unit: Unit, code_of: Mapping[UnitId, str], boxes: int | None) -> UnitLine:
    return UnitLine(
        code=unit.code,
        name=unit.name,
        short_name=unit.short_name,
        parent=_parent(unit, code_of),
        tier=unit.tier.value,
        branch=unit.branch.value,
        headcount=unit.headcount,
        valid_from=unit.period.valid_from.isoformat(),
        valid_to=unit.period.valid_to.isoformat() if unit.period.valid_to else None,
        accounts=boxes,
    )


LIST = Act(
    "unit.list", Deed.SEE, Touches.UNIT, "GET", "/units",
    "Cây đơn vị hôm nay", "Today's tree of units", ListUnits, UnitPage, _list,
)  # fmt: skip
SHOW = Act(
    "unit.show", Deed.SEE, Touches.UNIT, "GET", "/units/{code}",
    "Một đơn vị và lịch sử của nó", "One unit and its history", OneUnit, UnitDetail, _show,
)  # fmt: skip
COVERAGE = Act(
    "unit.coverage", Deed.SEE, Touches.UNIT, "GET", "/coverage",
    "Đơn vị nào có hộp thư, địa bàn nào đã đủ", "Which units have a box, which places are reached", Reached, Coverage,
    _coverage,
)  # fmt: skip
REMOVE = Act(
    "unit.remove", Deed.REORGANISE, Touches.UNIT, "DELETE", "/units/{code}",
    "Kết thúc một đơn vị không còn hộp thư", "End a unit that has no boxes left", RemoveUnit, UnitRemoved, _remove,
    step_up=True,
)  # fmt: skip
ACTS = (LIST, SHOW, COVERAGE, REMOVE)

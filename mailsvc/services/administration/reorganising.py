"""The act of reorganising units: merge, split, dissolve, rename, move, one or many at once, all of it one change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - pydantic reads it when it runs
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, StringConstraints

from directory import provision, reorganise
from directory.model import PlanId, vietnam_day
from directory.scope import Deed
from mailsvc.services import reorganise as reorganise_service
from mailsvc.services.administration.act import Act, Touches
from mailsvc.services.administration.plan_shown import ShownPlan, require_scope, shown
from mailsvc.services.administration.refusal import of_remarks
from mailsvc.services.administration.roster_import import MAX_BODY, TableFile
from mailsvc.services.administration.unit_plans import overtaken

if TYPE_CHECKING:
    from directory.reorganise import Reorganisation
    from mailsvc.services.administration.desk import Desk

Column = Literal[
    "action",
    "code",
    "into",
    "address_to",
    "archive_to",
    "custodian",
    "name",
    "short_name",
    "parent",
    "address",
    "domain",
]
Cell = Annotated[str, StringConstraints(max_length=2000)]
"""Checked as the cell of a table is, which says what is wrong with it and what to do."""
Lines = Annotated[list[dict[Column, Cell]], Field(max_length=10_000)]
ATTEMPTS: Final = 3
"""How often a plan is made anew because somebody acted on the directory while it was shown."""
Sheet = provision.Sheet[reorganise.Act]


@dataclass(frozen=True, slots=True)
class Reorganise:
    """Lines of what is to be done, or a table of them (CSV or XLSX, base64); without `apply` it is only looked at."""

    lines: Lines = field(default_factory=list)
    table: TableFile = field(default=b"", repr=False)
    """Counts where there are no lines."""
    apply: bool = False
    """Do it; with a day to come, on that day."""
    effective: date | None = None


def _run(desk: Desk, asked: Reorganise) -> ShownPlan:
    sheet = _sheet(asked)
    with desk.read() as db:
        today = vietnam_day(db.clock())
        plan = reorganise_service.plan_acts(db, desk.scope(db), sheet, asked.effective or today)
    require_scope(plan.refused)
    if not asked.apply or plan.refused or plan.changes_nothing:
        return _told(plan)
    if plan.effective_on <= today:
        return _told(plan, applied=True, plan_id=_apply(desk, sheet, plan))
    body = reorganise_service.body_of(plan)
    with desk.write() as uow:
        kept = reorganise_service.put_off(uow, desk.scope(uow), plan, sheet, body, desk.actor)
    return _told(plan, plan_id=kept)


def _sheet(asked: Reorganise) -> Sheet:
    if not asked.lines:
        return reorganise.read_acts(asked.table)
    sheet = reorganise.acts_of([{str(name): cell for name, cell in line.items()} for line in asked.lines])
    if sheet.refused:
        raise of_remarks(sheet.refused[:200])
    return sheet


def _apply(desk: Desk, sheet: Sheet, seen: Reorganisation) -> PlanId:
    """Write what was shown; where only something else changed meanwhile the same plan is made again."""
    plan, as_seen = seen, reorganise_service.body_of(seen)
    for _ in range(ATTEMPTS):
        try:
            with desk.write() as uow:
                return reorganise_service.carry_out(uow, desk.scope(uow), plan, as_seen, desk.actor)
        except provision.PlanDriftedError:
            with desk.read() as db:
                plan = reorganise_service.plan_acts(db, desk.scope(db), sheet, seen.effective_on)
            if reorganise_service.body_of(plan) != as_seen:
                break
    raise overtaken()


def _told(plan: Reorganisation, *, applied: bool = False, plan_id: PlanId | None = None) -> ShownPlan:
    body = reorganise.reorganisation_to_json(plan)
    return shown(body, plan, changes_nothing=plan.changes_nothing, applied=applied, plan_id=plan_id)


REORGANISE = Act(
    "unit.reorganise", Deed.REORGANISE, Touches.UNIT, "POST", "/units/reorganise",
    "Sắp xếp đơn vị: sáp nhập, chia tách, giải thể, đổi tên, chuyển",
    "Reorganise units: merge, split, dissolve, rename, move", Reorganise, ShownPlan, _run,
    step_up=True, max_body=MAX_BODY,
)  # fmt: skip
ACTS = (REORGANISE,)

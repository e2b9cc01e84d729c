"""Acts that plan units: import a table of them, make one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - pydantic reads it when it runs
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints

from directory import provision, repository
from directory.model import Branch, Tier, vietnam_day
from directory.roster import RosterFileError, table_octets
from directory.scope import Deed
from mailsvc.services.administration.act import Act, Touches
from mailsvc.services.administration.plan_shown import ShownPlan, require_scope, shown_plan
from mailsvc.services.administration.refusal import ActRefused, Why, of_remarks
from mailsvc.services.administration.roster_import import MAX_BODY, TableFile
from mailsvc.services.due_plans import put_off_units, write_units

if TYPE_CHECKING:
    from directory.provision import UnitPlan
    from mailsvc.services.administration.desk import Desk

Text = Annotated[str, StringConstraints(max_length=1000)]
"""Checked as the cell of a table is, which says what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True)
class ImportUnits:
    """A table of units (CSV or XLSX, base64); without `apply` it is only looked at what it would do."""

    table: TableFile = field(repr=False)
    apply: bool = False
    """Do it; with a day to come, on that day."""
    strict_branches: bool = False
    """Refuse parents of another branch."""
    effective: date | None = None


@dataclass(frozen=True, slots=True)
class CreateUnit:
    """One unit, from today."""

    code: Text
    name: Text
    tier: Tier
    branch: Branch
    parent: Text = ""
    short_name: Text = ""
    place: Text = ""
    identifier: Text = ""
    headcount: Text = ""


def _import(desk: Desk, asked: ImportUnits) -> ShownPlan:
    try:
        sheet = provision.read_units(table_octets(asked.table))
    except RosterFileError as error:
        sheet = provision.Sheet((), (error.remark,))
    with desk.read() as db:
        today = vietnam_day(db.clock())
        plan = provision.plan_units(
            db.conn,
            desk.scope(db),
            sheet,
            on=asked.effective or today,
            strict_branches=asked.strict_branches,
        )
    require_scope(plan.refused)
    if not asked.apply or plan.refused or plan.changes_nothing:
        return shown_plan(plan)
    if plan.effective_on <= today:
        return _apply(desk, plan)
    with desk.write() as uow:
        kept = put_off_units(uow, desk.scope(uow), plan, asked.table, actor=desk.actor)
    return shown_plan(plan, plan_id=kept)


def _create(desk: Desk, asked: CreateUnit) -> ShownPlan:
    values = {
        "code": asked.code,
        "name": asked.name,
        "parent": asked.parent,
        "tier": asked.tier.value,
        "branch": asked.branch.value,
        "short_name": asked.short_name,
        "place": asked.place,
        "identifier": asked.identifier,
        "headcount": asked.headcount,
    }
    sheet = provision.unit_row(values)
    if sheet.refused:
        raise of_remarks(sheet.refused)
    with desk.read() as db:
        plan = provision.plan_units(db.conn, desk.scope(db), sheet, on=vietnam_day(db.clock()))
        require_scope(plan.refused)
        if asked.code in repository.unit_ids_by_code(db.conn):
            raise ActRefused(
                Why.CONFLICT,
                f"Đơn vị {asked.code} đã có. Xem: congvu unit show {asked.code}",
                f"The unit {asked.code} exists. See: congvu unit show {asked.code}",
            )
    return shown_plan(plan) if plan.refused or plan.changes_nothing else _apply(desk, plan)


def _apply(desk: Desk, plan: UnitPlan) -> ShownPlan:
    body = provision.body_of(plan)
    try:
        with desk.write() as uow:
            plan_id = write_units(uow, plan, actor=desk.actor, body=body, creator_id=desk.account_id)
    except provision.PlanDriftedError as drifted:
        raise overtaken(str(drifted)) from drifted
    return shown_plan(plan, applied=True, plan_id=plan_id)


def overtaken(what: str = "") -> ActRefused:
    """Somebody acted on the directory while the plan was made."""
    which = f" ({what})" if what else ""
    return ActRefused(
        Why.CONFLICT,
        f"Dữ liệu đã thay đổi trong lúc xem trước{which}. Chạy lại lệnh.",
        f"The directory changed during the preview{which}. Run the command again.",
    )


IMPORT = Act(
    "unit.import", Deed.REORGANISE, Touches.UNIT, "POST", "/units/import",
    "Nhập cây đơn vị", "Import units", ImportUnits, ShownPlan, _import, step_up=True, max_body=MAX_BODY,
)  # fmt: skip
CREATE = Act(
    "unit.create", Deed.REORGANISE, Touches.UNIT, "POST", "/units",
    "Tạo một đơn vị", "Create one unit", CreateUnit, ShownPlan, _create,
)  # fmt: skip
ACTS = (IMPORT, CREATE)

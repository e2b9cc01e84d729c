"""The road of a table of units: plan, show, and apply it or keep it for its day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory import provision
from directory.model import vietnam_day
from directory.roster import RosterFileError, table_octets
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services.due_plans import put_off_units, write_units

if TYPE_CHECKING:
    from datetime import date

    from directory.model import PlanId
    from directory.provision import Sheet, UnitPlan, UnitRow
    from mailsvc.cli.context import CliContext


def run_import(
    ctx: CliContext, data: bytes, *, yes: bool, strict_branches: bool = False, on: date | None = None
) -> None:
    """Plan a file, show it, and with `yes` apply it, or keep it where its day is still to come."""
    try:
        sheet = provision.read_units(table_octets(data))
    except RosterFileError as error:
        sheet = provision.Sheet((), (error.remark,))
    plan, today = _plan(ctx, sheet, on, strict_branches=strict_branches)
    plan_view.show(ctx, plan)
    plan_id, applied = None, False
    if yes and not plan.refused and not plan.changes_nothing:
        if plan.effective_on > today:
            with ctx.store.write() as uow:
                plan_id = put_off_units(uow, SERVER, plan, data, actor=plan_view.actor())
        else:
            plan_id, applied = _apply(ctx, plan), True
    plan_view.finish(ctx, plan, applied=applied, plan_id=plan_id)


def run_rows(ctx: CliContext, sheet: Sheet[UnitRow]) -> None:
    """Plan, show and apply what the words of a command said."""
    plan, _ = _plan(ctx, sheet, None)
    plan_view.show(ctx, plan)
    applied = not plan.refused and not plan.changes_nothing
    plan_id = _apply(ctx, plan) if applied else None
    plan_view.finish(ctx, plan, applied=applied, plan_id=plan_id)


def _plan(
    ctx: CliContext, sheet: Sheet[UnitRow], on: date | None, *, strict_branches: bool = False
) -> tuple[UnitPlan, date]:
    with ctx.store.read() as db:
        today = vietnam_day(db.clock())
        plan = provision.plan_units(db.conn, SERVER, sheet, on=on or today, strict_branches=strict_branches)
    return plan, today


def _apply(ctx: CliContext, plan: UnitPlan) -> PlanId:
    body = provision.body_of(plan)
    try:
        with ctx.store.write() as uow:
            return write_units(uow, plan, actor=plan_view.actor(), body=body)
    except provision.PlanDriftedError as error:
        plan_view.refuse_drift(ctx, error)

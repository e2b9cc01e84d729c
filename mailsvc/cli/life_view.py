"""The road of an act in a person's life: plan, show, and with --yes write it, or keep it for its day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table

from directory import life, provision
from directory.model import vietnam_day
from directory.policies import Defaults
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services import life as life_service

if TYPE_CHECKING:
    from datetime import date, datetime

    from directory.life import LifeAct, LifePlan
    from mailsvc.cli.context import CliContext

ATTEMPTS: Final = 3
"""How often a plan is made anew because somebody acted on the directory while it was shown."""
STEPS: Final = {
    "moves": ("Chuyển đơn vị", "Moves"),
    "post": ("Giữ chức vụ", "Holds the post"),
    "post_ends": ("Thôi chức vụ", "Holds no more"),
    "holds": ("Nhận hộp thư chức danh", "Receives the post box"),
    "shares": ("Dùng hộp thư chung", "Uses the shared box"),
    "shares_no_more": ("Thôi dùng hộp thư chung", "Uses no more the box"),
    "administers_no_more": ("Thôi quản trị", "Administers no more"),
    "leaves_group": ("Ra khỏi nhóm", "Leaves the group"),
    "kept_until": ("Giữ hộp thư đến", "The box is kept until"),
    "returns": ("Trở lại", "Comes back"),
    "away": ("Vắng mặt", "Away"),
}


def run(ctx: CliContext, act: LifeAct, *, on: datetime | None, yes: bool) -> None:
    """Plan, show, and with `yes` apply; a day to come is kept and applied by the service when it is there."""
    defaults = Defaults.from_settings(ctx.settings)
    with ctx.store.read() as db:
        today = vietnam_day(db.clock())
        day = on.date() if on is not None else today
        plan = life_service.plan_act(db, SERVER, act, day, defaults)
    _show(ctx, plan)
    later = day > today
    plan_id = None
    if yes and not plan.refused and not plan.changes_nothing:
        plan_id = _keep(ctx, plan) if later else _apply(ctx, plan, day, defaults)
    _finish(ctx, plan, plan_id=plan_id, later=later)


def _keep(ctx: CliContext, plan: LifePlan) -> int:
    with ctx.store.write() as uow:
        return life_service.put_off(uow, SERVER, plan, plan_view.actor())


def _apply(ctx: CliContext, shown: LifePlan, day: date, defaults: Defaults) -> int:
    plan = shown
    for _ in range(ATTEMPTS):
        try:
            with ctx.store.write() as uow:
                return life_service.carry_out(uow, SERVER, plan, plan_view.actor())
        except provision.PlanDriftedError:
            with ctx.store.read() as db:
                plan = life_service.plan_act(db, SERVER, shown.act, day, defaults)
            if plan.steps != shown.steps or plan.refused:
                break
    return plan_view.overtaken(ctx)


def _show(ctx: CliContext, plan: LifePlan) -> None:
    if ctx.json:
        return
    console = Console()
    if plan.steps:
        title = f"{plan.address} · {plan.effective_on:%d/%m/%Y}"
        table = Table("", "", title=title, title_justify="left", show_header=False, highlight=False)
        for what, detail in plan.steps:
            table.add_row(ctx.text(*STEPS[what]), detail)
        console.print(table)
    plan_view.remarks(console, ctx, ctx.text("Từ chối", "Refused"), plan.refused, "red")
    plan_view.remarks(console, ctx, ctx.text("Lưu ý", "Please check"), plan.warnings, "yellow")


def _finish(ctx: CliContext, plan: LifePlan, *, plan_id: int | None, later: bool) -> None:
    if ctx.json:
        language = "vi" if ctx.vietnamese else "en"
        applied = plan_id is not None and not later
        ctx.give(
            {
                **life.life_to_json(plan, language),
                "applied": applied,
                "scheduled": plan_id is not None and later,
                "plan": plan_id,
            }
        )
    if plan.refused:
        ctx.say("Chưa thay đổi gì.", "Nothing was changed.")
        raise click.exceptions.Exit(1)
    if plan.changes_nothing:
        ctx.say("Không có gì phải thay đổi.", "There is nothing to change.")
    elif plan_id is None:
        ctx.say(
            "Đây là bản xem trước, chưa thay đổi gì. Thêm --yes để thực hiện.",
            "This is a preview, nothing was changed. Add --yes to apply it.",
        )
    elif later:
        ctx.say(
            f"Đã lên kế hoạch {plan_id}, thực hiện vào ngày {plan.effective_on:%d/%m/%Y}.",
            f"Plan {plan_id} waits and is applied on {plan.effective_on}.",
        )
    else:
        ctx.say(
            f"Đã thực hiện. Hoàn tác: congvu plan undo {plan_id}",
            f"Done. To take it back: congvu plan undo {plan_id}",
        )

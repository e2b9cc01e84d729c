"""The road of a reorganisation: plan, show, and with --yes write it in one short transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory import provision, reorganise
from directory.model import vietnam_day
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services import reorganise as reorganise_service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from directory.reorganise import Act, Reorganisation
    from mailsvc.cli.context import CliContext

ATTEMPTS = 3
"""How often a plan is made anew because somebody acted on the directory while it was shown."""


def run(ctx: CliContext, sheet: provision.Sheet[Act], *, yes: bool, effective: datetime | None) -> None:
    """Plan, show, and with `yes` apply; a day to come is kept and applied by the service when it is there."""
    with ctx.store.read() as db:
        today = vietnam_day(db.clock())
        on = effective.date() if effective is not None else today
        plan = reorganise_service.plan_acts(db, SERVER, sheet, on)
    _show(ctx, plan)
    later = on > today
    plan_id = None
    if yes and not plan.refused and not plan.changes_nothing:
        plan_id = _keep(ctx, sheet, plan) if later else _apply(ctx, sheet, plan, on)
    _finish(ctx, plan, plan_id=plan_id, later=later)


def _keep(ctx: CliContext, sheet: provision.Sheet[Act], plan: Reorganisation) -> int:
    body = reorganise_service.body_of(plan)
    with ctx.store.write() as uow:
        return reorganise_service.put_off(uow, SERVER, plan, sheet, body, plan_view.actor())


def _apply(ctx: CliContext, sheet: provision.Sheet[Act], shown: Reorganisation, on: date) -> int:
    """Write what was shown; where only something else changed meanwhile the same plan is made again."""
    plan = shown
    for _ in range(ATTEMPTS):
        body = reorganise_service.body_of(plan)
        try:
            with ctx.store.write() as uow:
                return reorganise_service.carry_out(uow, SERVER, plan, body, plan_view.actor())
        except provision.PlanDriftedError:
            with ctx.store.read() as db:
                plan = reorganise_service.plan_acts(db, SERVER, sheet, on)
            if reorganise_service.body_of(plan) != reorganise_service.body_of(shown):
                break
    return plan_view.overtaken(ctx)


def _show(ctx: CliContext, plan: Reorganisation) -> None:
    if ctx.json:
        return
    console = Console()
    console.print(
        ctx.text(
            "Kết thúc {end} · thay đổi {change} · điều chuyển {move} · đóng {close} hộp thư · từ chối {refused}",
            "end {end} · change {change} · move {move} · close {close} boxes · refused {refused}",
        ).format_map(plan.counts),
        style="bold",
        highlight=False,
    )
    moved = [(item.address, f"{item.from_unit} → {item.to_unit}") for item in plan.moved]
    closed = [
        (
            item.address,
            ctx.text("thư mới đến {0}; đọc tại {1}: {2}", "new letters to {0}; read at {1}: {2}").format(
                item.letters_to or item.now, item.now, ", ".join(item.readers) or "–"
            ),
        )
        for item in plan.boxes.closed
    ]
    groups = [(name, f"{before} → {after}") for name, before, after in plan.boxes.groups]
    admins = [(who, f"{before} → {after}") for who, before, after in plan.boxes.administrators]
    _table(console, ctx, ctx.text("Điều chuyển", "Move"), moved)
    _table(console, ctx, ctx.text("Đóng hộp thư", "Close"), closed)
    readdressed = [(item.before, f"→ {item.after}") for item in plan.readdressed]
    _table(console, ctx, ctx.text("Địa chỉ mới", "New addresses"), readdressed)
    _table(console, ctx, ctx.text("Nhóm", "Groups"), groups)
    _table(console, ctx, ctx.text("Quản trị viên", "Administrators"), admins)
    plan_view.remarks(console, ctx, ctx.text("Từ chối", "Refused"), plan.refused, "red")
    plan_view.remarks(console, ctx, ctx.text("Lưu ý", "Please check"), plan.warnings, "yellow")


def _table(console: Console, ctx: CliContext, title: str, rows: Sequence[tuple[str, str]]) -> None:
    if not rows:
        return
    table = Table(
        ctx.text("Mục", "Entry"), "", title=f"{title}: {len(rows)}", title_justify="left", highlight=False
    )
    for what, detail in rows[: plan_view.SHOWN]:
        table.add_row(what, detail)
    if len(rows) > plan_view.SHOWN:
        more = len(rows) - plan_view.SHOWN
        table.add_row("…", ctx.text(f"và {more} mục nữa", f"and {more} more"))
    console.print(table)


def _finish(ctx: CliContext, plan: Reorganisation, *, plan_id: int | None, later: bool) -> None:
    applied, scheduled = plan_id is not None and not later, plan_id is not None and later
    if ctx.json:
        language = "vi" if ctx.vietnamese else "en"
        shown = reorganise.reorganisation_to_json(plan, language)
        ctx.give({**shown, "applied": applied, "scheduled": scheduled, "plan": plan_id})
    if plan.refused:
        ctx.say(
            "Chưa thay đổi gì. Sửa những chỗ bị từ chối rồi chạy lại.",
            "Nothing was changed. Mend what is refused and run it again.",
        )
        raise click.exceptions.Exit(1)
    if plan.changes_nothing:
        ctx.say("Không có gì phải thay đổi.", "There is nothing to change.")
    elif applied:
        ctx.say(
            f"Đã thực hiện. Hoàn tác: congvu plan undo {plan_id}",
            f"Done. To take it back: congvu plan undo {plan_id}",
        )
    elif scheduled:
        ctx.say(
            f"Đã lên kế hoạch {plan_id}, thực hiện vào ngày {plan.effective_on:%d/%m/%Y}.",
            f"Plan {plan_id} waits and is applied on {plan.effective_on}.",
        )
    else:
        ctx.say(
            "Đây là bản xem trước, chưa thay đổi gì. Thêm --yes để thực hiện.",
            "This is a preview, nothing was changed. Add --yes to apply it.",
        )

"""The road of a reorganisation: plan, show, and with --yes write it in one short transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory import provision, reorganise
from directory.model import vietnam_day
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services.provision import joined_shared_box

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from directory.model import AccountId
    from directory.reorganise import Act, Reorganisation
    from mailsvc.cli.context import CliContext
    from mailsvc.storage.unit_of_work import UnitOfWork

ATTEMPTS = 3
"""How often a plan is made anew because somebody acted on the directory while it was shown."""


def run(ctx: CliContext, sheet: provision.Sheet[Act], *, yes: bool, effective: datetime | None) -> None:
    """Plan, show, and with `yes` apply."""
    with ctx.store.read() as db:
        now = db.clock()
        on = effective.date() if effective is not None else vietnam_day(now)
        plan = reorganise.plan_reorganisation(db.conn, SERVER, sheet, on=on, at=now)
    if yes and on > vietnam_day(now):
        ctx.refuse(
            f"Ngày có hiệu lực {on:%d/%m/%Y} chưa đến. Xem trước hôm nay, thực hiện với --yes vào ngày đó.",
            f"The effective day {on:%d/%m/%Y} has not come. Preview it today, apply it with --yes on that day.",
        )
    _show(ctx, plan)
    applied = yes and not plan.refused and not plan.changes_nothing
    plan_id = _apply(ctx, sheet, plan, on, now) if applied else None
    _finish(ctx, plan, applied=applied, plan_id=plan_id)


def _apply(ctx: CliContext, sheet: provision.Sheet[Act], shown: Reorganisation, on: date, now: int) -> int:
    """Write what was shown; where only something else changed meanwhile the same plan is made again."""
    plan = shown
    for _ in range(ATTEMPTS):
        body = json.dumps(reorganise.reorganisation_to_json(plan), ensure_ascii=False)
        try:
            with ctx.store.write() as uow:
                return _write(uow, plan, body)
        except provision.PlanDriftedError:
            with ctx.store.read() as db:
                plan = reorganise.plan_reorganisation(db.conn, SERVER, sheet, on=on, at=now)
            if plan.journal != shown.journal:
                break
    return plan_view.overtaken(ctx)


def _write(uow: UnitOfWork, plan: Reorganisation, body: str) -> int:
    def on_joined(pairs: Sequence[tuple[AccountId, AccountId]]) -> None:
        for box, reader in pairs:
            joined_shared_box(uow, box, reader)

    who, at = plan_view.actor(), uow.clock()
    done = reorganise.apply_reorganisation(uow.conn, plan, at=at, actor=who, on_joined=on_joined)
    uow.record(DirectoryChanged())
    return provision.store_plan(
        uow.conn, "reorganisation", plan, at=at, actor=who, applied=True, body=body, undo=done.to_json()
    )


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


def _finish(ctx: CliContext, plan: Reorganisation, *, applied: bool, plan_id: int | None) -> None:
    if ctx.json:
        language = "vi" if ctx.vietnamese else "en"
        ctx.give({**reorganise.reorganisation_to_json(plan, language), "applied": applied, "plan": plan_id})
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
    else:
        ctx.say(
            "Đây là bản xem trước, chưa thay đổi gì. Thêm --yes để thực hiện.",
            "This is a preview, nothing was changed. Add --yes to apply it.",
        )

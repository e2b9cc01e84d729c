"""How a reorganisation is asked for and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mailsvc.cli import plan_view
from mailsvc.services.administration.refusal import remarks_of
from mailsvc.services.administration.reorganising import REORGANISE, Reorganise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mailsvc.cli.context import CliContext
    from mailsvc.services.administration.plan_shown import ShownPlan
    from mailsvc.services.administration.reorganising import Column


def run(
    ctx: CliContext,
    *,
    lines: Sequence[Mapping[Column, str]] = (),
    table: bytes = b"",
    yes: bool,
    effective: datetime | None,
) -> None:
    """Plan, show, and with `yes` apply; a day to come is kept and applied by the service when it is there."""
    on = effective.date() if effective is not None else None
    plan = ctx.perform(REORGANISE, Reorganise([dict(line) for line in lines], table, yes, on))
    _show(ctx, plan)
    _finish(ctx, plan)


def _show(ctx: CliContext, plan: ShownPlan) -> None:
    if ctx.json:
        return
    console = Console()
    console.print(
        ctx.text(
            "Kết thúc {end} · thay đổi {change} · điều chuyển {move} · đóng {close} hộp thư · từ chối {refused}",
            "end {end} · change {change} · move {move} · close {close} boxes · refused {refused}",
        ).format_map(plan.summary),
        style="bold",
        highlight=False,
    )
    said = plan.details
    moved = [(item["address"], f"{item['from']} → {item['to']}") for item in said["move"]]
    closed = [
        (
            item["address"],
            ctx.text("thư mới đến {0}; đọc tại {1}: {2}", "new letters to {0}; read at {1}: {2}").format(
                item["letters_to"] or item["now"], item["now"], ", ".join(item["readers"]) or "–"
            ),
        )
        for item in said["close"]
    ]
    groups = [(item["group"], f"{item['before']} → {item['after']}") for item in said["groups"]]
    admins = [(item["address"], f"{item['from']} → {item['to']}") for item in said["administrators"]]
    _table(console, ctx, ctx.text("Điều chuyển", "Move"), moved)
    _table(console, ctx, ctx.text("Đóng hộp thư", "Close"), closed)
    readdressed = [(item["before"], f"→ {item['after']}") for item in said["readdress"]]
    _table(console, ctx, ctx.text("Địa chỉ mới", "New addresses"), readdressed)
    _table(console, ctx, ctx.text("Nhóm", "Groups"), groups)
    _table(console, ctx, ctx.text("Quản trị viên", "Administrators"), admins)
    plan_view.remarks(console, ctx, ctx.text("Từ chối", "Refused"), remarks_of(plan.refused), "red")
    plan_view.remarks(console, ctx, ctx.text("Lưu ý", "Please check"), remarks_of(plan.warnings), "yellow")


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


def _finish(ctx: CliContext, plan: ShownPlan) -> None:
    waits = plan.plan is not None and not plan.applied
    if ctx.json:
        told = plan.to_json("vi" if ctx.vietnamese else "en")
        number = told.pop("plan")
        ctx.give({**told, "scheduled": waits, "plan": number})
    if plan.refused:
        ctx.say(
            "Chưa thay đổi gì. Sửa những chỗ bị từ chối rồi chạy lại.",
            "Nothing was changed. Mend what is refused and run it again.",
        )
        raise click.exceptions.Exit(1)
    if plan.changes_nothing:
        ctx.say("Không có gì phải thay đổi.", "There is nothing to change.")
    elif plan.applied:
        ctx.say(
            f"Đã thực hiện. Hoàn tác: congvu plan undo {plan.plan}",
            f"Done. To take it back: congvu plan undo {plan.plan}",
        )
    elif waits:
        ctx.say(
            f"Đã lên kế hoạch {plan.plan}, thực hiện vào ngày {plan.effective_on:%d/%m/%Y}.",
            f"Plan {plan.plan} waits and is applied on {plan.effective_on}.",
        )
    else:
        ctx.say(
            "Đây là bản xem trước, chưa thay đổi gì. Thêm --yes để thực hiện.",
            "This is a preview, nothing was changed. Add --yes to apply it.",
        )

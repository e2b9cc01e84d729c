"""`congvu plan`: what was planned and applied."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from directory import provision
from directory.model import PlanId

if TYPE_CHECKING:
    from directory.provision import StoredPlan
    from mailsvc.cli.context import CliContext


@click.group()
def plan() -> None:
    """Kế hoạch thay đổi / plans of changes."""


@plan.command("list")
@click.option("--limit", default=50, show_default=True, help="Số dòng / lines")
@click.pass_obj
def list_(ctx: CliContext, limit: int) -> None:
    """Các kế hoạch, mới nhất trước / plans, the newest first."""
    with ctx.store.read() as db:
        plans = provision.list_plans(db.conn, limit)
    if ctx.json:
        ctx.give([_as_json(stored) for stored in plans])
        return
    table = Table(
        "#",
        ctx.text("Loại", "Kind"),
        ctx.text("Trạng thái", "State"),
        ctx.text("Lúc", "When"),
        ctx.text("Ai", "Who"),
        ctx.text("Tóm tắt", "Summary"),
    )
    for stored in plans:
        when = datetime.fromtimestamp(stored.created_at, UTC).astimezone().strftime("%d/%m/%Y %H:%M")
        counts = ", ".join(f"{name} {count}" for name, count in stored.counts.items() if count)
        table.add_row(str(stored.id), stored.kind, stored.state, when, stored.created_by, counts)
    Console().print(table)


@plan.command()
@click.argument("plan_id", type=int)
@click.pass_obj
def show(ctx: CliContext, plan_id: int) -> None:
    """Chi tiết một kế hoạch / one plan in detail (JSON)."""
    with ctx.store.read() as db:
        stored = provision.show_plan(db.conn, PlanId(plan_id))
    if stored is None:
        ctx.refuse(
            f"Không có kế hoạch {plan_id}. Xem: congvu plan list", f"No plan {plan_id}. See: congvu plan list"
        )
    ctx.give({**_as_json(stored), "details": stored.body})


def _as_json(stored: StoredPlan) -> dict[str, Any]:
    return {
        "id": stored.id,
        "kind": stored.kind,
        "state": stored.state,
        "created_at": stored.created_at,
        "created_by": stored.created_by,
        "applied_at": stored.applied_at,
        "summary": stored.counts,
    }

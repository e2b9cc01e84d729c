"""`congvu plan`: what was planned and applied, and by whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from directory import provision
from directory.model import PlanId

if TYPE_CHECKING:
    from directory.provision import StoredPlan
    from mailsvc.cli.context import CliContext

VIETNAM = timedelta(hours=7)


@click.group()
def plan() -> None:
    """Các kế hoạch thay đổi / plans."""


@plan.command("list")
@click.option("--limit", default=50, show_default=True, help="Số dòng / lines")
@click.pass_obj
def list_(ctx: CliContext, limit: int) -> None:
    """Các kế hoạch, mới nhất trước / plans, the newest first."""
    with ctx.store.read() as db:
        found = provision.list_plans(db.conn, limit)
    if ctx.json:
        ctx.give([_as_json(item) for item in found])
        return
    if not found:
        ctx.say("Chưa có kế hoạch nào.", "There is no plan yet.")
        return
    table = Table(
        "ID",
        ctx.text("Loại", "Kind"),
        ctx.text("Tình trạng", "State"),
        ctx.text("Lúc", "When"),
        ctx.text("Người làm", "By"),
        ctx.text("Tạo / đổi / chuyển / giữ nguyên", "Create / change / move / unchanged"),
    )
    for item in found:
        counts = item.counts
        table.add_row(
            str(item.id),
            item.kind,
            item.state.value,
            (datetime.fromtimestamp(item.created_at, UTC) + VIETNAM).strftime("%d/%m/%Y %H:%M"),
            item.created_by,
            f"{counts['create']} / {counts['change']} / {counts['move']} / {counts['unchanged']}",
        )
    Console().print(table)


@plan.command()
@click.argument("plan_id", type=int)
@click.pass_obj
def show(ctx: CliContext, plan_id: int) -> None:
    """Một kế hoạch với từng dòng của nó / one plan with its lines."""
    with ctx.store.read() as db:
        found = provision.show_plan(db.conn, PlanId(plan_id))
    if found is None or found.body is None:
        ctx.refuse(
            f"Không có kế hoạch {plan_id}. Xem: congvu plan list",
            f"There is no plan {plan_id}. See: congvu plan list",
        )
    if ctx.json:
        ctx.give(_as_json(found) | {"details": found.body["details"]})
        return
    for what in ("create", "change", "move"):
        for line in found.body["details"][what]:
            name = line.get("address") or line.get("code")
            fields = "; ".join(f"{f['field']}: {f['before']} → {f['after']}" for f in line.get("fields", ()))
            click.echo(f"{what:7} {line['line']:>6}  {name}  {fields or line.get('name', '')}")


def _as_json(item: StoredPlan) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "state": item.state.value,
        "effective_on": item.effective_on.isoformat(),
        **item.counts,
        "created_by": item.created_by,
        "created_at": item.created_at,
        "applied_at": item.applied_at,
    }

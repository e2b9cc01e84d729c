"""`congvu plan`: what was planned and applied."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.table import Table

from directory import provision
from directory.model import PlanId
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.model.changes import DirectoryChanged
from mailsvc.services.letters_held import letters_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.provision import Conflict, StoredPlan
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
        plans = provision.list_plans(db.conn, SERVER, limit)
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
        stored = provision.show_plan(db.conn, SERVER, PlanId(plan_id))
    if stored is None:
        ctx.refuse(
            f"Không có kế hoạch {plan_id}. Xem: congvu plan list", f"No plan {plan_id}. See: congvu plan list"
        )
    body = stored.body or {}
    ctx.give({**_as_json(stored), "details": body.get("details", body)})


@plan.command()
@click.argument("plan_id", type=int)
@click.option("--dry-run", is_flag=True, help="Chỉ xem trước / only preview")
@click.pass_obj
def undo(ctx: CliContext, plan_id: int, dry_run: bool) -> None:
    """Hoàn tác một kế hoạch đã thực hiện; thư đến trong lúc đó được giữ / take an applied plan back; mail is kept."""
    try:
        if dry_run:
            with ctx.store.read() as db:
                found = provision.prepare_undo(db.conn, SERVER, PlanId(plan_id), letters_in(db))
        else:
            with ctx.store.write() as uow:
                found = provision.prepare_undo(uow.conn, SERVER, PlanId(plan_id), letters_in(uow))
                provision.carry_out_undo(uow.conn, found, at=uow.clock(), actor=plan_view.actor())
                uow.record(DirectoryChanged())
    except provision.UndoRefusedError as refused:
        _refuse(ctx, plan_id, refused.fault, refused.conflicts)
    if dry_run and found.conflicts:
        _refuse(ctx, plan_id, provision.UndoFault.CHANGED_SINCE, found.conflicts)
    if ctx.json:
        kept = [
            {"address": box.address, "letters": box.letters, "signed_in": box.signed_in} for box in found.kept
        ]
        ctx.give({"plan": plan_id, "undone": not dry_run, **found.counts, "kept_boxes": kept})
        return
    for box in found.kept:
        ctx.say(
            f"Giữ lại và khóa {box.address}: đã dùng ({box.letters} thư).",
            f"{box.address} is kept and locked: it was used ({box.letters} letters).",
        )
    numbers = found.counts
    ctx.say(
        f"Khôi phục {numbers['restored']} · thu lại {numbers['taken_back']} · lưu trữ {numbers['archived']} hộp thư.",
        f"Restored {numbers['restored']} · taken back {numbers['taken_back']} · {numbers['archived']} boxes archived.",
    )
    if dry_run:
        ctx.say(
            "Đây là bản xem trước; bỏ --dry-run để hoàn tác.",
            "This is a preview; leave out --dry-run to undo.",
        )
    else:
        ctx.say(f"Đã hoàn tác kế hoạch {plan_id}.", f"Plan {plan_id} is undone.")


FAULTS = {
    provision.UndoFault.UNKNOWN: (
        "Không có kế hoạch này. Xem: congvu plan list",
        "No such plan. See: congvu plan list",
    ),
    provision.UndoFault.NOT_APPLIED: ("Kế hoạch chưa được thực hiện.", "The plan was not applied."),
    provision.UndoFault.ALREADY_UNDONE: ("Kế hoạch đã được hoàn tác.", "The plan is undone already."),
    provision.UndoFault.NOT_KEPT: (
        "Kế hoạch này không lưu thông tin để hoàn tác.",
        "What this plan changed was not kept.",
    ),
    provision.UndoFault.CHANGED_SINCE: ("đã thay đổi sau kế hoạch", "was changed since"),
    provision.UndoFault.IN_USE: ("đang được dùng", "is in use"),
    provision.UndoFault.OUT_OF_SCOPE: (
        "Kế hoạch này chạm đến đơn vị ngoài phạm vi quản trị của bạn.",
        "The plan reaches units outside of what you administer.",
    ),
}


def _refuse(
    ctx: CliContext, plan_id: int, fault: provision.UndoFault, conflicts: Sequence[Conflict]
) -> NoReturn:
    if not conflicts:
        vietnamese, english = FAULTS[fault]
        ctx.refuse(f"{plan_id}: {vietnamese}", f"{plan_id}: {english}", reason=fault.value)
    lines = []
    for conflict in conflicts:
        line = f"{conflict.what}: {ctx.text(*FAULTS[conflict.fault])}"
        if conflict.count:
            line += ctx.text(f" ({conflict.count} mục)", f" ({conflict.count} entries)")
        if conflict.later_plan is not None:
            line += ctx.text(
                f". Hoàn tác trước: congvu plan undo {conflict.later_plan}",
                f". Undo this first: congvu plan undo {conflict.later_plan}",
            )
        lines.append(line)
    listed = [
        {"what": item.what, "reason": item.fault.value, "count": item.count, "later_plan": item.later_plan}
        for item in conflicts
    ]
    text = "\n".join(lines)
    ctx.refuse(
        f"Chưa hoàn tác gì vì:\n{text}", f"Nothing was undone:\n{text}", reason=fault.value, conflicts=listed
    )


def _as_json(stored: StoredPlan) -> dict[str, Any]:
    return {
        "id": stored.id,
        "kind": stored.kind,
        "state": stored.state,
        "created_at": stored.created_at,
        "created_by": stored.created_by,
        "applied_at": stored.applied_at,
        "undone_at": stored.undone_at,
        "summary": stored.counts,
    }

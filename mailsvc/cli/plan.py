"""`congvu plan`: what was planned and applied."""

from __future__ import annotations

import base64
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory.provision.signed_sheet import LEGAL_LINES, SignedSheet, signed_workbook
from mailsvc.cli import plan_view
from mailsvc.services.administration import plans

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext


@click.group()
def plan() -> None:
    """Kế hoạch thay đổi / plans of changes."""


@plan.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500), help="Số dòng / lines")
@click.pass_obj
def list_(ctx: CliContext, limit: int) -> None:
    """Các kế hoạch, mới nhất trước / plans, the newest first."""
    found = ctx.perform(plans.LIST, plans.ListPlans(limit))
    if ctx.json:
        ctx.give([asdict(stored) for stored in found])
        return
    table = Table(
        "#",
        ctx.text("Loại", "Kind"),
        ctx.text("Trạng thái", "State"),
        ctx.text("Lúc", "When"),
        ctx.text("Ai", "Who"),
        ctx.text("Tóm tắt", "Summary"),
    )
    for stored in found:
        when = datetime.fromtimestamp(stored.created_at, UTC).astimezone().strftime("%d/%m/%Y %H:%M")
        counts = ", ".join(f"{name} {count}" for name, count in stored.summary.items() if count)
        state = (
            f"{stored.state} {stored.effective_on:%d/%m/%Y}" if stored.state == "scheduled" else stored.state
        )
        what = f"{counts}\n{stored.note}" if stored.note else counts
        table.add_row(str(stored.id), stored.kind, state, when, stored.created_by, what)
    Console().print(table)


@plan.command()
@click.argument("plan_id", type=int)
@click.pass_obj
def show(ctx: CliContext, plan_id: int) -> None:
    """Chi tiết một kế hoạch / one plan in detail (JSON)."""
    ctx.give(asdict(ctx.perform(plans.SHOW, plans.OnePlan(plan_id))))


@plan.command()
@click.argument("plan_id", type=int)
@click.option(
    "--xlsx",
    "path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Tệp .xlsx mới / a new .xlsx file",
)
@click.option("--issuer", default="", help="Tên cơ quan ở đầu trang / who issues it")
@click.option("--place", default="", help="Nơi ký / where it is signed")
@click.option("--legal", multiple=True, help="Căn cứ pháp lý, nhiều lần / a legal basis; repeat it")
@click.pass_obj
def export(
    ctx: CliContext, plan_id: int, path: Path, issuer: str, place: str, legal: tuple[str, ...]
) -> None:
    """Kế hoạch thành XLSX để thủ trưởng ký / a plan as a workbook for the head to sign."""
    found = ctx.perform(plans.SHOW, plans.OnePlan(plan_id))
    sheet = SignedSheet(
        number=plan_id,
        effective_on=found.effective_on,
        summary=found.summary,
        details=found.details if isinstance(found.details, dict) else {},
        created_by=found.created_by,
        issuer=issuer,
        place=place,
        legal_lines=legal or LEGAL_LINES,
    )
    plan_view.write_file(ctx, path, signed_workbook(sheet))
    if ctx.json:
        ctx.give({"plan": plan_id, "file": str(path)})
    ctx.say(f"Đã ghi {path}.", f"{path} is written.")


@plan.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def make(ctx: CliContext, file: Path) -> None:
    """Lập kế hoạch từ danh sách và lưu lại để thực hiện sau / keep a plan made from a roster, to apply later (JSON)."""
    roster = base64.b64encode(plan_view.read_file(file))
    ctx.give(asdict(ctx.perform(plans.MAKE, plans.MAKE.asked({"roster": roster}))))


@plan.command()
@click.argument("plan_id", type=int)
@click.pass_obj
def apply(ctx: CliContext, plan_id: int) -> None:
    """Thực hiện một kế hoạch đã lập; mật khẩu ban đầu chỉ hiện một lần / apply a kept plan; passwords are shown once."""
    done = ctx.perform(plans.APPLY, plans.OnePlan(plan_id))
    if ctx.json:
        ctx.give(asdict(done))
        return
    for slip in done.slips:
        click.echo(f"{slip.address}\t{slip.full_name}\t{slip.unit}\t{slip.password}")
    ctx.say(f"Đã thực hiện kế hoạch {plan_id}.", f"Plan {plan_id} is applied.")


@plan.command()
@click.argument("plan_id", type=int)
@click.option("--dry-run", is_flag=True, help="Chỉ xem trước / only preview")
@click.pass_obj
def undo(ctx: CliContext, plan_id: int, dry_run: bool) -> None:
    """Hoàn tác một kế hoạch đã thực hiện; thư đến trong lúc đó được giữ / take an applied plan back; mail is kept."""
    found = ctx.perform(plans.UNDO, plans.UndoPlan(plan_id, dry_run))
    if ctx.json:
        ctx.give(asdict(found))
        return
    for box in found.kept_boxes:
        ctx.say(
            f"Giữ lại và khóa {box.address}: đã dùng ({box.letters} thư).",
            f"{box.address} is kept and locked: it was used ({box.letters} letters).",
        )
    ctx.say(
        f"Khôi phục {found.restored} · thu lại {found.taken_back} · lưu trữ {found.archived} hộp thư.",
        f"Restored {found.restored} · taken back {found.taken_back} · {found.archived} boxes archived.",
    )
    if dry_run:
        ctx.say(
            "Đây là bản xem trước; bỏ --dry-run để hoàn tác.",
            "This is a preview; leave out --dry-run to undo.",
        )
    else:
        ctx.say(f"Đã hoàn tác kế hoạch {plan_id}.", f"Plan {plan_id} is undone.")

"""The road of an act in a person's life: shown, and with --yes written, or kept for its day."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from mailsvc.cli import plan_view
from mailsvc.services.administration.refusal import remarks_of

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext
    from mailsvc.services.administration.act import Act
    from mailsvc.services.administration.lives import LifeDone

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


def run(ctx: CliContext, act: Act[Any, LifeDone], request: object) -> None:
    """Carry it out, here or elsewhere, and say what came of it; a refusal ends the command with its remedy."""
    done = ctx.perform(act, request)
    if ctx.json:
        ctx.give(_as_json(ctx, done))
    else:
        _show(ctx, done)
    _finish(ctx, done)


def _as_json(ctx: CliContext, done: LifeDone) -> dict[str, Any]:
    language = "vi" if ctx.vietnamese else "en"
    return {
        **done.counts,
        "effective_on": done.effective_on,
        "details": {
            "act": done.act,
            "address": done.address,
            "steps": [asdict(step) for step in done.steps],
            "refused": [],
            "warnings": [remark.to_json(language) for remark in remarks_of(done.warnings)],
        },
        "applied": done.applied,
        "scheduled": done.scheduled,
        "plan": done.plan,
    }


def _show(ctx: CliContext, done: LifeDone) -> None:
    console = Console()
    if done.steps:
        title = f"{done.address} · {done.effective_on:%d/%m/%Y}"
        table = Table("", "", title=title, title_justify="left", show_header=False, highlight=False)
        for step in done.steps:
            outside = ctx.text("(ngoài phạm vi quản trị)", "(outside of what you administer)")
            table.add_row(ctx.text(*STEPS[step.what]), step.detail or outside)
        console.print(table)
    found = remarks_of(done.warnings)
    plan_view.remarks(console, ctx, ctx.text("Lưu ý", "Please check"), found, "yellow")


def _finish(ctx: CliContext, done: LifeDone) -> None:
    if done.counts["unchanged"]:
        ctx.say("Không có gì phải thay đổi.", "There is nothing to change.")
    elif done.plan is None:
        ctx.say(
            "Đây là bản xem trước, chưa thay đổi gì. Thêm --yes để thực hiện.",
            "This is a preview, nothing was changed. Add --yes to apply it.",
        )
    elif done.scheduled:
        ctx.say(
            f"Đã lên kế hoạch {done.plan}, thực hiện vào ngày {done.effective_on:%d/%m/%Y}.",
            f"Plan {done.plan} waits and is applied on {done.effective_on}.",
        )
    else:
        ctx.say(
            f"Đã thực hiện. Hoàn tác: congvu plan undo {done.plan}",
            f"Done. To take it back: congvu plan undo {done.plan}",
        )

"""How a plan looks: a table for people, JSON for programs, and the same three steps for every import."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.table import Table

from directory.provision.csv_rows import MAX_FILE
from mailsvc.services.administration.refusal import remarks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from directory.provision import PlanDriftedError, Remark
    from mailsvc.cli.context import CliContext
    from mailsvc.services.administration.plan_shown import ShownPlan

SHOWN = 20
"""Lines of each kind that a table shows; --json has all."""


def actor() -> str:
    """Who types: the name in the audit log."""
    try:
        return f"cli:{os.environ.get('SUDO_USER') or getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"


def read_file(path: Path) -> bytes:
    """A roster's octets, no more than the reader will look at."""
    with path.open("rb") as file:
        return file.read(MAX_FILE + 1)


def write_file(ctx: CliContext, path: Path, octets: bytes) -> None:
    """A new file; one that is there is not overwritten."""
    try:
        with path.open("xb") as file:
            file.write(octets)
    except OSError as error:
        ctx.refuse(f"Không tạo được {path}: {error.strerror}", f"Cannot make {path}: {error.strerror}")


def write_private(ctx: CliContext, path: Path, octets: bytes) -> None:
    """A new file that only its owner reads, on the disk before anything goes on: it holds passwords."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        ctx.refuse(f"Không tạo được {path}: {error.strerror}", f"Cannot make {path}: {error.strerror}")
    with os.fdopen(number, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def refuse_drift(ctx: CliContext, error: PlanDriftedError) -> NoReturn:
    """Somebody acted on the directory between the preview and now."""
    ctx.refuse(
        f"Dữ liệu đã thay đổi trong lúc xem trước ({error}). Chạy lại lệnh.",
        f"The directory changed during the preview ({error}). Run the command again.",
    )


def show(ctx: CliContext, plan: ShownPlan) -> None:
    """The plan as a table on standard output; with --json nothing yet (`finish` gives it)."""
    if ctx.json:
        return
    console = Console()
    console.print(
        ctx.text(
            "Tạo mới {create} · thay đổi {change} · điều chuyển {move} · khóa {lock} · giữ nguyên {unchanged} · từ chối {refused}",
            "create {create} · change {change} · move {move} · lock {lock} · unchanged {unchanged} · refused {refused}",
        ).format_map(plan.summary),
        style="bold",
        highlight=False,
    )
    lines = plan.details
    _table(console, ctx, ctx.text("Tạo mới", "Create"), [_new(item) for item in lines["create"]])
    _table(console, ctx, ctx.text("Thay đổi", "Change"), [_changed(item) for item in lines["change"]])
    _table(console, ctx, ctx.text("Điều chuyển", "Move"), [_changed(item) for item in lines["move"]])
    _table(console, ctx, ctx.text("Khóa", "Lock"), [_locked(item) for item in lines["lock"]])
    remarks(console, ctx, ctx.text("Từ chối", "Refused"), remarks_of(plan.refused), "red")
    remarks(console, ctx, ctx.text("Lưu ý", "Please check"), remarks_of(plan.warnings), "yellow")


def finish(ctx: CliContext, plan: ShownPlan) -> None:
    """Say how it ended and set the exit code: 1 where a line was refused, for then nothing was applied."""
    if ctx.json:
        ctx.give(plan.to_json("vi" if ctx.vietnamese else "en"))
    if plan.refused:
        ctx.say(
            "Chưa thay đổi gì. Sửa các dòng bị từ chối rồi chạy lại.",
            "Nothing was changed. Mend the refused lines and run it again.",
        )
        raise click.exceptions.Exit(1)
    if plan.changes_nothing:
        ctx.say("Không có gì phải thay đổi.", "There is nothing to change.")
    elif plan.applied:
        ctx.say("Đã thực hiện.", "Done.")
    elif plan.plan is not None:
        ctx.say(
            f"Đã lưu kế hoạch {plan.plan} cho ngày {plan.effective_on:%d/%m/%Y}. Xem: congvu plan show {plan.plan}",
            f"Plan {plan.plan} is kept for {plan.effective_on:%d/%m/%Y}. See: congvu plan show {plan.plan}",
        )
    else:
        ctx.say(
            "Đây là bản xem trước, chưa thay đổi gì. Thêm --yes để thực hiện.",
            "This is a preview, nothing was changed. Add --yes to apply it.",
        )


def refuse_remarks(ctx: CliContext, remarks: Sequence[Remark]) -> None:
    """Refuse a command for its options, each with its remedy."""
    if not remarks:
        return
    language = "vi" if ctx.vietnamese else "en"
    text = "\n".join(f"{remark.message(language)} {remark.remedy(language)}" for remark in remarks)
    ctx.refuse(text, text, refused=[remark.to_json(language) for remark in remarks])


def _new(new: Mapping[str, Any]) -> tuple[int, str, str]:
    if "code" in new:
        return new["line"], new["code"], f"{new['name']} ({new['tier']}, {new['branch']})"
    return new["line"], new["address"], f"{new['name']} ({new['kind']}, {new['unit']})"


def _locked(lock: Mapping[str, Any]) -> tuple[str, str, str]:
    return "–", lock["address"], f"{lock['name']} ({lock['unit']})"


def _changed(change: Mapping[str, Any]) -> tuple[int, str, str]:
    what = change["code"] if "code" in change else change["address"]
    told = "; ".join(f"{item['field']}: {item['before']} → {item['after']}" for item in change["fields"])
    return change["line"], what, told


def _table(console: Console, ctx: CliContext, title: str, rows: Sequence[tuple[int | str, str, str]]) -> None:
    if not rows:
        return
    table = Table(
        ctx.text("Dòng", "Line"),
        ctx.text("Mục", "Entry"),
        "",
        title=f"{title}: {len(rows)}",
        title_justify="left",
    )
    for line, what, detail in rows[:SHOWN]:
        table.add_row(str(line), what, detail)
    if len(rows) > SHOWN:
        table.add_row("…", ctx.text(f"và {len(rows) - SHOWN} mục nữa", f"and {len(rows) - SHOWN} more"), "")
    console.print(table)


def remarks(console: Console, ctx: CliContext, title: str, listed: Iterable[Remark], style: str) -> None:
    """Lines that are refused or deserve a look, each with its remedy."""
    found = list(listed)
    if not found:
        return
    language = "vi" if ctx.vietnamese else "en"
    table = Table(
        ctx.text("Dòng", "Line"),
        ctx.text("Cột", "Column"),
        ctx.text("Vì sao", "Why"),
        ctx.text("Cần làm gì", "What to do"),
        title=f"{title}: {len(found)}",
        title_justify="left",
        style=style,
    )
    for remark in found[: 5 * SHOWN]:
        table.add_row(str(remark.line), remark.field, remark.message(language), remark.remedy(language))
    if len(found) > 5 * SHOWN:
        table.add_row("…", "", ctx.text("xem thêm bằng --json", "see the rest with --json"), "")
    console.print(table)

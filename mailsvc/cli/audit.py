"""`congvu audit`: the log of every administrative act, and whether it is whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mailsvc.services.administration import log

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

FAULTS = {
    "missing": ("thiếu dòng", "a line is missing"),
    "changed": ("bị sửa", "was changed"),
    "rewritten": ("đã viết lại từ đầu", "was written anew"),
    "cut off": ("bị cắt ở cuối", "was cut off at the end"),
}
PAGE = 500


@click.group()
def audit() -> None:
    """Nhật ký quản trị / the audit log."""


@audit.command()
@click.option("--lines", default=0, help="Số dòng của lần kiểm tra trước / lines at an earlier check")
@click.option("--head", default="", help="Mã của lần kiểm tra trước / head at an earlier check")
@click.pass_obj
def verify(ctx: CliContext, lines: int, head: str) -> None:
    """Kiểm tra chuỗi nhật ký: sửa, thiếu, chèn đều lộ / find any line changed, missing or inserted."""
    report = ctx.perform(log.VERIFY, log.Verify(lines, head))
    if ctx.json:
        ctx.give(asdict(report))
    if report.clean:
        ctx.say(
            f"{report.lines} dòng, nguyên vẹn. Ghi lại để so lần sau: --lines {report.lines} --head {report.head}",
            f"{report.lines} lines, whole. Note for the next check: --lines {report.lines} --head {report.head}",
        )
        return
    vietnamese, english = FAULTS.get(report.fault, (report.fault, report.fault))
    ctx.say(
        f"Dòng {report.fault_at} {vietnamese}. So với bản sao lưu gần nhất: congvu restore.",
        f"Line {report.fault_at} {english}. Compare it with the latest backup: congvu restore.",
    )
    raise click.exceptions.Exit(1)


@audit.command("list")
@click.option("--about", default="", help="Địa chỉ hoặc mã đơn vị / an address or the code of a unit")
@click.option("--before", type=int, default=None, help="Các dòng trước số này / lines before this number")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="Số dòng / lines"
)
@click.pass_obj
def list_(ctx: CliContext, about: str, before: int | None, limit: int) -> None:
    """Các dòng mới nhất / the newest lines."""
    lines: list[log.LogLine] = []
    while len(lines) < limit:
        page = ctx.perform(log.LIST, log.ReadLog(about, before, min(PAGE, limit - len(lines))))
        lines += page.lines
        before = page.next_before
        if before is None:
            break
    if ctx.json:
        ctx.give([asdict(line) for line in lines])
        return
    table = Table(
        "#",
        ctx.text("Lúc", "When"),
        ctx.text("Ai", "Who"),
        ctx.text("Việc", "Act"),
        ctx.text("Đối tượng", "Subject"),
        "",
    )
    for line in lines:
        when = datetime.fromtimestamp(line.at, UTC).astimezone().strftime("%d/%m/%Y %H:%M")
        detail = json.dumps(line.detail, ensure_ascii=False)
        table.add_row(str(line.sequence), when, line.actor, line.act, line.subject, detail)
    Console().print(table)

"""`congvu audit`: the log of every administrative act, and whether it is whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mailsvc.services.administration import log
from mailsvc.services.administration.refusal import ActRefused

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

FAULTS = {
    "missing": ("thiếu dòng", "a line is missing"),
    "changed": ("bị sửa", "was changed"),
    "rewritten": ("đã viết lại từ đầu", "was written anew"),
    "cut off": ("bị cắt ở cuối", "was cut off at the end"),
}
PAGE = 500
MAX_ANCHOR = 1000


@click.group()
def audit() -> None:
    """Nhật ký quản trị / the audit log."""


@audit.command()
@click.option("--lines", default=0, help="Số dòng của lần kiểm tra trước / lines at an earlier check")
@click.option("--head", default="", help="Mã của lần kiểm tra trước / head at an earlier check")
@click.option(
    "--anchor",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Tệp mốc ở nơi khác: so với lần trước rồi ghi mốc mới / anchor file kept elsewhere: compared, then renewed",
)
@click.pass_obj
def verify(ctx: CliContext, lines: int, head: str, anchor: Path | None) -> None:
    """Kiểm tra chuỗi nhật ký: sửa, thiếu, chèn, cắt cuối đều lộ / find any line changed, missing, inserted or cut off."""
    asked = log.Verify(lines, head)
    if anchor is not None and anchor.exists():
        asked = _anchored(anchor)
    report = ctx.perform(log.VERIFY, asked)
    if report.clean and anchor is not None:
        _renew(ctx, anchor, report)
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


def _anchored(anchor: Path) -> log.Verify:
    """What the last check said, from the file that it left."""
    try:
        kept = json.loads(anchor.read_bytes()[:MAX_ANCHOR])
        return log.VERIFY.asked({"lines": kept["lines"], "head": kept["head"]})
    except (OSError, ValueError, KeyError, TypeError, ActRefused) as error:
        raise click.BadParameter(f"{anchor}: {error}", param_hint="--anchor") from error


def _renew(ctx: CliContext, anchor: Path, report: log.Verified) -> None:
    """Put the new anchor in the place of the old one in one step."""
    new = anchor.with_name(anchor.name + ".new")
    try:
        new.write_text(json.dumps({"lines": report.lines, "head": report.head}) + "\n", encoding="ascii")
        new.replace(anchor)
    except OSError as error:
        ctx.refuse(f"Không ghi được {anchor}: {error.strerror}", f"Cannot write {anchor}: {error.strerror}")


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

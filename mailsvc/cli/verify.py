"""`congvu verify`: is everything that was ever acknowledged whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from mailsvc.services import verify as verify_service
from mailsvc.services.pace import Pace

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

MIB = 1 << 20


@click.command()
@click.option(
    "--rate",
    type=click.FloatRange(min=0.1),
    help="Đọc không quá số MiB mỗi giây / read no more than so many MiB a second",
)
@click.option("--resume", is_flag=True, help="Đi tiếp từ chỗ bị ngắt / go on where it was interrupted")
@click.pass_obj
def verify(ctx: CliContext, rate: float | None, *, resume: bool) -> None:
    """Kiểm tra toàn bộ kho thư / check the whole store; it may run while mail flows."""
    reader = ctx.store.reader()
    notes = verify_service.Notes(ctx.data_dir / "verify.json")
    with Progress(console=Console(stderr=True), transient=True, disable=ctx.json) as bar:
        tasks = {what: bar.add_task(what, total=None) for what in ("rows", "pieces", "letters")}
        report = verify_service.verify(
            reader,
            lambda what, done, total: bar.update(tasks[what], completed=done, total=total),
            pace=Pace((rate or 0) * MIB),
            notes=notes,
            resume=resume,
        )
    reader.close()
    if ctx.json:
        ctx.give(
            {
                "pieces": report.pieces,
                "letters": report.letters,
                "entries": report.entries,
                "faults": report.faults,
            }
        )
    for fault in report.faults:
        click.echo(fault, err=True)
    ctx.say(
        f"{report.entries} mục thư, {report.letters} nội dung, {report.pieces} mảnh: {len(report.faults)} lỗi.",
        f"{report.entries} entries, {report.letters} letters, {report.pieces} pieces: {len(report.faults)} faults.",
    )
    if report.faults:
        raise click.exceptions.Exit(1)

"""`congvu backup` and `congvu restore`."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from mailsvc.cli import plan_view
from mailsvc.services import backup as backups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mailsvc.cli.context import CliContext

MIB = 1024 * 1024


@click.command()
@click.argument("target", metavar="DIR2", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--keep",
    default=30,
    show_default=True,
    type=click.IntRange(min=1),
    help="Số bản mới nhất giữ lại / newest backups that stay",
)
@click.option(
    "--keep-days",
    default=30,
    show_default=True,
    type=click.IntRange(min=0),
    help="Số ngày giữ thêm bản cuối ngày / days of which the last one stays too",
)
@click.pass_obj
def backup(ctx: CliContext, target: Path, keep: int, keep_days: int) -> None:
    """Sao lưu vào DIR2 trong khi thư vẫn chạy / back up to DIR2 while mail flows; only what is new is copied."""
    with _refusing(ctx), _progress(ctx) as progress:
        taken = backups.take(ctx.store, target, keep=keep, keep_days=keep_days, progress=progress)
    made = taken.manifest
    if ctx.json:
        ctx.give(
            {
                "backup": made.number,
                "taken_at": made.taken_at,
                "entries": made.entries,
                "new_octets": taken.new_octets,
                "new_pieces": taken.new_pieces,
                "linked_pieces": taken.linked,
                "database_octets": made.database_bytes,
                "seconds": round(taken.seconds, 3),
                "missing": made.missing,
            }
        )
    ctx.say(
        f"Bản sao lưu {made.number}: {made.entries} mục thư; mới {taken.new_octets / MIB:.1f} MiB, "
        f"{taken.new_pieces} tệp lớn; {taken.seconds:.1f} giây.",
        f"Backup {made.number}: {made.entries} entries; new {taken.new_octets / MIB:.1f} MiB, "
        f"{taken.new_pieces} large files; {taken.seconds:.1f} seconds.",
    )
    if made.missing:
        ctx.refuse(
            f"Kho thư thiếu: {', '.join(made.missing[:10])}. Phần còn lại đã sao lưu. Chạy: congvu verify",
            f"The store lacks: {', '.join(made.missing[:10])}. All else is backed up. Run: congvu verify",
        )


@click.command()
@click.argument("source", metavar="DIR2", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--at", "number", type=int, help="Số của bản sao lưu; mặc định mới nhất / which backup; the newest"
)
@click.option("--list", "only_list", is_flag=True, help="Chỉ liệt kê các bản sao lưu / only list the backups")
@click.pass_obj
def restore(ctx: CliContext, source: Path, number: int | None, *, only_list: bool) -> None:
    """Phục hồi từ DIR2 vào thư mục --data trống / restore from DIR2 into an empty --data place."""
    if only_list:
        _list(ctx, source)
        return
    with _refusing(ctx), _progress(ctx) as progress:
        restored = backups.restore(source, ctx.data_dir, plan_view.actor(), number=number, progress=progress)
    made = restored.manifest
    if ctx.json:
        ctx.give(
            {
                "backup": made.number,
                "taken_at": made.taken_at,
                "entries": restored.entries,
                "queued": restored.queued,
                "missing": made.missing,
                "faults": restored.faults,
            }
        )
    for fault in (*made.missing, *restored.faults):
        click.echo(fault, err=True)
    ctx.say(
        f"Đã phục hồi {restored.entries} mục thư, tình trạng lúc {_moment(made.taken_at)}. "
        f"{restored.queued} người nhận còn trong hàng đợi: thư đã gửi sau lúc đó sẽ gửi lại. "
        "Tiếp theo: congvu verify, rồi congvu serve; sao lưu tiếp vào một thư mục mới.",
        f"Restored {restored.entries} entries as of {_moment(made.taken_at)}. "
        f"{restored.queued} recipients are queued: what was sent since will be sent again. "
        "Next: congvu verify, then congvu serve; take further backups to a new folder.",
    )
    if made.missing or restored.faults:
        raise click.exceptions.Exit(1)


def _list(ctx: CliContext, source: Path) -> None:
    found = backups.backups(source)
    if ctx.json:
        ctx.give([{"backup": one.number, "taken_at": one.taken_at, "entries": one.entries} for one in found])
        return
    if not found:
        ctx.refuse(f"Không có bản sao lưu nào ở {source}.", f"There is no backup in {source}.")
    table = Table("#", ctx.text("Lúc", "Taken"), ctx.text("Mục thư", "Entries"))
    for one in found:
        table.add_row(str(one.number), _moment(one.taken_at), str(one.entries))
    Console().print(table)


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%d/%m/%Y %H:%M:%S")


@contextmanager
def _refusing(ctx: CliContext) -> Iterator[None]:
    try:
        yield
    except backups.BackupRefused as refusal:
        ctx.refuse(refusal.vietnamese, refusal.english)


@contextmanager
def _progress(ctx: CliContext) -> Iterator[Callable[[str, int, int], None]]:
    with Progress(console=Console(stderr=True), transient=True, disable=ctx.json) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            bar.update(tasks[what], completed=done, total=total)

        yield show

"""`congvu mailbox`: letters out of a box into files, and out of files into a box."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services import bring_in as bringing
from mailsvc.services import export as exporting
from mailsvc.services.export import Format

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

MIB = 1 << 20


@click.group()
def mailbox() -> None:
    """Xuất và nhập thư của một hộp / letters of a box into files, and back."""


@mailbox.command()
@click.argument("address")
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    default=Format.ZIP.value,
    show_default=True,
    help="zip: một tệp, mỗi thư một .eml / one file, a .eml a letter",
)
@click.option("--mailbox", "only", default="", help="Chỉ thư mục này / this mailbox only")
@click.pass_obj
def export(ctx: CliContext, address: str, target: Path, form: str, only: str) -> None:
    """Xuất thư của một hộp, có ghi nhật ký / write a box's letters to TARGET, with a line in the audit log."""
    reader = ctx.store.reader()
    try:
        with Progress(console=Console(stderr=True), transient=True, disable=ctx.json) as bar:
            task = bar.add_task(address, total=None)
            done = exporting.export(
                reader,
                SERVER,
                address,
                target,
                Format(form),
                only=only,
                progress=lambda now, total: bar.update(task, completed=now, total=total),
            )
    except OSError as error:
        ctx.refuse(
            f"Không ghi được {target}: {error.strerror}. Xem chỗ trống và quyền ghi; xóa phần dang dở, chạy lại.",
            f"Cannot write {target}: {error.strerror}. See to room and rights; delete what is there, run this again.",
        )
    finally:
        reader.close()
    with ctx.store.write() as uow:
        exporting.note(uow, done, actor=plan_view.actor(), target=target)
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say(
        f"Đã xuất {done.letters} thư, {done.octets / MIB:.1f} MiB, vào {target}.",
        f"{done.letters} letters, {done.octets / MIB:.1f} MiB, are in {target}.",
    )


@mailbox.command("import")
@click.argument("address")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option("--into", default="", help="Thư mục đích / the mailbox to bring them into")
@click.pass_obj
def import_(ctx: CliContext, address: str, source: Path, into: str) -> None:
    """Nhập mbox, Maildir, .eml, zip hoặc .pst; chạy lại không nhân đôi / bring letters in; again brings nothing twice."""
    with Progress(console=Console(stderr=True), transient=True, disable=ctx.json) as bar:
        task = bar.add_task(source.name, total=None)
        done = bringing.bring_in(
            ctx.store,
            SERVER,
            address,
            source,
            into=into,
            actor=plan_view.actor(),
            progress=lambda now: bar.update(task, completed=now),
        )
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say(
        f"{done.moved} thư đã nhập, {done.here_already} có sẵn, {done.not_moved} không đủ chỗ.",
        f"{done.moved} letters came in, {done.here_already} were here already, {done.not_moved} did not fit.",
    )
    if done.not_moved:
        ctx.refuse(
            f"Hộp {address} đầy: tăng hạn mức rồi chạy lại.",
            f"The box {address} is full: raise its quota and run this again.",
        )

"""`congvu backup` and `congvu restore`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services import backup as backups
from mailsvc.services.restore_box import Wanted, restore_box
from mailsvc.storage.vault import KEY_OCTETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mailsvc.cli.context import CliContext

MIB = 1024 * 1024
LEAST_PASSPHRASE = 12


def _secret_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where the key of an encrypted folder comes from."""
    key_file = click.option(
        "--key-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        envvar="CONGVU_BACKUP_KEY_FILE",
        help="Tệp khóa 32 octet / file with a key of 32 octets",
    )
    passphrase = click.option(
        "--passphrase-stdin", is_flag=True, help="Đọc mật khẩu mã hóa từ stdin / read a passphrase from stdin"
    )
    return key_file(passphrase(command))


def _secret(ctx: CliContext, key_file: Path | None, *, passphrase_stdin: bool) -> bytes | None:
    if key_file is not None and passphrase_stdin:
        raise click.UsageError("--key-file hoặc --passphrase-stdin / one of the two")
    if key_file is not None:
        octets = key_file.read_bytes()[: KEY_OCTETS + 1]
        if len(octets) != KEY_OCTETS:
            ctx.refuse(
                f"{key_file}: cần đúng {KEY_OCTETS} octet. Tạo: head -c 32 /dev/urandom > {key_file}",
                f"{key_file}: exactly {KEY_OCTETS} octets are needed. Make one: head -c 32 /dev/urandom > {key_file}",
            )
        return octets
    if not passphrase_stdin:
        return None
    words = sys.stdin.readline().rstrip("\r\n").encode()
    if len(words) < LEAST_PASSPHRASE:
        ctx.refuse(
            f"Mật khẩu mã hóa cần ít nhất {LEAST_PASSPHRASE} octet.",
            f"A passphrase has {LEAST_PASSPHRASE} octets at least.",
        )
    # Exactly 32 octets would be taken for a key.
    return words + b"\0" if len(words) == KEY_OCTETS else words


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
@_secret_options
@click.pass_obj
def backup(
    ctx: CliContext, target: Path, keep: int, keep_days: int, key_file: Path | None, *, passphrase_stdin: bool
) -> None:
    """Sao lưu vào DIR2 trong khi thư vẫn chạy / back up to DIR2 while mail flows; only what is new is copied."""
    secret = _secret(ctx, key_file, passphrase_stdin=passphrase_stdin)
    with _refusing(ctx), _progress(ctx) as progress:
        taken = backups.take(
            ctx.store, target, keep=keep, keep_days=keep_days, secret=secret, progress=progress
        )
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
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]),
    help="Bản cuối cùng trước lúc này / the last one before this moment",
)
@click.option(
    "--box", "address", help="Chỉ hộp này, vào dịch vụ đang có / this box only, into the service there is"
)
@click.option("--mailbox", default="", help="Chỉ thư mục này của hộp / this mailbox of the box only")
@click.option("--message-id", default="", help="Chỉ thư này / this letter only")
@_secret_options
@click.pass_obj
def restore(
    ctx: CliContext,
    source: Path,
    number: int | None,
    before: datetime | None,
    address: str | None,
    mailbox: str,
    message_id: str,
    key_file: Path | None,
    *,
    only_list: bool,
    passphrase_stdin: bool,
) -> None:
    """Phục hồi toàn bộ vào --data trống, hoặc một hộp, một thư / restore all into an empty --data, or one box or letter."""
    secret = _secret(ctx, key_file, passphrase_stdin=passphrase_stdin)
    moment = int(before.astimezone().timestamp()) if before is not None else None
    with _refusing(ctx):
        if only_list:
            _list(ctx, source, secret)
            return
        if address is not None:
            wanted = Wanted(mailbox, message_id)
            _restore_box(ctx, source, address, wanted, number=number, before=moment, secret=secret)
            return
    if mailbox or message_id:
        raise click.UsageError("--mailbox, --message-id cần --box / go with --box")
    with _refusing(ctx), _progress(ctx) as progress:
        restored = backups.restore(
            source,
            ctx.data_dir,
            plan_view.actor(),
            number=number,
            before=moment,
            secret=secret,
            progress=progress,
        )
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


def _restore_box(
    ctx: CliContext,
    source: Path,
    address: str,
    wanted: Wanted,
    *,
    number: int | None,
    before: int | None,
    secret: bytes | None,
) -> None:
    done = restore_box(
        ctx.store,
        SERVER,
        source,
        address,
        wanted,
        actor=plan_view.actor(),
        number=number,
        before=before,
        secret=secret,
    )
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say(
        f"{done.address}: {done.restored} thư từ bản {done.backup} ({_moment(done.taken_at)}), {done.here_already} vẫn còn.",
        f"{done.address}: {done.restored} letters from backup {done.backup} ({_moment(done.taken_at)}), "
        f"{done.here_already} were still there.",
    )
    if done.not_restored:
        ctx.refuse(
            f"{done.not_restored} thư không đủ chỗ: tăng hạn mức rồi chạy lại.",
            f"{done.not_restored} letters did not fit: raise the quota and run this again.",
        )


def _list(ctx: CliContext, source: Path, secret: bytes | None) -> None:
    found = backups.backups(source, secret)
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

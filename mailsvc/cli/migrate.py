"""`congvu migrate imap`: taking mailboxes over from an old server."""

from __future__ import annotations

import asyncio
import csv
import json
import ssl
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from mailsvc.imap.moving import AccountMoved, Move, Server, move_all

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

MAX_LIST_BYTES = 16 << 20
MAX_ACCOUNTS = 100_000


@click.group()
def migrate() -> None:
    """Chuyển hộp thư từ hệ thống cũ / take mailboxes over from an old server."""


@migrate.command("imap")
@click.argument("server", metavar="HOST:PORT")
@click.option(
    "--accounts",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV: address,login,password (hai cột sau có thể bỏ / the last two may be left out)",
)
@click.option(
    "--master-user", default="", help="Người dùng quản trị của máy chủ cũ / the old server's master user"
)
@click.option(
    "--master-separator", default="*", show_default=True, help="Giữa tên hộp và master user / between the two"
)
@click.option(
    "--password-stdin", is_flag=True, help="Đọc mật khẩu master user từ stdin / the master user's password"
)
@click.option(
    "--plain", is_flag=True, help="Không mã hóa, chỉ trong mạng tin cậy / no TLS: trusted networks only"
)
@click.option(
    "--ca", type=click.Path(path_type=Path, exists=True), help="Chứng thư gốc PEM / root certificate"
)
@click.option(
    "--parallel",
    default=8,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Số hộp cùng lúc / boxes at once",
)
@click.option(
    "--report", type=click.Path(path_type=Path), help="Ghi báo cáo JSON vào tệp này / the report as JSON"
)
@click.pass_obj
def imap(
    ctx: CliContext,
    server: str,
    accounts: Path,
    master_user: str,
    master_separator: str,
    ca: Path | None,
    parallel: int,
    report: Path | None,
    *,
    password_stdin: bool,
    plain: bool,
) -> None:
    """Chuyển thư; chạy lại để lấy phần mới / one pass; run again for what is new since. Nothing comes twice."""
    host, colon, port = server.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536 or not host:
        raise click.UsageError("HOST:PORT, ví dụ / for example mail.cu.example:993")
    if bool(master_user) != password_stdin:
        raise click.UsageError("--master-user cần --password-stdin / the two go together")
    master_password = sys.stdin.readline().rstrip("\r\n") if password_stdin else ""
    moves = _moves(ctx, accounts, master_user, master_separator, master_password)
    tls = None if plain else ssl.create_default_context(cafile=str(ca) if ca else None)
    console = Console(stderr=True, quiet=ctx.json)
    done = asyncio.run(
        move_all(
            ctx.store,
            Server(host.strip("[]"), int(port), tls),
            moves,
            parallel=parallel,
            progress=lambda one: console.print(_line(ctx, one)),
        )
    )
    if report is not None:
        report.write_text(
            json.dumps([_body(one) for one in done], ensure_ascii=False, indent=1), encoding="utf-8"
        )
    _tell(ctx, done)


def _moves(ctx: CliContext, path: Path, master_user: str, separator: str, master_password: str) -> list[Move]:
    if path.stat().st_size > MAX_LIST_BYTES:
        ctx.refuse(f"{path}: lớn quá 16 MiB.", f"{path}: larger than 16 MiB.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        ctx.refuse(
            f"{path}: không phải UTF-8. Lưu lại dạng CSV UTF-8.", f"{path}: not UTF-8. Save it as CSV UTF-8."
        )
    reader = csv.DictReader(text.splitlines())
    if "address" not in (reader.fieldnames or ()):
        ctx.refuse(
            f"{path}, dòng 1: cần cột address (và login, password).",
            f"{path}, line 1: a column address is needed (and login, password).",
        )
    moves: list[Move] = []
    for row in reader:
        address = (row.get("address") or "").strip()
        there = (row.get("login") or "").strip() or address
        password = row.get("password") or ""
        if not address or (not password and not master_user):
            what = "address" if not address else "password"
            ctx.refuse(
                f"{path}, dòng {reader.line_num}: thiếu {what}. Sửa rồi chạy lại.",
                f"{path}, line {reader.line_num}: {what} is missing. Mend it and run this again.",
            )
        login = there if password else f"{there}{separator}{master_user}"
        if any(ord(character) < 32 for character in login + password):
            ctx.refuse(
                f"{path}, dòng {reader.line_num}: ký tự lạ.",
                f"{path}, line {reader.line_num}: control characters.",
            )
        moves.append(Move(address, login, password or master_password, there))
        if len(moves) > MAX_ACCOUNTS:
            ctx.refuse(f"{path}: quá {MAX_ACCOUNTS} dòng.", f"{path}: more than {MAX_ACCOUNTS} lines.")
    return moves


def _line(ctx: CliContext, one: AccountMoved) -> str:
    if one.error:
        return f"{one.address}: {one.error}"
    return ctx.text(
        f"{one.address}: chuyển {one.moved}, chưa chuyển {one.not_moved}, {one.seconds:.1f} giây",
        f"{one.address}: {one.moved} moved, {one.not_moved} not moved, {one.seconds:.1f} seconds",
    )


def _body(one: AccountMoved) -> dict[str, Any]:
    return {**asdict(one), "moved": one.moved, "not_moved": one.not_moved}


def _tell(ctx: CliContext, done: list[AccountMoved]) -> None:
    failed = [one for one in done if one.error or one.not_moved]
    if ctx.json:
        ctx.give([_body(one) for one in done])
    else:
        table = Table(
            ctx.text("Hộp thư", "Box"),
            ctx.text("Thư mục", "Mailboxes"),
            ctx.text("Đã chuyển", "Moved"),
            ctx.text("Có sẵn", "Here already"),
            ctx.text("Đổi cờ", "Flags"),
            ctx.text("Xóa theo", "Deleted"),
            ctx.text("Chưa chuyển", "Not moved"),
            ctx.text("Lỗi", "Error"),
        )
        for one in done:
            sums = [
                sum(getattr(box, name) for box in one.mailboxes)
                for name in ("moved", "here_already", "flags_changed", "deleted", "not_moved")
            ]
            table.add_row(one.address, str(len(one.mailboxes)), *map(str, sums), one.error)
        Console().print(table)
    ctx.say(
        f"{len(done)} hộp thư, {sum(one.moved for one in done)} thư; {len(failed)} hộp chưa trọn. Chạy lại để lấy tiếp.",
        f"{len(done)} boxes, {sum(one.moved for one in done)} letters; {len(failed)} boxes not whole. Run again to go on.",
    )
    if failed:
        raise click.exceptions.Exit(1)

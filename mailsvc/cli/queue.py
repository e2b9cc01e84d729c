"""`congvu queue`: letters on their way out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import click
from rich.console import Console
from rich.table import Table

from directory import repository
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.model.errors import LetterMissing
from mailsvc.services import queue_routes, queue_view, sending

if TYPE_CHECKING:
    from mailsvc.cli.context import CliContext

_REASON = click.option("--reason", required=True, help="Lý do, ghi vào lịch sử / why, kept in the history")
_TO = click.option("--to", "address", help="Chỉ người nhận này / only this recipient")
_LETTERS = click.argument("letters", metavar="ID...", nargs=-1, required=True, type=int)


@click.group()
def queue() -> None:
    """Hàng đợi thư đi / letters on their way out."""


@queue.command("list")
@click.option("--limit", default=200, show_default=True, help="Số dòng / lines")
@click.pass_obj
def list_(ctx: CliContext, limit: int) -> None:
    """Thư đang chờ hoặc bị giữ, cũ nhất trước / what waits or is held, the oldest first."""
    with ctx.store.read() as db:
        rows = queue_view.waiting(db, limit)
    if ctx.json:
        ctx.give([row.as_json() for row in rows])
        return
    if not rows:
        ctx.say("Hàng đợi trống.", "The queue is empty.")
        return
    table = Table(
        "#",
        ctx.text("Người gửi", "Sender"),
        ctx.text("Người nhận", "Recipient"),
        ctx.text("Trạng thái", "State"),
        ctx.text("Lần thử", "Tries"),
        ctx.text("Thử lại lúc", "Next try"),
        ctx.text("Trả lời cuối", "Last reply"),
    )
    for row in rows:
        table.add_row(
            str(row.id),
            row.sender or "<>",
            row.recipient,
            row.state,
            str(row.attempts),
            _moment(row.next_attempt) if row.state == "waiting" else "",
            row.last_reply,
        )
    Console().print(table)


@queue.command()
@click.argument("letter", metavar="ID", type=int)
@click.pass_obj
def show(ctx: CliContext, letter: int) -> None:
    """Một thư trong hàng đợi và mọi việc đã xảy ra / one letter and all that happened to it."""
    try:
        with ctx.store.read() as db:
            found = queue_view.story(db, letter)
    except LetterMissing:
        _unknown(ctx, letter)
    if ctx.json:
        ctx.give(found.as_json())
        return
    click.echo(
        f"#{found.id}  {found.sender or '<>'}  {found.message_id}  {found.octets:,} B  {_moment(found.created_at)}"
    )
    for one in found.recipients:
        click.echo(f"  {one.address}: {one.state}, {one.attempts}")
        for line in one.history:
            who = f" ({line.actor})" if line.actor else ""
            click.echo(f"      {_moment(line.at)}  {line.event}{who}: {line.text}")


@queue.command()
@_LETTERS
@_TO
@click.option("--reason", default="", help="Lý do, ghi vào lịch sử / why, kept in the history")
@click.pass_obj
def retry(ctx: CliContext, letters: tuple[int, ...], address: str | None, reason: str) -> None:
    """Gửi lại ngay, kể cả thư bị giữ / try now, what was held too."""
    _do(ctx, "retry", letters, address, reason or "thử lại / retry")


@queue.command()
@_LETTERS
@_TO
@_REASON
@click.pass_obj
def hold(ctx: CliContext, letters: tuple[int, ...], address: str | None, reason: str) -> None:
    """Giữ thư lại, không gửi / keep letters back until they are retried."""
    _do(ctx, "hold", letters, address, reason)


@queue.command()
@_LETTERS
@_TO
@_REASON
@click.option("--yes", is_flag=True, help="Bỏ thật / really drop: the sender is not told")
@click.pass_obj
def drop(ctx: CliContext, letters: tuple[int, ...], address: str | None, reason: str, *, yes: bool) -> None:
    """Bỏ thư khỏi hàng đợi, người gửi không được báo / take letters out of the queue."""
    if not yes:
        ctx.refuse(
            "Chưa làm gì: thư bỏ đi không gửi lại được, người gửi không được báo. Thêm --yes để bỏ.",
            "Nothing was done: what is dropped is gone, and its sender is not told. Add --yes to drop it.",
        )
    _do(ctx, "drop", letters, address, reason)


@queue.command()
@click.argument("domain", required=False)
@click.argument("smart_host", metavar="HOST:PORT", required=False)
@click.option("--reason", default="", help="Lý do / why")
@click.option("--clear", is_flag=True, help="Bỏ đường riêng của tên miền / back to the settings")
@click.pass_obj
def route(ctx: CliContext, domain: str | None, smart_host: str | None, reason: str, *, clear: bool) -> None:
    """Đường gửi riêng cho một tên miền (.x.vn: mọi tên miền dưới x.vn) / a smart host for a domain; alone: what is set."""
    if domain is None:
        with ctx.store.read() as db:
            found = queue_routes.routes(db)
        if ctx.json:
            ctx.give([asdict(one) for one in found])
        for one in found if not ctx.json else ():
            click.echo(f"{one.domain} → {one.smart_host}  {one.set_by}, {_moment(one.set_at)}: {one.reason}")
        return
    name = domain.lower()
    if clear == bool(smart_host) or (smart_host and not reason):
        raise click.UsageError("HOST:PORT --reason …, hoặc / or --clear")
    if smart_host and not _is_host_port(smart_host):
        ctx.refuse(
            f"{smart_host}: cần dạng máy:cổng, ví dụ relay.x.vn:25",
            f"{smart_host}: expected host:port, such as relay.x.vn:25",
        )
    with ctx.store.write() as uow:
        if smart_host:
            queue_routes.set_route(uow, name, smart_host, actor=plan_view.actor(), reason=reason)
        elif not queue_routes.drop_route(uow, name, actor=plan_view.actor()):
            ctx.refuse(
                f"{name} không có đường riêng. Xem: congvu queue route",
                f"{name} has none. See: congvu queue route",
            )
    ctx.say(
        "Xong; thư đang chờ đi đường mới từ lần thử tới.",
        "Done; what waits goes that way from its next try on.",
    )


@queue.command()
@click.pass_obj
def stopped(ctx: CliContext) -> None:
    """Tài khoản bị dừng vì gửi ra ngoài bất thường / accounts that were stopped for writing to too many outside."""
    with ctx.store.read() as db:
        found = sending.stops(db, SERVER)
    if ctx.json:
        ctx.give([asdict(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.address}  {_moment(one.stopped_at)}  {one.outside}  #{one.letter_id}")
    if not found:
        ctx.say("Không có tài khoản nào bị dừng.", "No account is stopped.")


@queue.command()
@click.argument("address")
@_REASON
@click.pass_obj
def release(ctx: CliContext, address: str, reason: str) -> None:
    """Cho tài khoản bị dừng gửi lại / let a stopped account send again; what is held stays held."""
    with ctx.store.write() as uow:
        account = repository.account_by_login(uow.conn, address)
        if account is None or not sending.release(
            uow, SERVER, account, actor=plan_view.actor(), reason=reason
        ):
            ctx.refuse(
                f"{address} không bị dừng. Xem: congvu queue stopped",
                f"{address} is not stopped. See: congvu queue stopped",
            )
    ctx.say(
        "Tài khoản gửi lại được. Thư bị giữ: congvu queue list, rồi retry hoặc drop.",
        "The account sends again. What was held: congvu queue list, then retry or drop.",
    )


def _do(
    ctx: CliContext, act: queue_view.Act, letters: tuple[int, ...], address: str | None, reason: str
) -> None:
    touched = 0
    for letter in letters:
        try:
            with ctx.store.write() as uow:
                touched += queue_view.do(
                    uow, act, letter, actor=plan_view.actor(), reason=reason, address=address
                )
        except LetterMissing:
            _unknown(ctx, letter)
    if ctx.json:
        ctx.give({"recipients": touched})
    ctx.say(f"{touched} người nhận.", f"{touched} recipients.")


def _unknown(ctx: CliContext, letter: int) -> NoReturn:
    ctx.refuse(
        f"Hàng đợi không có thư #{letter}. Xem: congvu queue list",
        f"The queue has no letter #{letter}. See: congvu queue list",
    )


def _is_host_port(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) <= 65_535


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%d/%m %H:%M")

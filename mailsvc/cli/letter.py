"""`congvu letter`: letters that were deleted, and giving them back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory import repository
from mailsvc.cli import plan_view, pull
from mailsvc.model.errors import LetterMissing, MailboxMissing, OverQuota
from mailsvc.services import recover as recovering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from directory.model import Account
    from mailsvc.cli.context import CliContext
    from mailsvc.model.ids import MailboxId

MOST = 10_000
STEP = 500


@click.group()
def letter() -> None:
    """Thư đã xóa, thư lừa đảo cần thu hồi / deleted letters, and harmful ones in all boxes."""


for command in pull.COMMANDS:
    letter.add_command(command)


@letter.command("deleted")
@click.argument("address")
@click.option("--hours", type=click.IntRange(min=1), help="Xóa trong số giờ qua / deleted in the last hours")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1, MOST), help="Số dòng / lines")
@click.pass_obj
def deleted(ctx: CliContext, address: str, hours: int | None, limit: int) -> None:
    """Thư đã xóa còn khôi phục được, mới xóa trước / what can be had back, the newest loss first."""
    with ctx.store.read() as db:
        box = _find(ctx, db.conn, address)
        since = db.clock() - hours * 3600 if hours else 0
        found = recovering.deleted_in(db, box.id, since=since, limit=limit)
    if ctx.json:
        ctx.give([{"id": _name(one), **asdict(one)} for one in found])
        return
    if not found:
        ctx.say("Không có thư nào khôi phục được.", "There is nothing to have back.")
        return
    _show(ctx, found)
    ctx.say(
        f"Khôi phục: congvu letter recover {address} MÃ … --yes",
        f"To have them back: congvu letter recover {address} ID … --yes",
    )


@letter.command("recover")
@click.argument("address")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option(
    "--hours", type=click.IntRange(min=1), help="Mọi thư xóa trong số giờ qua / all deleted in the last hours"
)
@click.option("--yes", is_flag=True, help="Thực hiện, không chỉ xem trước / do it, not only preview")
@click.pass_obj
def recover(ctx: CliContext, address: str, ids: tuple[str, ...], hours: int | None, *, yes: bool) -> None:
    """Trả thư đã xóa về hộp thư, có ghi nhật ký / give deleted letters back, with a line in the audit log."""
    if bool(ids) == bool(hours):
        raise click.UsageError("MÃ … hoặc --hours / either ID … or --hours")
    wanted = {_parse(one) for one in ids}
    with ctx.store.read() as db:
        box = _find(ctx, db.conn, address)
        since = db.clock() - hours * 3600 if hours else 0
        found = recovering.deleted_in(db, box.id, since=since, limit=MOST)
    if wanted:
        found = [one for one in found if (one.mailbox_id, one.uid) in wanted]
        lost = wanted - {(one.mailbox_id, one.uid) for one in found}
        if lost:
            names = ", ".join(f"{mailbox}:{uid}" for mailbox, uid in sorted(lost))
            ctx.refuse(
                f"Không khôi phục được {names}: đã khôi phục hoặc quá hạn. Xem: congvu letter deleted {address}",
                f"Cannot have back {names}: done already, or too old. See: congvu letter deleted {address}",
            )
    if not yes:
        if not ctx.json:
            _show(ctx, found)
        _done(ctx, len(found), 0)
        ctx.say("Chưa làm gì. Thêm --yes để khôi phục.", "Nothing was done. Add --yes to have them back.")
        return
    done = 0
    try:
        for step in _steps(found):
            with ctx.store.write() as uow:
                recovering.recover_in(
                    uow, box.id, step[0].mailbox_id, [one.uid for one in step], plan_view.actor()
                )
            done += len(step)
    except OverQuota:
        ctx.refuse(
            f"{address} không đủ dung lượng: đã trả về {done}, còn {len(found) - done}. Tăng hạn mức hoặc chọn ít hơn.",
            f"{address} has not enough room: {done} given back, {len(found) - done} not. Raise its quota, or choose fewer.",
            found=len(found),
            recovered=done,
        )
    except (LetterMissing, MailboxMissing) as error:
        ctx.refuse(f"Thư đã thay đổi: {error}. Chạy lại.", f"A letter has changed: {error}. Run this again.")
    _done(ctx, len(found), len(found))
    ctx.say(f"Đã trả về {len(found)} thư.", f"{len(found)} letters were given back.")


def _steps(found: list[recovering.DeletedLetter]) -> Iterator[list[recovering.DeletedLetter]]:
    """Letters of one mailbox together, no more than one short transaction takes."""
    by_mailbox: dict[MailboxId, list[recovering.DeletedLetter]] = defaultdict(list)
    for one in found:
        by_mailbox[one.mailbox_id].append(one)
    for letters in by_mailbox.values():
        for start in range(0, len(letters), STEP):
            yield letters[start : start + STEP]


def _done(ctx: CliContext, found: int, recovered: int) -> None:
    if ctx.json:
        ctx.give({"found": found, "recovered": recovered})


def _find(ctx: CliContext, conn: Connection, address: str) -> Account:
    found = repository.account_by_login(conn, address)
    if found is None:
        ctx.refuse(
            f"Không có tài khoản {address}. Xem: congvu account list",
            f"There is no account {address}. See: congvu account list",
        )
    return found


def _name(one: recovering.DeletedLetter) -> str:
    return f"{one.mailbox_id}:{one.uid}"


def _parse(text: str) -> tuple[int, int]:
    mailbox, _, uid = text.partition(":")
    if not (mailbox.isascii() and mailbox.isdigit() and uid.isascii() and uid.isdigit()):
        raise click.UsageError(f"{text}: cần dạng 12:345 / expected 12:345")
    return int(mailbox), int(uid)


def _show(ctx: CliContext, found: list[recovering.DeletedLetter]) -> None:
    table = Table(
        ctx.text("Mã", "ID"),
        ctx.text("Xóa lúc", "Deleted"),
        ctx.text("Từ thư mục", "From"),
        ctx.text("Người gửi", "Sender"),
        ctx.text("Tiêu đề", "Subject"),
    )
    for one in found:
        moment = datetime.fromtimestamp(one.deleted_at, UTC).astimezone().strftime("%d/%m %H:%M")
        table.add_row(_name(one), moment, one.mailbox_name, one.from_name or one.from_address, one.subject)
    Console().print(table)

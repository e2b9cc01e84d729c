"""`congvu letter find`, `withdraw` …: harmful letters, out of all boxes and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mailsvc.services.administration import pulls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsvc.cli.context import CliContext
    from mailsvc.services.administration.pulls import LetterLine


@click.command()
@click.option("--message-id", default="", help="Trường Message-ID / the Message-ID field")
@click.option(
    "--from", "sender", default="", help="Địa chỉ hoặc tên miền người gửi / address or domain of the sender"
)
@click.option(
    "--words", default="", help="Từ trong tiêu đề, không cần dấu / words of the subject, marks do not matter"
)
@click.option(
    "--text", default="", help="Chữ trong thư, như ở ô tìm thư / what the letter says, as in the search box"
)
@click.option(
    "--days",
    default=30,
    show_default=True,
    type=click.IntRange(1, 3650),
    help="Đến trong số ngày qua / that came in the last days",
)
@click.pass_obj
def find(ctx: CliContext, message_id: str, sender: str, words: str, text: str, days: int) -> None:
    """Tìm một thư trong mọi hộp thư / find a letter in all boxes: how many have it, and have opened it."""
    found = ctx.perform(pulls.FIND, pulls.FindLetters(message_id, sender, words, text, days))
    if ctx.json:
        ctx.give([asdict(one) for one in found])
        return
    _letters(ctx, found)
    ctx.say(
        "Thu hồi: congvu letter withdraw MÃ --reason LÝ-DO --yes",
        "To withdraw one: congvu letter withdraw ID --reason REASON --yes",
    )


@click.command()
@click.argument("number", metavar="ID", type=int)
@click.option("--reason", required=True, help="Lý do, ghi vào nhật ký / why; it goes into the audit log")
@click.option("--yes", is_flag=True, help="Thực hiện / do it")
@click.pass_obj
def withdraw(ctx: CliContext, number: int, reason: str, *, yes: bool) -> None:
    """Thu hồi một thư khỏi mọi hộp thư; hoàn tác được / take a letter out of all boxes; it can be given back."""
    if not yes:
        ctx.say(
            "Chưa làm gì. Xem thư có ở bao nhiêu hộp bằng congvu letter find, rồi thêm --yes để thu hồi.",
            "Nothing was done. See by congvu letter find in how many boxes it is, then add --yes.",
        )
        return
    done = ctx.perform(pulls.WITHDRAW, pulls.WithdrawLetter(number, reason))
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say(
        f"Đã thu hồi {done.letters} thư. Hoàn tác: congvu letter restore-withdrawn {done.id}",
        f"{done.letters} letters were withdrawn. To give them back: congvu letter restore-withdrawn {done.id}",
    )


@click.command("restore-withdrawn")
@click.argument("number", metavar="ID", type=int)
@click.pass_obj
def restore_withdrawn(ctx: CliContext, number: int) -> None:
    """Trả thư đã thu hồi về các hộp thư / give a withdrawn letter back to the boxes."""
    done = ctx.perform(pulls.RESTORE, pulls.OneWithdrawal(number))
    if ctx.json:
        ctx.give(asdict(done))
    ctx.say(f"Đã trả về {done.letters} thư.", f"{done.letters} letters were given back.")
    if done.left:
        ctx.say(
            f"{done.left} thư chưa trả được: hộp thư đầy hoặc đã quá hạn khôi phục.",
            f"{done.left} could not be given back: the box is full, or it is too late.",
        )


@click.command()
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500), help="Số dòng / lines")
@click.pass_obj
def withdrawn(ctx: CliContext, limit: int) -> None:
    """Các thư đã thu hồi / letters that were withdrawn."""
    found = ctx.perform(pulls.WITHDRAWN, pulls.ListPulls(limit))
    if ctx.json:
        ctx.give([asdict(one) for one in found])
        return
    table = Table(
        "#",
        ctx.text("Lúc", "When"),
        ctx.text("Người gửi", "Sender"),
        ctx.text("Tiêu đề", "Subject"),
        ctx.text("Lý do", "Reason"),
        ctx.text("Ai", "Who"),
        ctx.text("Số thư", "Letters"),
    )
    for one in found:
        table.add_row(
            str(one.id), _when(one.at), one.sender, one.subject, one.reason, one.actor, str(one.letters)
        )
    Console().print(table)


@click.command()
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500), help="Số dòng / lines")
@click.pass_obj
def reports(ctx: CliContext, limit: int) -> None:
    """Thư bị người dùng báo lừa đảo hoặc thư rác / letters that people reported as phishing or junk."""
    found = ctx.perform(pulls.REPORTS, pulls.ListPulls(limit))
    if ctx.json:
        ctx.give([asdict(one) for one in found])
        return
    kinds = {"phishing": ctx.text("lừa đảo", "phishing"), "junk": ctx.text("thư rác", "junk")}
    table = Table(
        ctx.text("Mã", "ID"),
        "",
        ctx.text("Lượt báo", "Reports"),
        ctx.text("Đang ở số hộp", "In boxes"),
        ctx.text("Người gửi", "Sender"),
        ctx.text("Tiêu đề", "Subject"),
    )
    for one in found:
        table.add_row(str(one.id), kinds[one.kind], str(one.reports), str(one.boxes), one.sender, one.subject)
    Console().print(table)


def _letters(ctx: CliContext, found: Sequence[LetterLine]) -> None:
    table = Table(
        ctx.text("Mã", "ID"),
        ctx.text("Đến lúc", "Came"),
        ctx.text("Người gửi", "Sender"),
        ctx.text("Tiêu đề", "Subject"),
        ctx.text("Số hộp", "Boxes"),
        ctx.text("Đã mở", "Opened"),
        "Message-ID",
    )
    for one in found:
        table.add_row(
            str(one.id),
            _when(one.first_at),
            one.sender,
            one.subject,
            str(one.boxes),
            str(one.opened),
            one.message_id,
        )
    Console().print(table)


def _when(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%d/%m/%Y %H:%M")


COMMANDS = (find, withdraw, restore_withdrawn, withdrawn, reports)

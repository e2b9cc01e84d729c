"""`congvu reading`: reading in another's mailbox, with a reason, an end, and the approval of two others."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mailsvc.services.administration import readings

if TYPE_CHECKING:
    from datetime import datetime

    from mailsvc.cli.context import CliContext
    from mailsvc.services.administration.readings import ReadingLine

DAY = click.DateTime(["%Y-%m-%d", "%d/%m/%Y"])
STATES = {
    "waiting": ("chờ duyệt", "waiting"),
    "in_force": ("có hiệu lực", "in force"),
    "ended": ("đã kết thúc", "ended"),
}


@click.group()
def reading() -> None:
    """Đọc hộp thư của người khác, cần hai người duyệt / reading in another's mailbox, with two approvals."""


@reading.command("request")
@click.argument("box")
@click.option("--reader", required=True, help="Ai được đọc / who is to read")
@click.option("--reason", required=True, help="Lý do, căn cứ / why, and on which grounds")
@click.option("--until", required=True, type=DAY, help="Đến hết ngày / the last day")
@click.pass_obj
def request(ctx: CliContext, box: str, reader: str, reason: str, until: datetime) -> None:
    """Đề nghị cho một người đọc hộp thư này / ask that somebody may read in this box; nothing is read yet."""
    made = ctx.perform(readings.REQUEST, readings.AskReading(box, reader, reason, until.date()))
    _give(ctx, made)
    ctx.say(
        f"Đề nghị {made.id} chờ hai người khác duyệt: congvu reading approve {made.id}",
        f"Request {made.id} waits for two others: congvu reading approve {made.id}",
    )


@reading.command("approve")
@click.argument("number", type=int)
@click.pass_obj
def approve(ctx: CliContext, number: int) -> None:
    """Duyệt, bằng tài khoản của chính mình / approve, with an account of one's own (--server, --token-file).

    Người thứ hai duyệt thì quyền đọc có hiệu lực và giám sát viên được báo / with the second approval it is in force.
    """
    found = ctx.perform(readings.APPROVE, readings.OneReading(number))
    _give(ctx, found)
    if found.state == "in_force":
        ctx.say(
            f"Đã đủ hai người duyệt: {found.reader} đọc được {found.box} đến hết {found.until:%d/%m/%Y}. Đã báo giám sát viên.",
            f"Two have approved: {found.reader} may read in {found.box} until {found.until}. The auditors are told.",
        )
    else:
        ctx.say("Đã duyệt; còn cần một người nữa.", "Approved; one more has to.")


@reading.command("list")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500), help="Số dòng / lines")
@click.pass_obj
def list_(ctx: CliContext, limit: int) -> None:
    """Các đề nghị, mới nhất trước / requests, the newest first."""
    found = ctx.perform(readings.LIST, readings.ListReadings(limit))
    if ctx.json:
        ctx.give([asdict(one) for one in found])
        return
    table = Table(
        "#",
        ctx.text("Hộp thư", "Box"),
        ctx.text("Người đọc", "Reader"),
        ctx.text("Lý do", "Reason"),
        ctx.text("Đến ngày", "Until"),
        ctx.text("Tình trạng", "State"),
        ctx.text("Đã duyệt", "Approved by"),
    )
    for one in found:
        state = ctx.text(*STATES[one.state])
        approvers = ", ".join(one.approvers)
        table.add_row(str(one.id), one.box, one.reader, one.reason, f"{one.until:%d/%m/%Y}", state, approvers)
    Console().print(table)


@reading.command("end")
@click.argument("number", type=int)
@click.pass_obj
def end(ctx: CliContext, number: int) -> None:
    """Chấm dứt trước hạn, hoặc rút đề nghị / end a right before its day, or take a request back."""
    found = ctx.perform(readings.END, readings.OneReading(number))
    _give(ctx, found)
    ctx.say(
        f"{found.reader} không còn đọc được {found.box}.", f"{found.reader} reads in {found.box} no more."
    )


def _give(ctx: CliContext, line: ReadingLine) -> None:
    if ctx.json:
        ctx.give(asdict(line))

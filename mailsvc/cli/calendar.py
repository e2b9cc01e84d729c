"""`congvu calendar`: the working days of each year."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from directory.calendar import DayKind
from directory.calendar.importing import plan_calendar, read_calendar, replace_calendar
from directory.model import vietnam_day
from directory.scope import SERVER
from mailsvc.cli import plan_view
from mailsvc.services.administration import calendar as acts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.calendar import CalendarDay
    from mailsvc.cli.context import CliContext
    from mailsvc.services.administration.calendar import ListedDay


@click.group()
def calendar() -> None:
    """Lịch làm việc của năm / the working days of a year."""


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Thực hiện, không chỉ xem trước / do it, not only preview")
@click.pass_obj
def import_(ctx: CliContext, file: Path, *, yes: bool) -> None:
    """Nhập ngày nghỉ và ngày làm bù: CSV day,kind,name / holidays and Saturdays worked, replacing their years.

    kind: holiday (nghỉ), working_saturday (làm bù).
    """
    sheet = read_calendar(plan_view.read_file(file))
    with ctx.store.read() as db:
        plan = plan_calendar(db.conn, sheet)
    applied = yes and not plan.refused and not plan.changes_nothing
    if applied:
        with ctx.store.write() as uow:
            replace_calendar(uow.conn, SERVER, plan, actor=plan_view.actor(), at=uow.clock())
    language = "vi" if ctx.vietnamese else "en"
    if ctx.json:
        ctx.give(
            {
                "years": plan.years,
                "add": plan.added,
                "remove": plan.removed,
                "refused": [remark.to_json(language) for remark in plan.refused],
                "applied": applied,
            }
        )
    else:
        _show(ctx, plan.days)
        plan_view.remarks(Console(), ctx, ctx.text("Từ chối", "Refused"), plan.refused, "red")
    _finish(ctx, refused=bool(plan.refused), changes=not plan.changes_nothing, applied=applied)


def _finish(ctx: CliContext, *, refused: bool, changes: bool, applied: bool) -> None:
    if refused:
        ctx.say(
            "Chưa thay đổi gì. Sửa các dòng bị từ chối rồi chạy lại.",
            "Nothing was changed. Mend the refused lines and run it again.",
        )
        raise click.exceptions.Exit(1)
    if not changes:
        ctx.say("Lịch đã đúng như tệp này.", "The calendar is like this already.")
    elif applied:
        ctx.say("Đã nhập lịch làm việc.", "The calendar is imported.")
    else:
        ctx.say(
            "Đây là bản xem trước, chưa thay đổi gì. Thêm --yes để thực hiện.",
            "This is a preview, nothing was changed. Add --yes to apply it.",
        )


@calendar.command("show")
@click.argument("year", type=click.IntRange(2000, 2100), required=False)
@click.pass_obj
def show(ctx: CliContext, year: int | None) -> None:
    """Lịch của một năm (mặc định năm nay) / the calendar of a year (this one by default)."""
    wanted = year or vietnam_day(int(time.time())).year
    shown = ctx.perform(acts.SHOW, acts.OneYear(wanted))
    count, found = shown.working_days, shown.days
    if ctx.json:
        ctx.give(asdict(shown))
    else:
        _show(ctx, found)
    if not found:
        ctx.say(
            f"Chưa nhập lịch năm {wanted}: tạm tính thứ Hai đến thứ Sáu, {count} ngày. Nhập: congvu calendar import TỆP --yes",
            f"The calendar of {wanted} is not imported: Monday to Friday is assumed, {count} days. Import it: congvu calendar import FILE --yes",
        )
        return
    ctx.say(f"Năm {wanted}: {count} ngày làm việc.", f"{wanted}: {count} working days.")


def _show(ctx: CliContext, days: Sequence[CalendarDay | ListedDay]) -> None:
    if not days:
        return
    kinds = {
        DayKind.HOLIDAY: ctx.text("nghỉ", "holiday"),
        DayKind.WORKING_SATURDAY: ctx.text("làm bù", "worked"),
    }
    table = Table(ctx.text("Ngày", "Day"), "", ctx.text("Tên", "Name"))
    for one in days:
        table.add_row(one.day.strftime("%d/%m/%Y"), kinds[one.kind], one.name)
    Console().print(table)

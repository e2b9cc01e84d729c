"""`congvu statistics`: how far official mail is used, as a table, JSON or spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from directory import repository
from directory.model import Branch, Tier, vietnam_day
from directory.scope import SERVER
from mailsvc.services import statistics as counting
from mailsvc.services.statistics import Asked, Books, By, Measure, MonthAhead, month_of, parse_month
from mailsvc.services.statistics.labels import BY, key_name, label, plan_of
from mailsvc.services.statistics.sheet import adoption_sheet, ranking_sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.cli.context import CliContext
    from mailsvc.services.statistics import Month, Rank, Ratio, Report
    from mailsvc.storage.unit_of_work import Reader

SHOWN = (
    Measure.PROVISIONED,
    Measure.ACTIVATED,
    Measure.REGULAR,
    Measure.OPENED,
    Measure.INSIDE,
    Measure.DORMANT,
)
"""What a table has room for; --json and --xlsx have all."""


class MonthType(click.ParamType["Month"]):
    """A month on the command line."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        """The month, or wrong usage with the two ways of writing it."""
        try:
            return parse_month(str(value))
        except ValueError:
            self.fail(f"{value}: cần dạng 2026-11 hoặc 11/2026 / expected 2026-11 or 11/2026", param, ctx)


_MONTH = MonthType()


def _narrowed(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which every report is narrowed."""
    for option in reversed(
        (
            click.option(
                "--month", type=_MONTH, help="Tháng, ví dụ 2026-11 (mặc định tháng này) / this one by default"
            ),
            click.option(
                "--under", metavar="CODE", help="Đơn vị và cấp dưới cùng khối / a unit and what is below it"
            ),
            click.option(
                "--tier", type=click.Choice([tier.value for tier in Tier]), help="Chỉ một cấp / one tier"
            ),
            click.option(
                "--branch",
                type=click.Choice([branch.value for branch in Branch]),
                help="Chỉ một khối / one branch",
            ),
            click.option(
                "--xlsx",
                "file",
                type=click.Path(dir_okay=False, path_type=Path),
                help="Ghi ra tệp XLSX / write a spreadsheet",
            ),
        )
    ):
        command = option(command)
    return command


@click.group()
def statistics() -> None:
    """Thống kê sử dụng thư công vụ / how far official mail is used."""


@statistics.command("adoption")
@_narrowed
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    default="unit",
    show_default=True,
    help="Gộp theo / lines by",
)
@click.option(
    "--months",
    type=click.IntRange(1, 36),
    default=12,
    show_default=True,
    help="Số tháng, với --by month / months",
)
@click.pass_obj
def adoption(ctx: CliContext, /, by: str, months: int, file: Path | None, **narrowed: Any) -> None:
    """Cấp, kích hoạt, dùng thường xuyên, xử lý thư đơn vị … / provisioned, activated, in regular use, diligence.

    Luôn có tử số và mẫu số; ngày nghỉ phép không tính / always numerator and denominator; leave does not count.
    """
    with ctx.store.read() as db:
        asked = _asked(ctx, db, **narrowed)
        try:
            report = counting.adoption(db, SERVER, asked, By(by), Books(ctx.settings), months=months)
        except MonthAhead:
            _refuse_month(ctx, asked.month)
    language = "vi" if ctx.vietnamese else "en"
    if file is not None:
        file.write_bytes(adoption_sheet(report, ctx.settings.statistics, language))
    if ctx.json:
        ctx.give(_report_json(ctx, report))
        return
    _show(ctx, report, language)
    if file is not None:
        ctx.say(f"Đã ghi {file}.", f"Wrote {file}.")


@statistics.command("ranking")
@click.argument("measure", type=click.Choice([measure.value for measure in Measure]))
@_narrowed
@click.pass_obj
def ranking(ctx: CliContext, /, measure: str, file: Path | None, **narrowed: Any) -> None:
    """Xếp hạng đơn vị, kèm hạng cùng tháng năm trước / rank the units, with last year's place."""
    wanted = Measure(measure)
    with ctx.store.read() as db:
        asked = _asked(ctx, db, **narrowed)
        try:
            ranks = counting.ranking(db, SERVER, asked, wanted, Books(ctx.settings))
        except MonthAhead:
            _refuse_month(ctx, asked.month)
    language = "vi" if ctx.vietnamese else "en"
    if file is not None:
        file.write_bytes(ranking_sheet(ranks, wanted, str(asked.month), language))
    if ctx.json:
        ctx.give([_rank_json(rank) for rank in ranks])
        return
    table = Table(
        ctx.text("Hạng", "Place"),
        ctx.text("Năm trước", "Last year"),
        ctx.text("Đơn vị", "Unit"),
        label(wanted, language),
    )
    for rank in ranks:
        table.add_row(
            str(rank.place), str(rank.last_year or "–"), f"{rank.name} ({rank.code})", _share(ctx, rank.ratio)
        )
    Console().print(table)
    if file is not None:
        ctx.say(f"Đã ghi {file}.", f"Wrote {file}.")


@statistics.command("keep")
@click.argument("month", type=_MONTH)
@click.pass_obj
def keep(ctx: CliContext, month: Month) -> None:
    """Chốt số liệu một tháng đã qua / keep a month that is over as it is counted now.

    Dịch vụ tự chốt sau khi hết tháng ba ngày / the service does so three days after its end.
    """
    with ctx.store.read() as db:
        if month >= month_of(vietnam_day(db.clock())):
            ctx.refuse(
                f"Tháng {month} chưa hết. Xem số tạm tính: congvu statistics adoption --month {month}",
                f"{month} is not over. See it so far: congvu statistics adoption --month {month}",
            )
        by_unit, is_final = Books(ctx.settings).figures(db, month)
        if is_final:
            ctx.refuse(
                f"Số liệu tháng {month} đã chốt, không ghi lại. Xem: congvu statistics adoption --month {month}",
                f"{month} is kept already and stays as it is. See: congvu statistics adoption --month {month}",
            )
    with ctx.store.write() as uow:
        counting.keep(uow, month, by_unit)
    if ctx.json:
        ctx.give({"month": str(month), "units": len(by_unit)})
    ctx.say(f"Đã chốt tháng {month}: {len(by_unit)} đơn vị.", f"{month} is kept: {len(by_unit)} units.")


def _asked(
    ctx: CliContext,
    db: Reader,
    *,
    month: Month | None,
    under: str | None,
    tier: str | None,
    branch: str | None,
) -> Asked:
    today = vietnam_day(db.clock())
    root = None
    if under is not None:
        unit = repository.unit_by_code(db.conn, under, today)
        if unit is None:
            ctx.refuse(
                f"Không có đơn vị {under}. Xem: congvu unit list",
                f"There is no unit {under}. See: congvu unit list",
            )
        root = unit.id
    return Asked(
        month or month_of(today),
        root,
        None if tier is None else Tier(tier),
        None if branch is None else Branch(branch),
    )


def _refuse_month(ctx: CliContext, month: Month) -> None:
    ctx.refuse(f"Tháng {month} chưa đến.", f"{month} has not begun.")


def _show(ctx: CliContext, report: Report, language: str) -> None:
    console = Console()
    state = "" if report.is_final else ctx.text(" (tạm tính)", " (so far)")
    table = Table(
        BY[report.by][0 if ctx.vietnamese else 1], title=f"{report.month}{state}", title_justify="left"
    )
    for measure in SHOWN:
        table.add_column(label(measure, language), justify="right")
    for line in report.lines:
        shares = [_share(ctx, line.figures.ratio(measure)) for measure in SHOWN]
        table.add_row(key_name(line.key, line.name, language), *shares)
    table.add_section()
    table.add_row(
        ctx.text("Cộng", "Total"),
        *(_planned(ctx, report.total.ratio(measure), measure) for measure in SHOWN),
        style="bold",
    )
    console.print(table)
    if not report.has_calendar:
        ctx.say(
            "Chưa nhập lịch làm việc của năm này: ngày lễ tính như ngày làm việc. Nhập: congvu calendar import TỆP --yes",
            "The calendar of this year is not imported: holidays count as working days. Import it: congvu calendar import FILE --yes",
        )


def _share(ctx: CliContext, ratio: Ratio) -> str:
    if ratio.percent is None:
        return "–"
    percent = f"{ratio.percent:.1f}"
    return (
        f"{ratio.numerator}/{ratio.denominator} {percent.replace('.', ',') if ctx.vietnamese else percent} %"
    )


def _planned(ctx: CliContext, ratio: Ratio, measure: Measure) -> str:
    """`92 %, 115 % kế hoạch`."""
    plan = plan_of(ctx.settings.statistics, measure)
    of_plan = None if plan is None else ratio.of_plan(plan)
    if of_plan is None:
        return _share(ctx, ratio)
    return f"{_share(ctx, ratio)}, {of_plan:.0f} % {ctx.text('kế hoạch', 'of plan')}"


def _report_json(ctx: CliContext, report: Report) -> dict[str, Any]:
    def shares(figures: counting.Figures) -> dict[str, Any]:
        return {
            measure.value: _ratio_json(figures.ratio(measure), plan_of(ctx.settings.statistics, measure))
            for measure in Measure
        }

    return {
        "month": str(report.month),
        "by": report.by.value,
        "final": report.is_final,
        "calendar": report.has_calendar,
        "lines": [
            {
                "key": line.key,
                "name": line.name,
                "measures": shares(line.figures),
                "hours_to_open": line.figures.hours_to_open,
                "hours_to_answer": line.figures.hours_to_answer,
            }
            for line in report.lines
        ],
        "total": shares(report.total),
    }


def _ratio_json(ratio: Ratio, plan: int | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "numerator": ratio.numerator,
        "denominator": ratio.denominator,
        "percent": ratio.percent,
    }
    if plan is not None:
        shown |= {"plan": plan, "percent_of_plan": ratio.of_plan(plan)}
    return shown


def _rank_json(rank: Rank) -> dict[str, Any]:
    return {
        "place": rank.place,
        "last_year": rank.last_year,
        "code": rank.code,
        "name": rank.name,
        **_ratio_json(rank.ratio, None),
    }

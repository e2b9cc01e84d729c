"""`congvu statistics`: how far official mail is used, as a table, JSON or spreadsheet."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from directory.model import Branch, Tier, vietnam_day
from mailsvc.services import statistics as counting
from mailsvc.services.administration import statistics as acts
from mailsvc.services.statistics import Books, By, Measure, month_of, parse_month
from mailsvc.services.statistics.labels import BY, key_name, label

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.cli.context import CliContext
    from mailsvc.services.administration.statistics import Adoption, RankLine, Share
    from mailsvc.services.statistics import Month

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
    asked = acts.AskAdoption(by=By(by), months=months, **_asked(ctx, file, **narrowed))
    report = ctx.perform(acts.ADOPTION, asked)
    if file is not None:
        file.write_bytes(report.sheet)
    if ctx.json:
        ctx.give(_report_json(report))
        return
    _show(ctx, report)
    if file is not None:
        ctx.say(f"Đã ghi {file}.", f"Wrote {file}.")


@statistics.command("ranking")
@click.argument("measure", type=click.Choice([measure.value for measure in Measure]))
@_narrowed
@click.pass_obj
def ranking(ctx: CliContext, /, measure: str, file: Path | None, **narrowed: Any) -> None:
    """Xếp hạng đơn vị, kèm hạng cùng tháng năm trước / rank the units, with last year's place."""
    wanted = Measure(measure)
    found = ctx.perform(acts.RANKING, acts.AskRanking(measure=wanted, **_asked(ctx, file, **narrowed)))
    if file is not None:
        file.write_bytes(found.sheet)
    if ctx.json:
        ctx.give([_rank_json(rank) for rank in found.ranks])
        return
    table = Table(
        ctx.text("Hạng", "Place"),
        ctx.text("Năm trước", "Last year"),
        ctx.text("Đơn vị", "Unit"),
        label(wanted, _language(ctx)),
    )
    for rank in found.ranks:
        table.add_row(
            str(rank.place), str(rank.last_year or "–"), f"{rank.name} ({rank.code})", _share(ctx, rank.share)
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
    file: Path | None,
    *,
    month: Month | None,
    under: str | None,
    tier: str | None,
    branch: str | None,
) -> dict[str, Any]:
    return {
        "month": None if month is None else str(month),
        "under": under,
        "tier": None if tier is None else Tier(tier),
        "branch": None if branch is None else Branch(branch),
        "sheet": None if file is None else _language(ctx),
    }


def _language(ctx: CliContext) -> str:
    return "vi" if ctx.vietnamese else "en"


def _show(ctx: CliContext, report: Adoption) -> None:
    console, language = Console(), _language(ctx)
    state = "" if report.final else ctx.text(" (tạm tính)", " (so far)")
    table = Table(
        BY[report.by][0 if ctx.vietnamese else 1], title=f"{report.month}{state}", title_justify="left"
    )
    for measure in SHOWN:
        table.add_column(label(measure, language), justify="right")
    for line in report.lines:
        shares = [_share(ctx, line.measures[measure.value]) for measure in SHOWN]
        table.add_row(key_name(line.key, line.name, language), *shares)
    table.add_section()
    table.add_row(
        ctx.text("Cộng", "Total"),
        *(_planned(ctx, report.total[measure.value]) for measure in SHOWN),
        style="bold",
    )
    console.print(table)
    if not report.calendar:
        ctx.say(
            "Chưa nhập lịch làm việc của năm này: ngày lễ tính như ngày làm việc. Nhập: congvu calendar import TỆP --yes",
            "The calendar of this year is not imported: holidays count as working days. Import it: congvu calendar import FILE --yes",
        )


def _share(ctx: CliContext, share: Share) -> str:
    if share.percent is None:
        return "–"
    percent = f"{share.percent:.1f}"
    return (
        f"{share.numerator}/{share.denominator} {percent.replace('.', ',') if ctx.vietnamese else percent} %"
    )


def _planned(ctx: CliContext, share: Share) -> str:
    """`92 %, 115 % kế hoạch`."""
    if share.percent_of_plan is None:
        return _share(ctx, share)
    return f"{_share(ctx, share)}, {share.percent_of_plan:.0f} % {ctx.text('kế hoạch', 'of plan')}"


def _report_json(report: Adoption) -> dict[str, Any]:
    lines = [{**asdict(line), "measures": _shares_json(line.measures)} for line in report.lines]
    return {
        "month": report.month,
        "by": report.by.value,
        "final": report.final,
        "calendar": report.calendar,
        "lines": lines,
        "total": _shares_json(report.total),
    }


def _shares_json(shares: dict[str, Share]) -> dict[str, Any]:
    return {measure: _share_json(share) for measure, share in shares.items()}


def _share_json(share: Share) -> dict[str, Any]:
    shown = asdict(share)
    if share.plan is None:
        del shown["plan"], shown["percent_of_plan"]
    return shown


def _rank_json(rank: RankLine) -> dict[str, Any]:
    return {
        "place": rank.place,
        "last_year": rank.last_year,
        "code": rank.code,
        "name": rank.name,
        **_share_json(rank.share),
    }

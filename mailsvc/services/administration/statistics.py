"""Acts on statistics: how far official mail is used in the units that the administrator sees, and their ranking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Base64Bytes, Field, StringConstraints

from directory.model import Branch, Tier, vietnam_day
from directory.scope import Deed
from mailsvc.services import statistics as counting
from mailsvc.services.administration.act import Act, Code, Touches
from mailsvc.services.administration.finding import find_unit
from mailsvc.services.administration.refusal import ActRefused, Why
from mailsvc.services.statistics import Asked, Books, By, Measure, MonthAhead, month_of, parse_month
from mailsvc.services.statistics.labels import plan_of
from mailsvc.services.statistics.sheet import adoption_sheet, ranking_sheet

if TYPE_CHECKING:
    from mailsvc.services.administration.desk import Desk
    from mailsvc.services.statistics import Figures, Ratio
    from mailsvc.storage.unit_of_work import Reader

Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Months = Annotated[int, Field(ge=1, le=36)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Of which month (this one by default) and units; `sheet` asks for a spreadsheet in that language too."""

    month: Month | None = None
    under: Code | None = None
    tier: Tier | None = None
    branch: Branch | None = None
    sheet: Literal["vi", "en"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAdoption(Narrowed):
    """How lines are put together; by month, of how many."""

    by: By = By.UNIT
    months: Months = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRanking(Narrowed):
    """The measure by which units are ranked."""

    measure: Measure


@dataclass(frozen=True, slots=True)
class Share:
    """A share that can be checked, and where one is planned how much of the plan it is."""

    numerator: int
    denominator: int
    percent: float | None
    plan: int | None = None
    percent_of_plan: float | None = None


@dataclass(frozen=True, slots=True)
class AdoptionLine:
    """A unit, tier, branch or month."""

    key: str
    name: str
    measures: dict[str, Share]
    hours_to_open: float | None
    hours_to_answer: float | None


@dataclass(frozen=True, slots=True)
class Adoption:
    """The lines of a month, and all together; `calendar` says whether the year's was imported."""

    month: str
    by: By
    final: bool
    calendar: bool
    lines: list[AdoptionLine]
    total: dict[str, Share]
    sheet: Base64Bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class RankLine:
    """A unit's place, and that of the same month a year before."""

    place: int
    last_year: int | None
    code: str
    name: str
    share: Share


@dataclass(frozen=True, slots=True)
class Ranking:
    """The units, the best first."""

    month: str
    ranks: list[RankLine]
    sheet: Base64Bytes = field(default=b"", repr=False)


def _adoption(desk: Desk, asked: AskAdoption) -> Adoption:
    with desk.read() as db:
        about = _about(desk, db, asked)
        try:
            report = counting.adoption(
                db, desk.scope(db), about, asked.by, Books(desk.settings), months=asked.months
            )
        except MonthAhead as ahead:
            raise _not_begun(about) from ahead
    return Adoption(
        month=str(report.month),
        by=report.by,
        final=report.is_final,
        calendar=report.has_calendar,
        lines=[
            AdoptionLine(
                key=line.key,
                name=line.name,
                measures=_shares(desk, line.figures),
                hours_to_open=line.figures.hours_to_open,
                hours_to_answer=line.figures.hours_to_answer,
            )
            for line in report.lines
        ],
        total=_shares(desk, report.total),
        sheet=adoption_sheet(report, desk.settings.statistics, asked.sheet) if asked.sheet else b"",
    )


def _ranking(desk: Desk, asked: AskRanking) -> Ranking:
    with desk.read() as db:
        about = _about(desk, db, asked)
        try:
            ranks = counting.ranking(db, desk.scope(db), about, asked.measure, Books(desk.settings))
        except MonthAhead as ahead:
            raise _not_begun(about) from ahead
    month = str(about.month)
    return Ranking(
        month=month,
        ranks=[RankLine(one.place, one.last_year, one.code, one.name, _share(one.ratio)) for one in ranks],
        sheet=ranking_sheet(ranks, asked.measure, month, asked.sheet) if asked.sheet else b"",
    )


def _about(desk: Desk, db: Reader, asked: Narrowed) -> Asked:
    today = vietnam_day(db.clock())
    root = None if asked.under is None else find_unit(db, desk.scope(db), asked.under, today).id
    month = month_of(today) if asked.month is None else parse_month(asked.month)
    return Asked(month, root, asked.tier, asked.branch)


def _not_begun(about: Asked) -> ActRefused:
    return ActRefused(Why.INVALID, f"Tháng {about.month} chưa đến.", f"{about.month} has not begun.")


def _shares(desk: Desk, figures: Figures) -> dict[str, Share]:
    return {
        measure.value: _share(figures.ratio(measure), plan_of(desk.settings.statistics, measure))
        for measure in Measure
    }


def _share(ratio: Ratio, plan: int | None = None) -> Share:
    of_plan = None if plan is None else ratio.of_plan(plan)
    return Share(ratio.numerator, ratio.denominator, ratio.percent, plan, of_plan)


_IN = Touches.REPORT
ADOPTION = Act(
    "statistics.adoption", Deed.SEE, _IN, "GET", "/statistics/adoption",
    "Mức sử dụng thư công vụ", "How far official mail is used", AskAdoption, Adoption, _adoption,
)  # fmt: skip
RANKING = Act(
    "statistics.ranking", Deed.SEE, _IN, "GET", "/statistics/ranking/{measure}",
    "Xếp hạng đơn vị", "Units ranked", AskRanking, Ranking, _ranking,
)  # fmt: skip
ACTS = (ADOPTION, RANKING)

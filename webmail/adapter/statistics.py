"""The page of statistics over the services, within the scope of who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.model import Branch, Tier, vietnam_day
from directory.repository.units import unit_by_code
from directory.scope import Deed, OutOfScopeError, scope_of
from mailsvc.model.errors import NotPermitted
from mailsvc.model.ids import AccountId
from mailsvc.services import statistics
from mailsvc.services.statistics import Asked, Books, By, Measure, month_of, parse_month
from mailsvc.services.statistics.labels import key_name, label, plan_of
from mailsvc.services.statistics.sheet import adoption_sheet
from webmail.statistics.port import Bar, Choice, Option, Share, StatisticsPage

if TYPE_CHECKING:
    from config.settings import Settings
    from directory.scope import Scope
    from mailsvc.services.open_store import Store
    from mailsvc.services.statistics import Ratio, Report
    from mailsvc.storage.unit_of_work import Reader
    from webmail.ports import Viewer

COUNTED_SECONDS = 600
MONTHS = 13
MAX_BARS = 300


class ServiceStatistics:
    """Figures as the page sees them."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._books = Books(settings, seconds=COUNTED_SECONDS)

    def may_see(self, viewer: Viewer) -> bool:
        """Whether this person administers anything."""
        with self._store.read() as db:
            return self._scope(db, viewer).has(Deed.SEE)

    def page(self, viewer: Viewer, choice: Choice, language: str) -> StatisticsPage:
        """All of the page."""
        by, measure = By(choice.by or "unit"), Measure(choice.measure or "regular")
        if by is By.MONTH:
            raise ValueError(choice.by)
        with self._store.read() as db:
            scope = self._scope(db, viewer)
            asked = self._asked(db, scope, choice)
            report = self._report(db, scope, asked, by)
            bars = self._bars(db, scope, asked, report, measure, language)
            series = statistics.adoption(db, scope, asked, By.MONTH, self._books, months=MONTHS)
            units = self._units(db, scope, asked)
            is_now = asked.month == month_of(vietnam_day(db.clock()))
        return StatisticsPage(
            month=str(asked.month),
            previous=str(asked.month.plus(-1)),
            next="" if is_now else str(asked.month.plus(1)),
            is_final=report.is_final,
            has_calendar=report.has_calendar,
            chosen=Choice(
                str(asked.month), by.value, measure.value, choice.under, choice.tier, choice.branch
            ),
            shares=tuple(self._share(report.total.ratio(one), one, language) for one in Measure),
            hours_to_open=report.total.hours_to_open,
            hours_to_answer=report.total.hours_to_answer,
            bars=bars,
            months=tuple(
                Bar(line.name, line.key, self._share(line.figures.ratio(measure), measure, language))
                for line in series.lines
            ),
            units=units,
            measures=tuple(Option(one.value, label(one, language)) for one in Measure),
        )

    def sheet(self, viewer: Viewer, choice: Choice, language: str) -> bytes:
        """The lines of the page as a spreadsheet."""
        with self._store.read() as db:
            scope = self._scope(db, viewer)
            report = self._report(db, scope, self._asked(db, scope, choice), By(choice.by or "unit"))
        return adoption_sheet(report, self._settings.statistics, language)

    def _scope(self, db: Reader, viewer: Viewer) -> Scope:
        return scope_of(db.conn, AccountId(viewer.account_id), vietnam_day(db.clock()))

    def _report(self, db: Reader, scope: Scope, asked: Asked, by: By) -> Report:
        try:
            return statistics.adoption(db, scope, asked, by, self._books)
        except OutOfScopeError as refused:
            raise NotPermitted(refused.what) from refused

    @staticmethod
    def _asked(db: Reader, scope: Scope, choice: Choice) -> Asked:
        today = vietnam_day(db.clock())
        under = None
        if choice.under:
            unit = unit_by_code(db.conn, choice.under, today)
            if unit is None or not scope.may(Deed.SEE, unit.id):
                raise NotPermitted(choice.under)  # that it exists is not told either
            under = unit.id
        return Asked(
            parse_month(choice.month) if choice.month else month_of(today),
            under,
            Tier(choice.tier) if choice.tier else None,
            Branch(choice.branch) if choice.branch else None,
        )

    def _bars(
        self, db: Reader, scope: Scope, asked: Asked, report: Report, measure: Measure, language: str
    ) -> tuple[Bar, ...]:
        if report.by is not By.UNIT:
            return tuple(
                Bar(
                    key_name(line.key, line.name, language),
                    line.key,
                    self._share(line.figures.ratio(measure), measure, language),
                )
                for line in report.lines
            )
        ranks = statistics.ranking(db, scope, asked, measure, self._books)[:MAX_BARS]
        return tuple(
            Bar(rank.name, rank.code, self._share(rank.ratio, measure, language), rank.place, rank.last_year)
            for rank in ranks
        )

    def _units(self, db: Reader, scope: Scope, asked: Asked) -> tuple[Option, ...]:
        every = statistics.adoption(db, scope, Asked(asked.month), By.UNIT, self._books)
        return tuple(Option(line.key, line.name) for line in every.lines)

    def _share(self, ratio: Ratio, measure: Measure, language: str) -> Share:
        plan = plan_of(self._settings.statistics, measure)
        return Share(
            measure=measure.value,
            label=label(measure, language),
            numerator=ratio.numerator,
            denominator=ratio.denominator,
            percent=ratio.percent,
            plan=plan,
            of_plan=None if plan is None else ratio.of_plan(plan),
            is_octets=measure is Measure.QUOTA,
        )

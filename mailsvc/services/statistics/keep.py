"""Months that are over are kept as they were counted: what is merged or archived later does not rewrite them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from directory.model import UnitId, vietnam_day
from mailsvc.services.statistics.figures import figures_of
from mailsvc.services.statistics.gather import Gatherer
from mailsvc.services.statistics.month import begin_of, month_of
from mailsvc.storage.tables import adoption_months, unit_letters, usage_days

if TYPE_CHECKING:
    from config.settings import Settings
    from mailsvc.services.statistics.figures import Figures
    from mailsvc.services.statistics.month import Month
    from mailsvc.storage.unit_of_work import Reader, UnitOfWork

ByUnit = dict[UnitId, "Figures"]
MAX_COUNTED = 40
KEPT_MONTHS = 13
DAYS_TO_SETTLE = 3
"""Letters of a month's last days are opened in the next one: a month is kept some days after its end."""


def kept(db: Reader, month: Month) -> ByUnit:
    """The figures of a month as they were kept; empty if it was not."""
    query = select(adoption_months.c.unit_id, adoption_months.c.figures).where(
        adoption_months.c.month == str(month)
    )
    return {UnitId(row[0]): figures_of(json.loads(row[1])) for row in db.conn.execute(query)}


class Books:
    """The figures of months: kept ones, and those of months that go on, which are counted anew after a while only."""

    def __init__(self, settings: Settings, *, seconds: int = 0) -> None:
        self._settings = settings
        self._seconds = seconds
        self._counted: dict[Month, tuple[int, ByUnit]] = {}

    def figures(self, db: Reader, month: Month) -> tuple[ByUnit, bool]:
        """The figures of a month by unit, and whether they are final."""
        known = kept(db, month)
        if known:
            return known, True
        now = db.clock()
        at, counted = self._counted.get(month, (0, {}))
        if not counted or now - at >= self._seconds:
            counted = Gatherer(db, month, self._settings.statistics, self._settings.calendar).by_unit()
            if len(self._counted) >= MAX_COUNTED:
                self._counted.clear()
            self._counted[month] = (now, counted)
        return counted, False


def due(db: Reader) -> Month | None:
    """The month that is over and has yet to be kept, if there is one."""
    today = vietnam_day(db.clock())
    last = month_of(today).plus(-1)
    if (today - last.last).days < DAYS_TO_SETTLE or kept(db, last):
        return None
    return last


def forget_some(uow: UnitOfWork) -> bool:
    """Forget the oldest day of use that is past `KEPT_MONTHS`, and unit letters as old; whether there may be more.

    Who used which box when is kept no longer than last year's places need it; the months themselves stay.
    """
    month = month_of(vietnam_day(uow.clock())).plus(-KEPT_MONTHS)
    oldest = uow.conn.execute(select(func.min(usage_days.c.day))).scalar()
    if oldest is None or oldest >= month.first.isoformat():
        return False
    uow.conn.execute(delete(usage_days).where(usage_days.c.day == oldest))
    ends = begin_of(date.fromisoformat(oldest) + timedelta(days=1))
    uow.conn.execute(delete(unit_letters).where(unit_letters.c.received_at < ends))
    return True


def keep(uow: UnitOfWork, month: Month, by_unit: ByUnit) -> None:
    """Keep a month; counted anew, it replaces what was kept."""
    uow.conn.execute(delete(adoption_months).where(adoption_months.c.month == str(month)))
    rows = [
        {
            "month": str(month),
            "unit_id": unit_id,
            "figures": json.dumps(one.to_json()),
            "frozen_at": uow.clock(),
        }
        for unit_id, one in by_unit.items()
    ]
    if rows:
        uow.conn.execute(insert(adoption_months), rows)

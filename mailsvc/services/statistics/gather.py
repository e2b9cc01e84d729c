"""Counting a month from what is there: accounts, days of use, letters of units, quotas. Reads only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, union

from config.settings import office_spans
from directory.calendar import WorkClock, calendar_of
from directory.model import AccountKind, AccountState, vietnam_day
from directory.repository import units as directory_units
from directory.tables import absences, accounts, departures
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services.statistics.figures import Figures
from mailsvc.services.usage import UsageBit
from mailsvc.storage.tables import boxes, entries, expunged, mailboxes, unit_letters, usage_days

if TYPE_CHECKING:
    from collections.abc import Iterable

    from config.settings import CalendarSettings, StatisticsSettings
    from directory.model import UnitId
    from mailsvc.services.statistics.month import Month
    from mailsvc.storage.unit_of_work import Reader

USED = UsageBit.READ | UsageBit.SENT
SHARED = (AccountKind.UNIT.value, AccountKind.POST.value)
COUNTED = (AccountKind.PERSONAL.value, *SHARED)
NOT_RECEIVED = (SpecialUse.SENT.value, SpecialUse.DRAFTS.value, SpecialUse.JUNK.value)
Row = tuple[Any, ...]
_u, _l, _e, _x, _b = usage_days.c, unit_letters.c, entries.c, expunged.c, mailboxes.c


@dataclass(frozen=True, slots=True)
class _Box:
    account_id: int
    kind: str
    unit_id: int
    person_id: int | None
    created_on: date
    last_login_at: int | None
    quota: int
    used: int
    left_on: date | None


class Gatherer:
    """Counts one month up to today; make one for each month."""

    def __init__(
        self, db: Reader, month: Month, settings: StatisticsSettings, calendar: CalendarSettings
    ) -> None:
        self._db = db
        self._month = month
        self._settings = settings
        self._hours = office_spans(calendar.working_hours)
        today = vietnam_day(db.clock())
        self._last = min(month.last, today)
        self._calendar = calendar_of(db.conn, month.first, self._last)
        self._answers = calendar_of(db.conn, month.first, today)
        """Letters of a month may be opened after it."""

    def by_unit(self) -> dict[UnitId, Figures]:
        """The figures of every unit that is there at the end of the month, its own boxes only."""
        found: dict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        units = {unit.id: unit for unit in directory_units.units_on(self._db.conn, self._last)}
        boxes_ = [box for box in self._boxes() if box.unit_id in units]
        unit_of = {box.account_id: box.unit_id for box in boxes_}
        self._count_people(found, boxes_)
        self._count_boxes(found, boxes_)
        for account, sent, inside in self._sent():
            if account in unit_of:
                found[unit_of[account]]["sent"] += sent
                found[unit_of[account]]["sent_inside"] += inside
        self._count_letters(found, unit_of)
        result: dict[UnitId, Figures] = {}
        for unit_id, unit in units.items():
            counts = found[unit_id]
            if unit.headcount is not None:
                counts["headcount"] = unit.headcount
                counts["staffed"] = counts["provisioned"]
            result[unit_id] = Figures(**counts)
        return result

    # -- people

    def _boxes(self) -> list[_Box]:
        """Boxes that were there at the end of the month, or are there now."""
        ends = self._month.ends
        query = (
            select(
                accounts.c.id,
                accounts.c.kind,
                accounts.c.unit_id,
                accounts.c.person_id,
                accounts.c.created_at,
                accounts.c.last_login_at,
                accounts.c.quota_octets,
                func.coalesce(boxes.c.octets, 0),
                departures.c.left_on,
            )
            .outerjoin(boxes, boxes.c.account_id == accounts.c.id)
            .outerjoin(departures, departures.c.account_id == accounts.c.id)
            .where(
                accounts.c.kind.in_(COUNTED),
                accounts.c.unit_id.is_not(None),
                accounts.c.created_at < ends,
                or_(accounts.c.state != AccountState.ARCHIVED.value, accounts.c.archived_at >= ends),
            )
        )
        return [
            _Box(
                *row[:4],
                created_on=vietnam_day(row[4]),
                last_login_at=row[5],
                quota=row[6],
                used=row[7],
                left_on=None if row[8] is None else date.fromisoformat(row[8]),
            )
            for row in self._db.conn.execute(query)
        ]

    def _count_people(self, found: dict[int, defaultdict[str, int]], listed: Iterable[_Box]) -> None:
        used, away = self._days_used(), self._days_away()
        for box in listed:
            if box.kind != AccountKind.PERSONAL.value or (box.left_on and box.left_on <= self._month.first):
                continue
            counts = found[box.unit_id]
            counts["provisioned"] += 1
            counts["activated"] += box.last_login_at is not None
            off = away.get(box.person_id or 0, set())
            expected = [
                day
                for day in self._calendar.working_days()
                if day >= box.created_on and day not in off and not (box.left_on and day >= box.left_on)
            ]
            if not expected:
                continue
            counts["expected"] += 1
            days = used.get(box.account_id, set())
            there = sum(day in days for day in expected)
            counts["regular"] += 100 * there >= self._settings.regular_percent * len(expected)

    def _days_used(self) -> dict[int, set[date]]:
        """The days on which each person read or sent, in whatever box."""
        query = (
            select(_u.viewer_id, _u.day)
            .where(
                _u.day >= self._calendar.first.isoformat(),
                _u.day <= self._calendar.last.isoformat(),
                _u.bits.op("&")(int(USED)) != 0,
            )
            .distinct()
        )
        days = {day.isoformat(): day for day in self._calendar.working_days()}
        found: dict[int, set[date]] = {}
        for viewer, text in self._db.conn.execute(query):
            if text in days:
                found.setdefault(viewer, set()).add(days[text])
        return found

    def _days_away(self) -> dict[int, set[date]]:
        """Leave, by person: days that nobody expects them."""
        first, last = self._calendar.first.isoformat(), self._calendar.last.isoformat()
        query = select(absences.c.person_id, absences.c.valid_from, absences.c.valid_to).where(
            absences.c.valid_from <= last, or_(absences.c.valid_to.is_(None), absences.c.valid_to > first)
        )
        days = [(day, day.isoformat()) for day in self._calendar.working_days()]
        found: dict[int, set[date]] = {}
        for person, begins, ends in self._db.conn.execute(query):
            off = {day for day, text in days if begins <= text and (ends is None or text < ends)}
            found.setdefault(person, set()).update(off)
        return found

    # -- boxes

    def _count_boxes(self, found: dict[int, defaultdict[str, int]], listed: Iterable[_Box]) -> None:
        since = self._last - timedelta(days=self._settings.dormant_days)
        alive = self._alive(since)
        for box in listed:
            counts = found[box.unit_id]
            counts["quota_promised"] += box.quota
            counts["quota_used"] += box.used
            if box.created_on > since or (box.left_on and box.left_on <= self._last):
                continue  # too new to tell, or nobody's
            counts["boxes"] += 1
            signed_in = box.last_login_at is not None and vietnam_day(box.last_login_at) >= since
            counts["dormant"] += box.account_id not in alive and not signed_in

    def _alive(self, since: date) -> set[int]:
        span = (_u.day >= since.isoformat(), _u.day <= self._last.isoformat())
        query = select(_u.account_id).where(*span).distinct()
        return {row[0] for row in self._db.conn.execute(query)}

    # -- letters

    def _sent(self) -> list[Row]:
        query = (
            select(_u.account_id, func.sum(_u.sent), func.sum(_u.sent_inside))
            .where(
                _u.day >= self._month.first.isoformat(), _u.day <= self._month.last.isoformat(), _u.sent > 0
            )
            .group_by(_u.account_id)
        )
        return [(row[0], int(row[1]), int(row[2])) for row in self._db.conn.execute(query)]

    def _count_letters(self, found: dict[int, defaultdict[str, int]], unit_of: dict[int, int]) -> None:
        for account, count in self._received():
            if account in unit_of:
                found[unit_of[account]]["received"] += count
        clock = WorkClock(self._answers, self._hours)
        limit = self._settings.prompt_hours * 3600
        query = select(_l.account_id, _l.received_at, _l.opened_at, _l.answered_at).where(
            _l.received_at >= self._month.begins, _l.received_at < self._month.ends
        )
        for account, received, opened, answered in self._db.conn.execute(query):
            if account not in unit_of:
                continue
            counts = found[unit_of[account]]
            # Who answers a letter has opened it, whatever the client told.
            seen = min(at for at in (opened, answered) if at is not None)
            waited = clock.between(received, seen)
            counts["opened"] += 1
            counts["opened_seconds"] += waited
            counts["prompt"] += waited <= limit
            if answered is not None:
                counts["answered"] += 1
                counts["answered_seconds"] += clock.between(received, answered)

    def _received(self) -> list[Row]:
        """Letters that came to each shared box, each once: there still, deleted and recoverable, or handled and gone."""
        span = (self._month.begins, self._month.ends - 1)
        incoming = and_(
            accounts.c.kind.in_(SHARED),
            or_(_b.special_use.is_(None), _b.special_use.not_in(NOT_RECEIVED)),
        )
        held = (
            select(_b.account_id.label("account"), _e.message_id.label("message"))
            .join(entries, _e.mailbox_id == _b.id)
            .join(accounts, accounts.c.id == _b.account_id)
            .where(incoming, _e.internal_date.between(*span))
        )
        deleted = (
            select(_b.account_id, _x.message_id)
            .join(expunged, _x.mailbox_id == _b.id)
            .join(accounts, accounts.c.id == _b.account_id)
            .where(incoming, _x.internal_date.between(*span), _x.message_id.is_not(None))
        )
        handled = select(_l.account_id, _l.message_id).where(_l.received_at.between(*span))
        letters = union(held, deleted, handled).subquery()
        query = select(letters.c.account, func.count()).group_by(letters.c.account)
        return [(row[0], int(row[1])) for row in self._db.conn.execute(query)]

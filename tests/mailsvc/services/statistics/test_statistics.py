"""Every share has its numerator and denominator; polling, leave and other branches stay out of it."""

from datetime import date

import pytest
from sqlalchemy import delete, insert, select, update

from directory.model import AdminRole, Branch, Right, Tier
from directory.repository import delegations
from directory.repository.units import units_on
from directory.scope import NOBODY, SERVER, OutOfScopeError
from directory.tables import absences, accounts, unit_versions
from mailsvc.model.flags import SEEN
from mailsvc.services import letters, statistics
from mailsvc.services.letters import FlagChange
from mailsvc.services.statistics import Asked, Books, By, Figures, Measure, Month, Ratio
from mailsvc.services.usage import UsageBit
from mailsvc.storage import usage
from mailsvc.storage.tables import unit_letters, usage_days
from tests.mailsvc.services.statistics.conftest import WORKED, both_databases, instant, october
from tests.support.mail import deliver, inbox, letter, principal

OCTOBER = Month(2026, 10)


def report(province, by=By.UNIT, scope=SERVER, month=OCTOBER, **asked):
    with province.store.read() as db:
        return statistics.adoption(db, scope, Asked(month, **asked), by, Books(province.settings))


def line(found, key):
    return next(one.figures for one in found.lines if one.key == key)


def rank(province, measure, scope=SERVER, month=OCTOBER, **asked):
    with province.store.read() as db:
        return statistics.ranking(db, scope, Asked(month, **asked), measure, Books(province.settings))


def keep(province, month):
    with province.store.read() as db:
        by_unit, _ = Books(province.settings).figures(db, month)
    with province.store.write() as uow:
        statistics.keep(uow, month, by_unit)


def test_a_share_says_what_it_is_a_share_of():
    assert Ratio(92, 100).percent == 92
    assert Ratio(92, 100).of_plan(80) == pytest.approx(115)
    assert Ratio(0, 0).percent is None
    assert (Figures(sent=3) + Figures(sent=4, boxes=1)).to_json()["sent"] == 7


def test_provisioned_is_counted_only_where_the_headcount_is_known(province):
    found = report(province)
    assert line(found, "UB").ratio(Measure.PROVISIONED) == Ratio(2, 4)
    assert line(found, "LAC").ratio(Measure.PROVISIONED) == Ratio(0, 0)
    assert found.total.ratio(Measure.PROVISIONED) == Ratio(4, 7)
    assert (found.has_calendar, found.is_final) == (True, False)


@both_databases
def test_regular_use_is_four_days_in_five_of_the_working_days(province):
    province.uses("an", *WORKED[:18])  # 18 of 22 are 82 %
    province.uses("binh", *WORKED[:17])  # 77 %
    province.uses("chi", *WORKED, bits=UsageBit.SIGNED_IN)  # polling is no use
    province.uses("dung", *october(3, 4, 11, 17, 18, 24, 25, 31, 1))  # weekends and a holiday
    found = report(province)
    assert line(found, "UB").ratio(Measure.REGULAR) == Ratio(1, 2)
    assert found.total.ratio(Measure.REGULAR) == Ratio(1, 5)


@both_databases
def test_leave_is_neither_expected_nor_missed(province):
    province.uses("an", *WORKED[:5])
    with province.store.write() as uow:
        away = {"person_id": province.person("an"), "kind": "leave", "valid_to": None}
        uow.conn.execute(insert(absences), [{**away, "valid_from": WORKED[5].isoformat()}])
        gone = {"person_id": province.person("binh"), "kind": "maternity", "valid_to": "2026-12-01"}
        uow.conn.execute(insert(absences), [{**gone, "valid_from": "2026-09-01"}])
    assert line(report(province), "UB").ratio(Measure.REGULAR) == Ratio(1, 1)


def test_reading_a_unit_s_box_is_use_of_its_reader(province):
    me, unit = province.id("chi"), province.id("daron")
    with province.store.write() as uow:
        usage.add(uow, [(day.isoformat(), unit, me, int(UsageBit.READ)) for day in WORKED])
    found = line(report(province), "DAR")
    assert found.ratio(Measure.REGULAR) == Ratio(1, 1)
    assert found.ratio(Measure.DORMANT) == Ratio(1, 2)  # the box is read, her own is not


def test_who_never_signed_in_is_not_activated(province):
    province.signed_in("an", instant(date(2026, 10, 5)))
    assert line(report(province), "UB").ratio(Measure.ACTIVATED) == Ratio(1, 2)


def test_who_came_in_the_month_is_expected_from_then_on(province):
    with province.store.write() as uow:
        uow.conn.execute(
            update(accounts)
            .where(accounts.c.id == province.id("an"))
            .values(created_at=instant(WORKED[-2], 8))
        )
    province.uses("an", *WORKED[-2:])
    assert line(report(province), "UB").ratio(Measure.REGULAR) == Ratio(1, 2)


@both_databases
def test_a_unit_s_letters_are_counted_as_received_opened_in_time_and_answered(province):
    unit, chi = province.id("daron"), province.id("chi")
    with province.store.write() as uow:
        delegations.grant(uow.conn, unit, chi, Right.READ | Right.ACT | Right.SEND_AS, 0)
    who = principal(chi, "chi")
    for number, hour in enumerate((8, 9, 18), 1):
        province.store.clock.now = instant(date(2026, 10, 5), hour)
        deliver(province.store, letter(number), unit, local="daron")
    province.store.clock.now = instant(date(2026, 10, 6), 8.5)  # the third came at night: one working hour
    with province.store.write() as uow:
        place = inbox(uow, who, unit)
        letters.store_flags(uow, place, [(3, 3)], FlagChange.ADD, SEEN)
        usage.answered(uow, unit, chi, "<3@lamdong.example>")
    province.store.clock.now = instant(date(2026, 10, 8))
    with province.store.write() as uow:
        place = inbox(uow, who, unit)
        letters.store_flags(uow, place, [(1, 1)], FlagChange.ADD, SEEN)
        letters.expunge(uow, place, [(1, 2)])
    found = line(report(province), "DAR")
    assert found.ratio(Measure.OPENED) == Ratio(
        2, 3
    )  # a letter that nobody opened and somebody deleted counts
    assert found.ratio(Measure.PROMPT) == Ratio(1, 3)
    assert found.ratio(Measure.ANSWERED) == Ratio(1, 3)
    assert found.hours_to_answer == 1
    assert found.hours_to_open == pytest.approx((1 + 3 * 7.5 + 1) / 2)


def test_letters_that_stay_inside_are_a_share_of_those_sent(province):
    me = province.id("an")
    with province.store.write() as uow:
        for inside in (True, True, False):
            usage.add_sent(uow, "2026-10-05", me, me, int(UsageBit.SENT), inside=inside)
    assert report(province).total.ratio(Measure.INSIDE) == Ratio(2, 3)


@both_databases
def test_quota_is_promised_and_used(province):
    deliver(province.store, letter(1), province.id("chi"), local="chi")
    used = line(report(province), "DAR").ratio(Measure.QUOTA)
    assert used.denominator == (4 + 10) << 30
    assert 0 < used.numerator < 2000


def test_lines_are_put_together_by_tier_and_branch_and_narrowed(province):
    assert [(one.key, one.figures.provisioned) for one in report(province, By.TIER).lines] == [
        ("province", 3),
        ("commune", 2),
    ]
    assert {one.key: one.figures.provisioned for one in report(province, By.BRANCH).lines} == {
        "party": 1,
        "state": 4,
    }
    assert {one.key for one in report(province, tier=Tier.COMMUNE).lines} == {"DAR", "LAC"}
    assert {one.key for one in report(province, branch=Branch.PARTY).lines} == {"TU"}


@both_databases
@pytest.mark.parametrize("role", [AdminRole.UNIT, AdminRole.AUDITOR])
def test_an_administrator_sees_the_subtree_and_never_the_party(province, role):
    assert {one.key for one in report(province, scope=province.administers("an", "UB", role)).lines} == {
        "UB",
        "DAR",
        "LAC",
    }
    assert {one.key for one in report(province, scope=province.administers("chi", "DAR", role)).lines} == {
        "DAR"
    }
    assert report(province, scope=NOBODY).lines == ()
    assert [
        one.code for one in rank(province, Measure.ACTIVATED, province.administers("ha", "TU", role))
    ] == ["TU"]


def test_what_is_out_of_scope_cannot_be_asked_for(province):
    with province.store.read() as db:
        party = next(unit for unit in units_on(db.conn, date(2026, 11, 2)) if unit.code == "TU")
    with pytest.raises(OutOfScopeError):
        report(province, scope=province.administers("an", "UB"), under=party.id)


@both_databases
def test_a_month_that_was_kept_stays_as_it_was(province):
    province.uses("an", *WORKED)
    keep(province, OCTOBER)
    with province.store.write() as uow:
        uow.conn.execute(delete(usage_days))
        uow.conn.execute(update(unit_versions).values(headcount=1))
    found = report(province)
    assert found.is_final
    assert line(found, "UB").ratio(Measure.REGULAR) == Ratio(1, 2)
    assert line(found, "UB").headcount == 4


def test_a_month_is_due_some_days_after_its_end_and_once(province):
    def due(day):
        province.store.clock.now = instant(day)
        with province.store.read() as db:
            return statistics.due(db)

    assert due(date(2026, 11, 1)) is None
    assert due(date(2026, 11, 3)) == OCTOBER
    keep(province, OCTOBER)
    assert due(date(2026, 11, 3)) is None


def test_a_month_that_has_not_begun_is_refused(province):
    with pytest.raises(statistics.MonthAhead):
        report(province, month=Month(2026, 12))


def test_months_that_were_never_kept_are_left_out_of_the_series(province):
    keep(province, Month(2026, 9))
    found = report(province, By.MONTH)
    assert [one.key for one in found.lines] == ["2026-09", "2026-10"]


def test_units_are_ranked_with_last_year_s_place_and_equals_share_one(province):
    province.uses("an", *WORKED)
    province.uses("dung", *WORKED)
    with province.store.write() as uow:
        kept = {unit.id: unit for unit in units_on(uow.conn, date(2026, 11, 2))}
        by_code = {unit.code: unit.id for unit in kept.values()}
        last = {"UB": Figures(regular=2, expected=2), "LAC": Figures(regular=0, expected=1)}
        statistics.keep(uow, Month(2025, 10), {by_code[code]: one for code, one in last.items()})
        uow.conn.execute(update(unit_versions).values(valid_from="2025-01-01"))
    found = rank(province, Measure.REGULAR)
    assert {(one.place, one.code, one.last_year) for one in found} == {
        (1, "LAC", 2),
        (2, "UB", 1),
        (3, "DAR", None),
        (3, "TU", None),
    }


def test_of_dormant_boxes_the_fewest_rank_first(province):
    province.uses("ha", date(2026, 10, 30))
    assert rank(province, Measure.DORMANT)[0].code == "TU"


@pytest.mark.parametrize("text", ["2026-10", "10/2026", " 2026-10 "])
def test_months_are_written_in_both_ways(text):
    assert statistics.parse_month(text) == OCTOBER


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "00/2026", "2026-10-01", "٢٠٢٦-10"])
def test_anything_else_is_no_month(text):
    with pytest.raises(ValueError):
        statistics.parse_month(text)


def test_a_month_that_goes_on_is_counted_anew_after_a_while_only(province):
    books = Books(province.settings, seconds=600)

    def regular():
        with province.store.read() as db:
            found = statistics.adoption(db, SERVER, Asked(OCTOBER), By.TIER, books)
        return found.total.regular

    assert regular() == 0
    province.uses("an", *WORKED)
    assert regular() == 0
    province.store.clock.now += 600
    assert regular() == 1


def test_who_used_what_when_is_forgotten_after_thirteen_months(province):
    old, new = date(2025, 9, 30), date(2025, 10, 1)
    province.uses("an", date(2025, 9, 29), old, new)
    rows = [
        {"account_id": 1, "message_id": at, "received_at": instant(day)} for at, day in ((1, old), (2, new))
    ]
    with province.store.write() as uow:
        uow.conn.execute(insert(unit_letters), rows)
        while statistics.forget_some(uow):
            pass
        assert uow.conn.execute(select(usage_days.c.day)).scalars().all() == [new.isoformat()]
        assert uow.conn.execute(select(unit_letters.c.message_id)).scalars().all() == [2]

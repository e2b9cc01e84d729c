"""The calendar of a year comes as a file; what cannot be read is refused with its line."""

from datetime import date

import pytest
from sqlalchemy import select

from directory import audit
from directory.calendar import DayKind, listed_days
from directory.calendar.importing import plan_calendar, read_calendar, replace_calendar
from directory.provision.faults import Fault
from directory.scope import NOBODY, SERVER, OutOfScopeError
from directory.tables import working_calendar
from tests.directory.conftest import NOW

FILE = """day,kind,name
2026-01-01,holiday,Tết Dương lịch
14/02/2026,làm bù,Làm bù Tết
2026-02-16,Nghỉ Tết,Tết Bính Ngọ
"""


def imported(conn, text, scope=SERVER):
    plan = plan_calendar(conn, read_calendar(text.encode()))
    replace_calendar(conn, scope, plan, actor="test", at=NOW)
    return plan


def test_days_are_read_in_both_ways_of_writing_and_both_languages(conn):
    plan = imported(conn, FILE)
    assert (plan.added, plan.removed, plan.years) == (3, 0, (2026,))
    assert [one.kind for one in listed_days(conn, date(2026, 1, 1), date(2026, 12, 31))] == [
        DayKind.HOLIDAY,
        DayKind.WORKING_SATURDAY,
        DayKind.HOLIDAY,
    ]
    assert audit.lines(conn, limit=1)[0].act == "calendar.import"


def test_the_same_file_again_changes_nothing_and_a_new_one_replaces_its_years_only(conn):
    imported(conn, FILE)
    imported(conn, "day,kind,name\n2025-09-02,holiday,Quốc khánh\n")
    assert plan_calendar(conn, read_calendar(FILE.encode())).changes_nothing
    plan = imported(conn, "day,kind,name\n2026-04-30,holiday,Ngày Chiến thắng\n")
    assert (plan.added, plan.removed) == (1, 3)
    assert conn.execute(select(working_calendar.c.day).order_by(working_calendar.c.day)).scalars().all() == [
        "2025-09-02",
        "2026-04-30",
    ]


@pytest.mark.parametrize(
    ("line", "field", "fault"),
    [
        ("2026-02-30,holiday,Không có", "day", Fault.BAD_DATE),
        (",holiday,Trống", "day", Fault.EMPTY),
        ("2026-01-02,sick,Ốm", "kind", Fault.BAD_CHOICE),
        ("2026-01-02,holiday,", "name", Fault.EMPTY),
        ("2026-01-02,holiday,=HYPERLINK(1)", "name", Fault.FORMULA),
        ("2026-01-02,working_saturday,Thứ Sáu", "day", Fault.NOT_WEEKEND),
        ("2026-01-01,holiday,Hai lần", "day", Fault.DUPLICATE),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_with_its_place(line, field, fault):
    sheet = read_calendar(f"day,kind,name\n2026-01-01,holiday,Tết\n{line}\n".encode())
    assert [(one.line, one.field, one.fault) for one in sheet.refused] == [(3, field, fault)]


def test_only_the_province_sets_the_calendar(conn):
    with pytest.raises(OutOfScopeError):
        imported(conn, FILE, NOBODY)


def test_nothing_is_written_while_a_line_is_refused(conn):
    plan = plan_calendar(conn, read_calendar(b"day,kind,name\n2026-13-01,holiday,x\n"))
    with pytest.raises(ValueError, match="refused"):
        replace_calendar(conn, SERVER, plan, actor="test", at=NOW)

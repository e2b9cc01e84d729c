import pytest
from sqlalchemy import Connection, delete, update

from directory import audit
from directory.tables import audit as table


@pytest.fixture
def written(empty: Connection) -> Connection:
    for number in range(1, 6):
        audit.record(
            empty, "admin", "account.lock", f"account:{number}", {"reason": "nghỉ hưu"}, 1000 + number
        )
    return empty


def test_an_untouched_log_holds_together(written: Connection) -> None:
    report = audit.verify(written)
    assert report.clean
    assert report.lines == 5


def test_an_empty_log_holds_together(empty: Connection) -> None:
    assert audit.verify(empty).clean


@pytest.mark.parametrize("column", ["actor", "act", "subject", "detail"])
def test_a_changed_line_is_named(written: Connection, column: str) -> None:
    written.execute(update(table).where(table.c.sequence == 3).values({column: "x"}))
    assert audit.verify(written).fault_at == 3


def test_a_missing_line_is_named(written: Connection) -> None:
    written.execute(delete(table).where(table.c.sequence == 2))
    assert audit.verify(written).fault_at == 2


def test_lines_cut_off_at_the_end_show_against_an_earlier_report(written: Connection) -> None:
    before = audit.verify(written)
    written.execute(delete(table).where(table.c.sequence == 5))
    assert audit.verify(written).clean
    after = audit.verify(written, expected_lines=before.lines, expected_head=before.head)
    assert after.fault_at == 5


def test_lines_are_read_newest_first(written: Connection) -> None:
    assert [line.sequence for line in audit.lines(written, limit=2)] == [5, 4]
    assert [line.at for line in audit.lines(written, subject="account:2")] == [1002]

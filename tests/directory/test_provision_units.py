from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from directory import audit, provision, repository
from directory.model import PlaceKind
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import UNITS, faults, import_accounts, import_units, plan_units

HEAD = "code,name,parent,tier,branch"


def test_a_first_run_makes_the_tree_and_a_second_changes_nothing(conn: Connection) -> None:
    assert import_units(conn)["create"] == 4
    assert plan_units(conn, UNITS).counts == {
        "create": 0,
        "change": 0,
        "move": 0,
        "lock": 0,
        "unchanged": 4,
        "refused": 0,
    }
    tree = {unit.code: unit for unit in repository.units_on(conn, TODAY)}
    assert tree["SYT"].parent_id == tree["UBND"].id
    assert tree["TU"].parent_id is None


def test_parents_may_follow_their_children_in_the_file(conn: Connection) -> None:
    assert import_units(conn, f"{HEAD}\nB,Phòng B,A,province,state\nA,Sở A,,province,state\n")["create"] == 2


def test_a_new_name_is_a_new_version_and_the_old_one_stays_in_the_history(conn: Connection) -> None:
    import_units(conn, on=date(2025, 1, 1))
    counts = import_units(conn, UNITS.replace("Sở Y tế", "Sở Y tế và Dân số"))
    assert (counts["change"], counts["unchanged"]) == (1, 3)
    unit = repository.unit_by_code(conn, "SYT", TODAY)
    assert unit is not None
    history = [
        (version.name, str(version.period.valid_from)) for version in repository.unit_history(conn, unit.id)
    ]
    assert history == [("Sở Y tế", "2025-01-01"), ("Sở Y tế và Dân số", "2026-11-22")]
    before = repository.unit_by_code(conn, "SYT", date(2025, 6, 1))
    assert before is not None
    assert before.name == "Sở Y tế"


def test_a_new_parent_is_a_move(conn: Connection) -> None:
    import_units(conn)
    plan = plan_units(conn, UNITS.replace("DAR,UBND xã Đạ Ròn,UBND", "DAR,UBND xã Đạ Ròn,SYT"))
    assert plan.counts == {"create": 0, "change": 0, "move": 1, "lock": 0, "unchanged": 3, "refused": 0}
    assert [(item.field, item.before, item.after) for item in plan.moves[0].fields] == [
        ("parent", "UBND", "SYT")
    ]


def test_a_mistake_of_today_is_corrected_without_a_version_of_no_length(conn: Connection) -> None:
    import_units(conn)
    import_units(conn, UNITS.replace("Sở Y tế", "Sở Y Tế"))
    unit = repository.unit_by_code(conn, "SYT", TODAY)
    assert unit is not None
    assert [version.name for version in repository.unit_history(conn, unit.id)] == ["Sở Y Tế"]


def test_units_of_the_past_are_kept_and_not_in_force(conn: Connection) -> None:
    text = f"{HEAD},valid_from,valid_to\nUB,UBND tỉnh,,province,state,,\nDD,UBND huyện Đơn Dương,UB,district,state,2004-01-01,2025-07-01\n"
    import_units(conn, text)
    assert plan_units(conn, text).counts["unchanged"] == 2
    assert repository.unit_by_code(conn, "DD", TODAY) is None
    assert repository.unit_by_code(conn, "DD", date(2025, 6, 30)) is not None
    assert repository.unit_by_code(conn, "DD", date(2025, 7, 1)) is None


def test_places_identifiers_and_headcounts_are_kept(conn: Connection) -> None:
    head = f"{HEAD},place,identifier,headcount"
    text = f"{head}\nA,UBND phường 1,,commune,state,Phường 1,H36.40,31\nB,Đảng ủy phường 1,,commune,party,Phường 1,,12\n"
    import_units(conn, text)
    assert plan_units(conn, text).counts["unchanged"] == 2
    (place,) = repository.places_on(conn, TODAY)
    assert place.kind is PlaceKind.WARD
    units = repository.units_on(conn, TODAY)
    assert {unit.place_id for unit in units} == {place.id}
    unit = repository.unit_by_code(conn, "A", TODAY)
    assert unit is not None
    assert [(item.scheme, item.value) for item in repository.identifiers_of(conn, unit.id)] == [
        ("qd20", "H36.40")
    ]
    other = plan_units(conn, f"{head}\nC,Sở C,,province,state,,H36.40,\n")
    assert faults(other) == [(2, "identifier", "identifier_taken")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["A,Sở A,KHONG,province,state"], [(2, "parent", "unknown_parent")]),
        (["A,Sở A,,province,state", "A,Sở A,,province,state"], [(3, "code", "duplicate")]),
        (["A,Sở A,A,province,state"], [(2, "parent", "cycle")]),
        (
            [
                "A,Sở A,B,province,state",
                "B,Sở B,C,province,state",
                "C,Sở C,A,province,state",
                "D,Sở D,C,province,state",
            ],
            [(2, "parent", "cycle"), (3, "parent", "cycle"), (4, "parent", "cycle")],
        ),
    ],
)
def test_a_tree_that_is_none_is_refused_by_line(
    conn: Connection, lines: list[str], expected: list[tuple[int, str, str]]
) -> None:
    plan = plan_units(conn, "\n".join((HEAD, *lines)))
    assert faults(plan) == expected
    with pytest.raises(provision.PlanRefusedError):
        provision.apply_units(conn, plan, at=NOW, actor="test")
    assert repository.units_on(conn, TODAY) == []


def test_a_cycle_with_units_that_are_there_already_is_refused(conn: Connection) -> None:
    import_units(conn)
    plan = plan_units(conn, f"{HEAD}\nUBND,Ủy ban nhân dân tỉnh,DAR,province,state\n")
    assert faults(plan) == [(2, "parent", "cycle")]


def test_a_parent_of_another_branch_is_told_of_or_refused(conn: Connection) -> None:
    import_units(conn)
    text = f"{HEAD}\nDU,Đảng ủy xã Đạ Ròn,DAR,commune,party\n"
    plan = plan_units(conn, text)
    assert [remark.fault.value for remark in plan.warnings] == ["other_branch"]
    assert plan.counts["create"] == 1
    assert faults(plan_units(conn, text, strict_branches=True)) == [(2, "branch", "other_branch")]


def test_a_subtree_ends_at_its_branch(conn: Connection) -> None:
    import_units(conn, UNITS + "DU,Đảng ủy xã Đạ Ròn,DAR,commune,party,\n")
    units = repository.units_on(conn, TODAY)
    by_code = {unit.code: unit.id for unit in units}
    assert set(repository.subtree(units, by_code["UBND"])) == {
        by_code["UBND"],
        by_code["SYT"],
        by_code["DAR"],
    }


def test_a_unit_that_has_boxes_or_units_is_not_removed(conn: Connection) -> None:
    import_units(conn)
    import_accounts(conn, "address,full_name,unit,kind\n,Nguyễn Văn An,SYT,personal\n")
    for code, accounts_left, units_left in (("SYT", 1, 0), ("UBND", 0, 2)):
        unit = repository.unit_by_code(conn, code, TODAY)
        assert unit is not None
        with pytest.raises(repository.UnitInUse) as refused:
            repository.remove_unit(conn, unit, TODAY)
        assert (refused.value.accounts_left, refused.value.units_left) == (accounts_left, units_left)
    closing = plan_units(conn, f"{HEAD},valid_to\nSYT,Sở Y tế,UBND,province,state,2026-11-01\n")
    assert faults(closing) == [(2, "valid_to", "has_accounts")]


def test_a_removed_unit_is_gone_and_its_code_is_not_given_again(conn: Connection) -> None:
    import_units(conn, on=date(2025, 1, 1))
    unit = repository.unit_by_code(conn, "DAR", TODAY)
    assert unit is not None
    repository.remove_unit(conn, unit, TODAY)
    assert repository.unit_by_code(conn, "DAR", TODAY) is None
    assert repository.unit_by_code(conn, "DAR", date(2026, 11, 21)) is not None
    child = plan_units(conn, f"{HEAD}\nX,Thôn X,DAR,commune,state\n")
    assert faults(child) == [(2, "parent", "parent_ended")]


def test_a_plan_that_was_overtaken_is_not_applied(conn: Connection) -> None:
    stale = plan_units(conn, UNITS)
    import_units(conn)
    with pytest.raises(provision.PlanDriftedError):
        provision.apply_units(conn, stale, at=NOW, actor="test")
    renaming = plan_units(conn, UNITS.replace("Sở Y tế", "Sở Y tế A"))
    import_units(conn, UNITS.replace("Sở Y tế", "Sở Y tế B"))
    with pytest.raises(provision.PlanDriftedError):
        provision.apply_units(conn, renaming, at=NOW, actor="test")


def test_applying_leaves_a_line_in_the_audit_log(conn: Connection) -> None:
    import_units(conn)
    (line,) = audit.lines(conn)
    assert (line.act, line.actor) == ("unit.import", "test")
    assert audit.verify(conn).clean


@given(parents=st.lists(st.integers(0, 20), min_size=1, max_size=20), order=st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_any_tree_in_any_order_is_imported_once(empty: Connection, parents: list[int], order) -> None:
    lines = [
        f"U{number},Đơn vị {number},{f'U{parent % number}' if number else ''},commune,mass"
        for number, parent in enumerate(parents)
    ]
    order.shuffle(lines)
    text = "\n".join((HEAD, *lines))
    with empty.begin_nested() as savepoint:
        assert import_units(empty, text)["create"] == len(lines)
        assert plan_units(empty, text).changes_nothing
        savepoint.rollback()

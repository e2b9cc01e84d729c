from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from directory import audit, provision, repository
from directory.model import AccountId, AccountState, PlanId, Right
from directory.provision import UndoFault
from directory.scope import SERVER
from directory.tables import accounts
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import UNITS, import_accounts, import_units, plan_accounts, plan_units
from tests.directory.structure import structure

HEAD = "address,full_name,unit,kind,title,aliases\n"
STAFF = HEAD + "annv,Nguyễn Văn An,SYT,personal,Giám đốc,an.nguyen\nsyt,,SYT,unit,,\n"


def units(conn: Connection, text: str) -> PlanId:
    plan = plan_units(conn, text)
    with provision.recording(conn, provision.UNIT_TABLES) as recorded:
        provision.apply_units(conn, plan, at=NOW, actor="test")
    return _keep(conn, "unit", plan, recorded.journal.to_json())


def staff(conn: Connection, text: str) -> PlanId:
    plan = plan_accounts(conn, text)
    with provision.recording(conn, provision.ACCOUNT_TABLES) as recorded:
        provision.apply_accounts(conn, plan, at=NOW, actor="test", on_accounts_created=lambda _c, _i: None)
    return _keep(conn, "account", plan, recorded.journal.to_json())


def _keep(conn: Connection, kind: str, plan, undo: str) -> PlanId:
    return provision.store_plan(conn, kind, plan, at=NOW, actor="test", applied=True, undo=undo)


def take_back(
    conn: Connection, plan: PlanId, letters: Mapping[AccountId, int] | None = None
) -> provision.Undo:
    def letters_in(boxes: Sequence[AccountId]) -> dict[AccountId, int]:
        return {box: (letters or {}).get(box, 0) for box in boxes}

    undo = provision.prepare_undo(conn, SERVER, plan, letters_in)
    provision.carry_out_undo(conn, undo, at=NOW, actor="test")
    return undo


def box(conn: Connection, login: str):
    found = repository.account_by_login(conn, login)
    assert found is not None
    return found


def test_an_import_of_units_is_taken_back_whole(conn: Connection) -> None:
    before = structure(conn)
    plan = units(conn, UNITS)
    take_back(conn, plan)
    assert structure(conn) == before
    assert units(conn, UNITS)  # codes that were never used are free again


def test_changes_of_units_go_back_to_the_version_before(conn: Connection) -> None:
    import_units(conn, on=TODAY.replace(year=2025))
    before = structure(conn)
    changed = UNITS.replace("Sở Y tế", "Sở Y tế và Dân số").replace(
        "UBND xã Đạ Ròn,UBND", "UBND xã Đạ Ròn,SYT"
    )
    plan = units(conn, changed)
    assert structure(conn) != before
    take_back(conn, plan)
    assert structure(conn) == before


def test_changes_of_boxes_go_back_and_an_alias_given_out_stays_taken(conn: Connection) -> None:
    import_units(conn)
    import_accounts(conn, STAFF)
    before = structure(conn)
    moved = STAFF.replace("An,SYT,personal,Giám đốc", "An,DAR,personal,Chủ tịch").replace(
        "an.nguyen", "chutich.an"
    )
    plan = staff(conn, moved)
    take_back(conn, plan)
    assert structure(conn) == before
    kind = repository.address_kind(conn, "chutich.an@lamdong.gov.vn")
    assert kind is not None
    assert kind.value == "retired"


def test_a_box_nobody_used_is_archived_and_one_in_use_is_locked_with_its_letters(conn: Connection) -> None:
    import_units(conn)
    before = structure(conn)
    plan = staff(conn, STAFF)
    unit_box = box(conn, "syt")
    undo = take_back(conn, plan, {unit_box.id: 3})
    assert [(kept.address, kept.letters) for kept in undo.kept] == [("syt@lamdong.gov.vn", 3)]
    assert box(conn, "annv").state is AccountState.ARCHIVED
    assert box(conn, "syt").state is AccountState.LOCKED
    assert repository.resolve(conn, "syt@lamdong.gov.vn") is not None
    assert repository.resolve(conn, "annv@lamdong.gov.vn") is None
    assert len(structure(conn)["accounts"]) == len(before["accounts"]) + 1


def test_a_roster_that_was_undone_is_mended_and_imported_again(conn: Connection) -> None:
    import_units(conn)
    first = staff(conn, STAFF)
    made = structure(conn)
    take_back(conn, first)
    undone = structure(conn)
    again = staff(conn, STAFF)
    assert structure(conn) == made
    take_back(conn, again)
    assert structure(conn) == undone
    staff(conn, STAFF.replace("An,SYT", "An,DAR"))
    moved = repository.unit_by_code(conn, "DAR", TODAY)
    assert moved is not None
    assert box(conn, "annv").unit_id == moved.id
    assert box(conn, "an.nguyen").id == box(conn, "annv").id


def test_signing_in_or_sharing_is_use(conn: Connection) -> None:
    import_units(conn)
    plan = staff(conn, STAFF + "binhtv,Trần Văn Bình,SYT,personal,,\n")
    conn.execute(update(accounts).where(accounts.c.id == box(conn, "annv").id).values(last_login_at=NOW))
    repository.grant(conn, box(conn, "syt").id, box(conn, "annv").id, Right.READ, NOW)
    undo = take_back(conn, plan)
    assert {kept.address.split("@")[0] for kept in undo.kept} == {"annv", "syt"}
    assert box(conn, "binhtv").state is AccountState.ARCHIVED


def test_what_changed_again_is_named_with_the_plan_to_undo_first(conn: Connection) -> None:
    import_units(conn)
    import_accounts(conn, STAFF)
    first = staff(conn, STAFF.replace("Giám đốc", "Phó Giám đốc"))
    second = staff(conn, STAFF.replace("Giám đốc", "Chuyên viên"))
    before = structure(conn)
    with pytest.raises(provision.UndoRefusedError) as refused:
        take_back(conn, first)
    (conflict,) = refused.value.conflicts
    assert (conflict.what, conflict.fault) == ("annv@lamdong.gov.vn", UndoFault.CHANGED_SINCE)
    assert conflict.later_plan == second
    assert structure(conn) == before
    take_back(conn, second)
    take_back(conn, first)


def test_a_unit_with_boxes_is_not_taken_back_before_them(conn: Connection) -> None:
    empty = structure(conn)
    tree, people = units(conn, UNITS), staff(conn, STAFF)
    with pytest.raises(provision.UndoRefusedError) as refused:
        take_back(conn, tree)
    assert {(item.what, item.fault) for item in refused.value.conflicts} == {("SYT", UndoFault.IN_USE)}
    take_back(conn, people)
    take_back(conn, tree)
    assert structure(conn) == empty


def test_a_plan_is_undone_once_and_only_when_applied(conn: Connection) -> None:
    plan = units(conn, UNITS)
    take_back(conn, plan)
    shown = provision.store_plan(conn, "unit", plan_units(conn, UNITS), at=NOW, actor="test", applied=False)
    old = provision.store_plan(conn, "unit", plan_units(conn, UNITS), at=NOW, actor="test", applied=True)
    for number, fault in (
        (plan, UndoFault.ALREADY_UNDONE),
        (shown, UndoFault.NOT_APPLIED),
        (old, UndoFault.NOT_KEPT),
        (PlanId(old + 1), UndoFault.UNKNOWN),
    ):
        with pytest.raises(provision.UndoRefusedError) as refused:
            take_back(conn, number)
        assert refused.value.fault is fault


def test_undoing_leaves_a_line_in_the_audit_log(conn: Connection) -> None:
    plan = units(conn, UNITS)
    take_back(conn, plan)
    line = audit.lines(conn)[0]
    assert (line.act, line.subject) == ("plan.undo", f"plan {plan}")
    assert audit.verify(conn).clean


NAMES = ["An", "Bình", "Chi"]
ROW = st.tuples(
    st.integers(0, 5), st.sampled_from(NAMES), st.sampled_from(["SYT", "DAR", "TU"]), st.booleans()
)


@given(steps=st.lists(st.lists(ROW, max_size=5, unique_by=lambda row: row[0]), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_undoing_in_reverse_leads_back_through_every_structure(conn: Connection, steps) -> None:
    with conn.begin_nested() as savepoint:
        import_units(conn)
        done = []
        for number, rows in enumerate(steps):
            before = structure(conn)
            lines = [
                f"p{n},Nguyễn Văn {name},{unit},personal,Chức vụ {number},{f'p{n}.{number}' if more else ''}\n"
                for n, name, unit, more in rows
            ]
            plan = plan_accounts(conn, HEAD + "".join(lines)) if lines else None
            if plan is None or plan.refused:
                continue
            done.append((staff(conn, HEAD + "".join(lines)), before))
        for plan_id, before in reversed(done):
            take_back(conn, plan_id)
            assert structure(conn) == before
        savepoint.rollback()


def test_an_undo_prepared_before_is_looked_at_again_where_it_may_have_become_otherwise(
    conn: Connection,
) -> None:
    units(conn, UNITS)
    plan = staff(conn, STAFF)
    number = box(conn, "annv").id
    prepared = provision.prepare_undo(conn, SERVER, plan, lambda _boxes: {})
    assert provision.confirm_undo(conn, SERVER, prepared, lambda _boxes: {}) is prepared
    with_letter = provision.confirm_undo(conn, SERVER, prepared, lambda _boxes: {number: 3})
    assert [kept.letters for kept in with_letter.kept] == [3]
    import_accounts(conn, HEAD + "annv,Nguyễn Văn Ân,SYT,personal,,\n")
    assert provision.confirm_undo(conn, SERVER, prepared, lambda _boxes: {}).conflicts

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from passlib import hash as handlers
from sqlalchemy import Connection, func, select

from directory import audit, provision, repository
from directory.authenticate import look_up
from directory.model import GIB, AccountState
from directory.scope import SERVER
from directory.tables import persons, posts
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import faults, import_accounts, import_units, plan_accounts

HEAD = "address,full_name,unit,kind,password"
HASH = handlers.sha512_crypt.using(rounds=1000).hash("Cũ-12345")


@pytest.fixture
def tree(conn: Connection) -> Connection:
    import_units(conn, on=date(2025, 1, 1))
    return conn


def test_a_first_run_makes_the_boxes_and_a_second_changes_nothing(tree: Connection) -> None:
    text = f"{HEAD}\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,Abc-12345\nsyt@lamdong.gov.vn,Sở Y tế,SYT,unit,\nchutich@lamdong.gov.vn,Chủ tịch,UBND,post,\n"
    told: list[int] = []
    plan = provision.seal(plan_accounts(tree, text))
    created = provision.apply_accounts(
        tree, plan, at=NOW, actor="test", on_accounts_created=lambda _conn, ids: told.extend(ids)
    )
    assert sorted(created.values()) == sorted(told)
    assert len(told) == 3
    assert plan_accounts(tree, text).counts == {
        "create": 0,
        "change": 0,
        "move": 0,
        "lock": 0,
        "unchanged": 3,
        "refused": 0,
    }
    an, unit = repository.account_by_login(tree, "annv"), repository.account_by_login(tree, "syt")
    assert an is not None
    assert unit is not None
    assert (an.quota_octets, unit.quota_octets) == (4 * GIB, 10 * GIB)
    assert an.must_change_password
    assert unit.person_id is None
    assert tree.execute(select(func.count()).select_from(persons)).scalar() == 1
    assert tree.execute(select(posts.c.role, posts.c.is_primary)).all() == [("specialist", 1)]


def test_three_names_that_fold_alike_are_numbered_in_the_order_of_the_file(tree: Connection) -> None:
    text = (
        f"{HEAD}\n,Nguyễn Văn An,SYT,personal,\n,Nguyễn Vân Ân,SYT,personal,\n,Nguyễn Văn An,DAR,personal,\n"
    )
    plan = plan_accounts(tree, text)
    assert [str(new.address) for new in plan.creates] == [
        "annv@lamdong.gov.vn",
        "annv2@lamdong.gov.vn",
        "annv3@lamdong.gov.vn",
    ]
    import_accounts(tree, text)
    assert plan_accounts(tree, text).changes_nothing


def test_a_generated_address_gives_way_to_one_that_the_file_names_further_down(tree: Connection) -> None:
    text = f"{HEAD}\n,Nguyễn Văn An,SYT,personal,\nannv@lamdong.gov.vn,Ngô Văn Anh,SYT,personal,\n"
    assert [new.address.local for new in plan_accounts(tree, text).creates] == ["annv2", "annv"]


def test_two_people_of_one_name_in_one_unit_stay_two(tree: Connection) -> None:
    text = f"{HEAD}\n,Nguyễn Văn An,SYT,personal,\n,Nguyễn Văn An,SYT,personal,\n"
    import_accounts(tree, text)
    assert plan_accounts(tree, text).counts["unchanged"] == 2
    third = plan_accounts(tree, text + ",Nguyễn Văn An,SYT,personal,\n")
    assert [new.address.local for new in third.creates] == ["annv3"]


def test_a_unit_box_without_address_takes_the_short_name_of_its_unit(tree: Connection) -> None:
    text = f"{HEAD}\n,,SYT,unit,\n"
    (new,) = plan_accounts(tree, text).creates
    assert (new.address.local, new.display_name) == ("syt", "Sở Y tế")
    import_accounts(tree, text)
    assert plan_accounts(tree, text).changes_nothing


def test_another_unit_is_a_move_and_the_old_post_ends(tree: Connection) -> None:
    text = f"{HEAD},title\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,,Chuyên viên\n"
    import_accounts(tree, text, on=date(2025, 3, 1))
    moved = text.replace("SYT", "DAR")
    assert plan_accounts(tree, moved).counts["move"] == 1
    import_accounts(tree, moved)
    assert plan_accounts(tree, moved).changes_nothing
    rows = tree.execute(select(posts.c.valid_from, posts.c.valid_to).order_by(posts.c.id)).all()
    assert rows == [("2025-03-01", "2026-11-22"), ("2026-11-22", None)]


def test_another_name_or_title_is_a_change(tree: Connection) -> None:
    text = f"{HEAD},title,role\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,,Chuyên viên,specialist\n"
    import_accounts(tree, text)
    promoted = text.replace("Nguyễn Văn An", "Nguyễn Văn Ân").replace(
        "Chuyên viên,specialist", "Giám đốc,head"
    )
    plan = plan_accounts(tree, promoted)
    assert plan.counts["change"] == 1
    assert {item.field for item in plan.changes[0].fields} == {"full_name", "title", "role"}
    import_accounts(tree, promoted)
    assert plan_accounts(tree, promoted).changes_nothing
    account = repository.account_by_login(tree, "annv")
    assert account is not None
    assert account.display_name == "Nguyễn Văn Ân"
    assert tree.execute(select(persons.c.given_name)).scalar() == "Ân"


def test_a_given_hash_is_kept_and_needs_no_change(tree: Connection) -> None:
    text = f'address,full_name,unit,kind,password_hash\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,"{HASH}"\n'
    import_accounts(tree, text)
    credential = look_up(tree, "annv")
    assert credential.stored == HASH
    assert not credential.must_change


def test_a_password_in_use_is_not_overwritten_by_a_second_run(tree: Connection) -> None:
    import_accounts(tree, f"{HEAD}\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,Abc-12345\n")
    again = f"{HEAD}\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,Khác-67890\n"
    assert plan_accounts(tree, again).changes_nothing


def test_an_identifier_knows_a_person_also_under_a_new_name_and_unit(tree: Connection) -> None:
    head = f"{HEAD},identifier"
    import_accounts(tree, f"{head}\n,Nguyễn Thị Hoa,SYT,personal,,079123\n")
    plan = plan_accounts(tree, f"{head}\n,Nguyễn Thị Hòa,DAR,personal,,079123\n")
    assert plan.counts == {"create": 0, "change": 0, "move": 1, "lock": 0, "unchanged": 0, "refused": 0}


def test_two_people_never_share_an_identifier(tree: Connection) -> None:
    head = f"{HEAD},identifier"
    import_accounts(tree, f"{head}\nhoant@lamdong.gov.vn,Nguyễn Thị Hoa,SYT,personal,,079123\n")
    other = plan_accounts(tree, f"{head}\nhoalt@lamdong.gov.vn,Lê Thị Hoa,SYT,personal,,079123\n")
    assert faults(other) == [(2, "identifier", "identifier_taken")]
    twice = plan_accounts(tree, f"{head}\n,Lê Thị Hoa,SYT,personal,,1\n,Lê Thị Hà,SYT,personal,,1\n")
    assert faults(twice) == [(3, "identifier", "duplicate")]


def test_one_box_on_two_lines_by_address_and_by_identifier_is_refused(tree: Connection) -> None:
    head = f"{HEAD},identifier"
    import_accounts(tree, f"{head}\nhoant@lamdong.gov.vn,Nguyễn Thị Hoa,SYT,personal,,079123\n")
    text = (
        f"{head}\nhoant@lamdong.gov.vn,Nguyễn Thị Hoa,SYT,personal,,\n,Nguyễn Thị Hoà,DAR,personal,,079123\n"
    )
    assert faults(plan_accounts(tree, text)) == [(3, "identifier", "duplicate")]


def test_an_archived_box_does_not_come_back_by_its_identifier(tree: Connection) -> None:
    head = f"{HEAD},identifier"
    created = import_accounts(tree, f"{head}\n,Nguyễn Thị Hoa,SYT,personal,,079123\n")
    repository.set_state(tree, *created.values(), AccountState.ARCHIVED, NOW)
    plan = plan_accounts(tree, f"{head}\n,Nguyễn Thị Hoa,SYT,personal,,079123\n")
    assert faults(plan) == [(2, "identifier", "archived")]


def test_an_identifier_given_later_is_added(tree: Connection) -> None:
    head = f"{HEAD},identifier"
    import_accounts(tree, f"{head}\nhoant@lamdong.gov.vn,Nguyễn Thị Hoa,SYT,personal,,\n")
    named = f"{head}\nhoant@lamdong.gov.vn,Nguyễn Thị Hoa,SYT,personal,,079123\n"
    assert plan_accounts(tree, named).counts["change"] == 1
    import_accounts(tree, named)
    assert plan_accounts(tree, named).changes_nothing


def test_an_alias_that_is_the_address_itself_is_passed_over(tree: Connection) -> None:
    text = f"{HEAD},aliases\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,,annv an\n"
    import_accounts(tree, text)
    assert plan_accounts(tree, text).changes_nothing


def test_aliases_come_along_and_new_ones_are_added(tree: Connection) -> None:
    text = f"{HEAD},aliases\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,,an.nguyen\n"
    created = import_accounts(tree, text)
    assert plan_accounts(tree, text).changes_nothing
    more = text.replace("an.nguyen", "an.nguyen;nguyen.an")
    assert plan_accounts(tree, more).counts["change"] == 1
    import_accounts(tree, more)
    for alias in ("an.nguyen", "nguyen.an"):
        target = repository.resolve(tree, f"{alias}@lamdong.gov.vn")
        assert target is not None
        assert target.account_ids == tuple(created.values())


def test_an_account_may_take_over_postmaster_and_gives_it_back(tree: Connection) -> None:
    created = import_accounts(tree, f"{HEAD}\npostmaster@lamdong.gov.vn,Tổ quản trị,UBND,unit,\n")
    (account_id,) = created.values()
    target = repository.resolve(tree, "postmaster@lamdong.gov.vn")
    assert target is not None
    assert target.account_ids == (account_id,)
    repository.set_state(tree, account_id, AccountState.ARCHIVED, NOW)
    target = repository.resolve(tree, "postmaster@lamdong.gov.vn")
    assert target is not None
    assert target.account_ids == (repository.system_box(tree),)


@pytest.mark.parametrize(
    ("line", "field", "fault"),
    [
        ("a@lamdong.gov.vn,An,KHONG,personal,", "unit", "unknown_unit"),
        ("a@gmail.com,An,SYT,personal,", "address", "foreign_domain"),
        ("annv@lamdong.gov.vn,An,SYT,unit,", "kind", "kind_changed"),
        ("bidanh@lamdong.gov.vn,An,SYT,personal,", "address", "address_taken"),
        ("cu@lamdong.gov.vn,An,SYT,personal,", "address", "address_retired"),
        ("hostmaster@lamdong.gov.vn,An,SYT,personal,", "address", "address_taken"),
        (",Giám đốc,SYT,post,", "address", "needs_address"),
    ],
)
def test_what_cannot_be_is_refused_by_line(tree: Connection, line: str, field: str, fault: str) -> None:
    import_accounts(tree, f"{HEAD},aliases\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,,bidanh cu\n")
    repository.retire_address(tree, "cu@lamdong.gov.vn", NOW)
    assert faults(plan_accounts(tree, f"{HEAD}\n{line}\n")) == [(2, field, fault)]


def test_a_hash_that_cannot_be_checked_is_refused(tree: Connection) -> None:
    plan = plan_accounts(tree, "address,full_name,unit,kind,password_hash\n,An,SYT,personal,{PLAIN}abc\n")
    assert faults(plan) == [(2, "password_hash", "bad_hash")]


def test_one_address_on_two_lines_is_refused_with_the_first_line_named(tree: Connection) -> None:
    plan = plan_accounts(
        tree, f"{HEAD}\na@lamdong.gov.vn,An,SYT,personal,\nA@LAMDONG.gov.vn,Anh,SYT,personal,\n"
    )
    assert faults(plan) == [(3, "address", "duplicate")]
    assert "2" in plan.refused[0].message()


def test_a_unit_that_has_ended_takes_nobody_in(tree: Connection) -> None:
    unit = repository.unit_by_code(tree, "DAR", TODAY)
    assert unit is not None
    repository.remove_unit(tree, unit, TODAY)
    assert faults(plan_accounts(tree, f"{HEAD}\n,An,DAR,personal,\n")) == [(2, "unit", "unit_ended")]


def test_a_plan_with_a_refused_line_is_not_applied_in_part(tree: Connection) -> None:
    plan = plan_accounts(tree, f"{HEAD}\n,Nguyễn Văn An,SYT,personal,\n,Bình,KHONG,personal,\n")
    assert (plan.counts["create"], plan.counts["refused"]) == (1, 1)
    with pytest.raises(provision.PlanRefusedError):
        provision.apply_accounts(tree, plan, at=NOW, actor="t", on_accounts_created=lambda _conn, _ids: None)
    assert repository.list_accounts(tree) == []


def test_a_plan_that_was_overtaken_is_not_applied(tree: Connection) -> None:
    text = f"{HEAD}\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,\n"
    import_accounts(tree, text)
    stale = plan_accounts(tree, text.replace("SYT", "DAR"))
    import_accounts(tree, text.replace("Văn An", "Văn Anh"))
    with pytest.raises(provision.PlanDriftedError):
        provision.apply_accounts(tree, stale, at=NOW, actor="t", on_accounts_created=lambda _conn, _ids: None)


def test_an_address_given_away_meanwhile_stops_the_plan(tree: Connection) -> None:
    text = f"{HEAD}\nannv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,\n"
    stale = plan_accounts(tree, text)
    import_accounts(tree, text)
    with pytest.raises(provision.PlanDriftedError), tree.begin_nested():
        provision.apply_accounts(tree, stale, at=NOW, actor="t", on_accounts_created=lambda _conn, _ids: None)


def test_hashing_inside_the_transaction_is_refused(tree: Connection) -> None:
    plan = plan_accounts(tree, f"{HEAD}\n,An,SYT,personal,Abc-12345\n")
    with pytest.raises(ValueError, match="not sealed"):
        provision.apply_accounts(tree, plan, at=NOW, actor="t", on_accounts_created=lambda _conn, _ids: None)


def test_first_passwords_are_made_for_those_who_sign_in(tree: Connection) -> None:
    plan = plan_accounts(tree, f"{HEAD}\n,An,SYT,personal,\n,,SYT,unit,\n")
    person, unit = provision.seal(plan, make_first_passwords=True).creates
    assert person.password
    assert person.must_change
    assert unit.password is None
    assert provision.seal(plan).creates[0].password_hash is None


def test_a_stored_plan_tells_everything_but_passwords(tree: Connection) -> None:
    plan = provision.seal(plan_accounts(tree, f"{HEAD}\n,Nguyễn Văn An,SYT,personal,Bímật-12345\n"))
    plan_id = provision.store_plan(tree, "account", plan, at=NOW, actor="test", applied=True)
    stored = provision.show_plan(tree, SERVER, plan_id)
    assert stored is not None
    assert stored.counts["create"] == 1
    assert "annv@lamdong.gov.vn" in str(stored.body)
    assert "Bímật" not in str(stored.body)
    assert "argon2" not in str(stored.body)
    assert [plan.id for plan in provision.list_plans(tree, SERVER)] == [plan_id]


def test_applying_leaves_a_line_in_the_audit_log(tree: Connection) -> None:
    import_accounts(tree, f"{HEAD}\n,An,SYT,personal,\n")
    assert audit.lines(tree)[0].act == "account.import"


NAMES = st.lists(
    st.sampled_from(["An", "Ân", "Văn", "Vân", "Nguyễn", "Ngô", "K'Brếp", "Đỗ", "2"]), min_size=1, max_size=4
)


@given(
    people=st.lists(
        st.tuples(NAMES.map(" ".join), st.sampled_from(["SYT", "DAR", "TU"])), min_size=1, max_size=15
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_any_roster_is_imported_once_and_nobody_shares_an_address(
    tree: Connection, people: list[tuple[str, str]]
) -> None:
    text = "\n".join((HEAD, *(f",{name},{unit},personal," for name, unit in people)))
    with tree.begin_nested() as savepoint:
        assert len(import_accounts(tree, text)) == len(people)
        assert plan_accounts(tree, text).counts["unchanged"] == len(people)
        savepoint.rollback()

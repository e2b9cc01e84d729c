"""The scope as SQL and the scope in memory say the same, and administrators do not lift themselves over others."""

from itertools import product

import pytest
from sqlalchemy import Connection, select, update

from directory import administer, repository, upkeep
from directory.administer import AccountFilter
from directory.authenticate import NewPassword
from directory.model import AccountKind, AdminRole, Right
from directory.passwords import hash_password
from directory.scope import NOBODY, SERVER, Deed, OutOfScopeError, Scope, scope_of
from directory.tables import accounts, unit_versions
from tests.directory.conftest import NOW, TODAY
from tests.directory.test_scope import box, scope, tree

__all__ = ["tree"]
SECRET = NewPassword(hash_password("Abc-12345"))
LOGINS = ("admin", "here", "below", "beside", "above", "party", "box.here", "box.beside", "box.party")


def unit(conn: Connection, code: str):
    found = repository.unit_by_code(conn, code, TODAY)
    assert found is not None
    return found


def appointed(conn: Connection, login: str, code: str, role: AdminRole, **settings: bool) -> Scope:
    administer.appoint(conn, SERVER, box(conn, login), unit(conn, code), role, actor="t", at=NOW)
    return scope_of(conn, box(conn, login).id, TODAY, **settings)


@pytest.mark.parametrize("unit_boxes", [False, True])
@pytest.mark.parametrize("role", AdminRole)
def test_the_condition_in_sql_and_the_value_in_memory_agree(
    tree: Connection, role: AdminRole, unit_boxes: bool
) -> None:
    appointed(tree, "below", "PK", AdminRole.UNIT)
    appointed(tree, "beside", "UB", AdminRole.PROVINCE)
    mine = appointed(tree, "admin", "SYT", role, unit_boxes=unit_boxes)
    for deed, login in product(Deed, LOGINS):
        account = box(tree, login)
        query = select(accounts.c.id).where(accounts.c.id == account.id, mine.accounts(deed))
        assert (tree.execute(query).first() is not None) is mine.may_touch(deed, account), (deed, login)
        assert (administer.visible_account(tree, mine, login, deed) is not None) is mine.may_touch(
            deed, account
        )
    for deed in Deed:
        seen = {
            code
            for code in ("UB", "SYT", "PK", "STC", "TU")
            if administer.visible_unit(tree, mine, code, TODAY, deed)
        }
        held = mine.units(deed) or frozenset()
        assert seen == {code for code in ("UB", "SYT", "PK", "STC", "TU") if unit(tree, code).id in held}


def test_a_unit_that_moves_away_is_out_of_reach_in_the_same_moment(tree: Connection) -> None:
    mine = scope(tree, AdminRole.UNIT)
    assert administer.visible_account(tree, mine, "below") is not None
    away = unit(tree, "STC").id
    tree.execute(
        update(unit_versions).where(unit_versions.c.unit_id == unit(tree, "PK").id).values(parent_id=away)
    )
    assert administer.visible_account(tree, mine, "below") is None
    assert administer.visible_account(tree, mine, "here") is not None


def test_a_role_taken_back_counts_for_a_scope_that_is_still_held(tree: Connection) -> None:
    mine = scope(tree, AdminRole.UNIT)
    administer.dismiss(tree, SERVER, box(tree, "admin"), unit(tree, "SYT"), AdminRole.UNIT, actor="t", at=NOW)
    assert administer.visible_accounts(tree, mine) == []


@pytest.mark.parametrize("role", [AdminRole.UNIT, AdminRole.HELP_DESK])
def test_nobody_resets_an_administrator_who_stands_higher(tree: Connection, role: AdminRole) -> None:
    """Else the help desk would be the province's administrator after one reset."""
    appointed(tree, "here", "UB", AdminRole.PROVINCE)
    mine = scope(tree, role)
    with pytest.raises(OutOfScopeError):
        upkeep.set_password(tree, mine, box(tree, "here"), SECRET, must_change=True, actor="t", at=NOW)
    assert administer.visible_account(tree, mine, "here", Deed.RESET) is None
    upkeep.set_password(tree, mine, box(tree, "below"), SECRET, must_change=True, actor="t", at=NOW)


def test_the_province_resets_the_administrators_that_it_appoints(tree: Connection) -> None:
    appointed(tree, "here", "SYT", AdminRole.UNIT)
    mine = scope(tree, AdminRole.PROVINCE)
    upkeep.set_password(tree, mine, box(tree, "here"), SECRET, must_change=True, actor="t", at=NOW)


def test_no_administrator_lets_themselves_into_a_box_or_a_role(tree: Connection) -> None:
    mine, me = scope(tree, AdminRole.PROVINCE), box(tree, "admin")
    with pytest.raises(OutOfScopeError):
        upkeep.grant(tree, mine, box(tree, "box.here"), me, Right.READ, actor="t", at=NOW)
    for act in (administer.appoint, administer.dismiss):
        with pytest.raises(OutOfScopeError):
            act(tree, mine, me, unit(tree, "PK"), AdminRole.AUDITOR, actor="t", at=NOW)


def test_a_box_of_the_scope_is_not_shared_with_a_stranger_nor_a_role_given_to_one(tree: Connection) -> None:
    mine = scope(tree, AdminRole.PROVINCE)
    for stranger in ("beside", "party"):
        with pytest.raises(OutOfScopeError):
            upkeep.grant(
                tree, mine, box(tree, "box.here"), box(tree, stranger), Right.READ, actor="t", at=NOW
            )
        with pytest.raises(OutOfScopeError):
            administer.appoint(
                tree, mine, box(tree, stranger), unit(tree, "PK"), AdminRole.UNIT, actor="t", at=NOW
            )


def test_a_personal_box_is_shared_by_no_administrator(tree: Connection) -> None:
    mine = scope(tree, AdminRole.PROVINCE)
    with pytest.raises(OutOfScopeError):
        upkeep.grant(tree, mine, box(tree, "here"), box(tree, "below"), Right.READ, actor="t", at=NOW)


def test_the_setting_lets_unit_administrators_make_unit_boxes_too(tree: Connection) -> None:
    here = unit(tree, "SYT").id
    assert not appointed(tree, "admin", "SYT", AdminRole.UNIT).may(Deed.MANAGE, here, AccountKind.UNIT)
    mine = appointed(tree, "admin", "SYT", AdminRole.UNIT, unit_boxes=True)
    assert mine.may(Deed.MANAGE, here, AccountKind.UNIT)
    assert not mine.may(Deed.RESET, here, AccountKind.UNIT)
    assert not mine.may(Deed.MANAGE, unit(tree, "STC").id, AccountKind.UNIT)


def test_search_finds_names_and_addresses_without_marks_inside_the_scope(tree: Connection) -> None:
    mine = scope(tree, AdminRole.UNIT)

    def found(words: str, **more: object) -> set[str]:
        wanted = AccountFilter(words=words, **more)
        listed = administer.visible_accounts(tree, mine, wanted, on=TODAY)
        assert len(listed) == administer.count_accounts(tree, mine, wanted, TODAY)
        return {account.address.local for account in listed}

    assert found("nguyen an") == {"here"}
    assert found("Trần") == {"below"}
    assert found("box") == {"box.here"}
    assert found("le thi chi") == set()
    assert found("%") == found("_") == found("\\") == set()
    assert found("", unit_id=unit(tree, "SYT").id) == {"admin", "here", "below", "box.here"}
    assert found("", unit_id=unit(tree, "SYT").id, with_below=False) == {"admin", "here", "box.here"}
    assert found("", unit_id=unit(tree, "UB").id) == {"admin", "here", "below", "box.here"}


def test_the_log_is_paged_and_told_by_subject_and_actor(tree: Connection) -> None:
    mine = scope(tree, AdminRole.AUDITOR)
    for number in range(5):
        upkeep.lock(tree, SERVER, box(tree, "here"), actor="t", at=NOW + number)
    upkeep.lock(tree, SERVER, box(tree, "beside"), actor="below@lamdong.gov.vn", at=NOW)
    first = administer.visible_log(tree, mine, 3)
    second = administer.visible_log(tree, mine, 3, before=first[-1].sequence)
    numbers = [line.sequence for line in (*first, *second)]
    assert numbers == sorted(numbers, reverse=True)
    assert first[0].subject == "beside@lamdong.gov.vn"  # what our own people did elsewhere
    assert {line.subject for line in administer.visible_log(tree, mine, about="here@lamdong.gov.vn")} == {
        "here@lamdong.gov.vn"
    }
    assert administer.visible_log(tree, NOBODY) == []

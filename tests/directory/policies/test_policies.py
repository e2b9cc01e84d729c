from datetime import date

import pytest
from sqlalchemy import Connection

from directory import audit, repository
from directory.model import AccountKind, AdminRole, Branch, PostRole, Tier
from directory.policies import (
    AddressRule,
    Defaults,
    Homographs,
    Note,
    Numbering,
    PolicyName,
    PolicyRefusedError,
    Where,
    effective_policy,
    end_policy,
    list_rows,
    preview_addresses,
    propose,
    read_fields,
    set_policy,
)
from directory.repository.administrators import appoint
from directory.repository.people import add_second_post
from directory.scope import SERVER, OutOfScopeError, scope_of
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_accounts, import_units

STAFF = """\
address,full_name,unit,kind,role
annv,Nguyễn Văn An,DAR,personal,head
it,Đỗ Thị Mai,UBND,personal,
bithu,Lê Văn Bí,TU,personal,head
daron,,DAR,unit,
"""
EVERYWHERE = Where()


@pytest.fixture
def staffed(conn: Connection) -> Connection:
    import_units(conn)
    import_accounts(conn, STAFF)
    return conn


def rule(
    conn: Connection, name: PolicyName, where: Where = EVERYWHERE, on: date = TODAY, **fields: str
) -> int:
    return set_policy(conn, SERVER, name, where, read_fields(name, fields), on=on, actor="test", at=NOW)


def account(conn: Connection, login: str):
    found = repository.account_by_login(conn, login)
    assert found is not None
    return found


def of(conn: Connection, login: str, on: date = TODAY):
    return effective_policy(conn, account(conn, login).id, on)


def test_without_any_rule_the_settings_hold_and_forwarding_is_forbidden(staffed: Connection) -> None:
    policy = of(staffed, "annv")
    assert (policy.password.min_length, policy.password.history) == (8, 3)
    assert not policy.second_factor.required
    assert not policy.forwarding.allowed
    assert of(staffed, "daron").quota.octets == Defaults().unit_quota


def test_the_narrower_rule_goes_before_the_wider_and_names_only_what_differs(staffed: Connection) -> None:
    rule(staffed, PolicyName.PASSWORD, min_length="10", history="5")
    rule(staffed, PolicyName.PASSWORD, Where(tier=Tier.COMMUNE), min_length="9")
    assert (of(staffed, "annv").password.min_length, of(staffed, "annv").password.history) == (9, 5)
    assert of(staffed, "it").password.min_length == 10
    rule(staffed, PolicyName.QUOTA, Where(kind=AccountKind.UNIT), octets="123")
    assert of(staffed, "daron").quota.octets == 123
    assert of(staffed, "it").quota.octets == Defaults().personal_quota


def test_the_strictest_of_a_persons_posts_wins_and_the_primary_one_gives_quota(staffed: Connection) -> None:
    party = Where(branch=Branch.PARTY)
    rule(staffed, PolicyName.SECOND_FACTOR, party, required="true")
    rule(staffed, PolicyName.PASSWORD, party, min_length="14", max_age_days="90")
    rule(staffed, PolicyName.QUOTA, party, octets="5")
    rule(staffed, PolicyName.KEEPING, party, head="24")
    an = account(staffed, "annv")
    committee = repository.unit_by_code(staffed, "TU", TODAY)
    assert an.person_id is not None
    assert committee is not None
    assert not of(staffed, "annv").second_factor.required
    add_second_post(staffed, an.person_id, committee.id, PostRole.DEPUTY, "", TODAY)
    policy = of(staffed, "annv")
    assert policy.second_factor.required
    assert (policy.password.min_length, policy.password.max_age_days) == (14, 90)
    assert policy.keeping.months(PostRole.HEAD) == 24
    assert policy.quota.octets == Defaults().personal_quota


def test_a_rule_is_dated_and_what_it_does_not_name_goes_on(staffed: Connection) -> None:
    rule(staffed, PolicyName.PASSWORD, on=date(2026, 1, 1), min_length="9", history="6")
    rule(staffed, PolicyName.PASSWORD, on=TODAY, min_length="12")
    assert of(staffed, "it", date(2026, 5, 1)).password.min_length == 9
    assert (of(staffed, "it").password.min_length, of(staffed, "it").password.history) == (12, 6)
    with pytest.raises(PolicyRefusedError, match=TODAY.isoformat()):
        rule(staffed, PolicyName.PASSWORD, on=date(2026, 2, 1), min_length="10")
    assert end_policy(
        staffed, SERVER, PolicyName.PASSWORD, EVERYWHERE, on=date(2026, 12, 1), actor="t", at=NOW
    )
    assert of(staffed, "it", date(2026, 12, 1)).password.min_length == 8
    assert [row.period.valid_to for row in list_rows(staffed)] == [TODAY, date(2026, 12, 1)]
    assert [line.act for line in audit.lines(staffed, limit=2)] == ["policy.end", "policy.set"]


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        (PolicyName.PASSWORD, "min_length", "3"),
        (PolicyName.PASSWORD, "min_lenght", "9"),
        (PolicyName.CROSS_BRANCH, "to", "party,moon"),
        (PolicyName.ADDRESS, "pattern", "{family}"),
        (PolicyName.ADDRESS, "pattern", "{given!r}"),
        (PolicyName.ADDRESS, "pattern", "{given.__class__}"),
        (PolicyName.ADDRESS, "pattern", "{given} @"),
        (PolicyName.ADDRESS, "pattern", "{given"),
        (PolicyName.INACTIVITY, "lock_days", "-1"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_its_field(name: PolicyName, field: str, value: str) -> None:
    with pytest.raises(PolicyRefusedError) as refused:
        read_fields(name, {field: value})
    assert refused.value.faults[0].field.startswith(field)
    assert refused.value.known


def test_only_who_administers_a_whole_branch_sets_its_rules(staffed: Connection) -> None:
    it = account(staffed, "it")
    top = repository.unit_by_code(staffed, "UBND", TODAY)
    assert top is not None
    appoint(staffed, it.id, top.id, AdminRole.PROVINCE, NOW)
    scope = scope_of(staffed, it.id, TODAY)
    fields = read_fields(PolicyName.PASSWORD, {"min_length": "6"})
    state = Where(branch=Branch.STATE)
    assert set_policy(staffed, scope, PolicyName.PASSWORD, state, fields, on=TODAY, actor="it", at=NOW)
    for foreign in (Where(branch=Branch.PARTY), EVERYWHERE):
        with pytest.raises(OutOfScopeError):
            set_policy(staffed, scope, PolicyName.PASSWORD, foreign, fields, on=TODAY, actor="it", at=NOW)


def test_writing_across_branches_is_what_both_posts_allow(staffed: Connection) -> None:
    rule(staffed, PolicyName.CROSS_BRANCH, Where(branch=Branch.MASS), to="state, council")
    policy = of(staffed, "annv")
    assert policy.may_write_to(Branch.STATE, Branch.PARTY)
    rule(staffed, PolicyName.CROSS_BRANCH, Where(branch=Branch.STATE), to="council")
    policy = of(staffed, "annv")
    assert policy.may_write_to(Branch.STATE, Branch.STATE)
    assert policy.may_write_to(Branch.STATE, Branch.COUNCIL)
    assert not policy.may_write_to(Branch.STATE, Branch.PARTY)


def test_a_pattern_is_shown_with_namesakes_homographs_and_look_alikes() -> None:
    names = ["Nguyễn Hương Văn", "Nguyễn Hương Vân", "Nguyễn Hương Văn"]
    plain = propose(AddressRule(), names)
    assert [item.proposed for item in plain] == ["vannh", "vannh2", "vannh3"]
    assert plain[1].notes == ((Note.HOMOGRAPH, names[0]),)
    assert plain[2].notes == ((Note.NAMESAKE, names[0]), (Note.HOMOGRAPH, names[1]))
    two = propose(AddressRule(pattern="{middle}{given}", numbering=Numbering.TWO_DIGITS), names[:2])
    assert [item.proposed for item in two] == ["huongvan", "huongvan02"]
    strict = propose(AddressRule(homographs=Homographs.REFUSE), names[:2])
    assert (strict[1].proposed, strict[1].notes[-1][0]) == ("", Note.REFUSED)
    alike = propose(AddressRule(pattern="{given}"), ["Trần Lan"], taken=["1an"])
    assert alike[0].notes == ((Note.LOOKS_ALIKE, "1an"),)


def test_a_preview_of_the_people_who_are_there_changes_nothing(staffed: Connection) -> None:
    pattern = AddressRule(pattern="{given}.{family}", unit_pattern="{unit}.{parent}")
    shown = {
        item.current.split("@")[0]: item.proposed
        for item in preview_addresses(staffed, SERVER, pattern, on=TODAY)
    }
    assert shown == {"annv": "an.nguyen", "it": "mai.do", "bithu": "bi.le", "daron": "daron.ubnd"}
    assert repository.account_by_login(staffed, "an.nguyen") is None

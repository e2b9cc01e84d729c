from datetime import date

import pytest
from sqlalchemy import Connection, select, update

from directory import audit, life, provision, repository, upkeep
from directory.model import AccountState, AdminRole, PlanId, PostRole, Right
from directory.policies import PolicyName, Where, read_fields, set_policy
from directory.provision import PlanDriftedError
from directory.repository.administrators import appoint, list_administrators
from directory.repository.groups import add_members, create_group
from directory.scope import SERVER, scope_of
from directory.tables import accounts, app_passwords, departures
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_accounts, import_units
from tests.directory.structure import structure

SPRING = date(2026, 1, 1)
STAFF = """\
address,full_name,unit,kind,role,title
daron,,DAR,unit,,
syt,,SYT,unit,,
chutich.daron,Chủ tịch xã,DAR,post,head,
annv,Nguyễn Văn An,DAR,personal,head,Chủ tịch
hanh,Ka Thị Hạnh,DAR,personal,records_clerk,Văn thư
it,Đỗ Thị Mai,UBND,personal,,
bithu,Lê Văn Bí,TU,personal,head,Bí thư
"""


@pytest.fixture
def staffed(conn: Connection) -> Connection:
    import_units(conn, on=SPRING)
    import_accounts(conn, STAFF, on=SPRING)
    for person in ("annv", "hanh"):
        repository.grant(conn, box(conn, "daron").id, box(conn, person).id, Right.READ | Right.ACT, NOW)
    return conn


def box(conn: Connection, login: str):
    found = repository.account_by_login(conn, login)
    assert found is not None, login
    return found


def plan(conn: Connection, act: life.LifeAct, on: date = TODAY, scope=SERVER) -> life.LifePlan:
    return life.plan_life(conn, scope, act, on=on, at=NOW)


def apply(conn: Connection, act: life.LifeAct, on: date = TODAY) -> PlanId:
    made = plan(conn, act, on)
    assert made.refused == ()
    done = life.apply_life(
        conn, made, at=NOW, actor="test", on_joined=lambda _pairs: None, on_left=lambda _who: None
    )
    return provision.store_plan(
        conn, made.kind, made, at=NOW, actor="test", applied=True, body="{}", undo=done.to_json()
    )


def take_back(conn: Connection, kept: PlanId) -> None:
    undo = provision.prepare_undo(conn, SERVER, kept, lambda _boxes: {})
    provision.carry_out_undo(conn, undo, at=NOW, actor="test")


def faults(made: life.LifePlan) -> list[str]:
    return [remark.fault.value for remark in made.refused]


def shared(conn: Connection, login: str, on: date = TODAY) -> set[str]:
    return {item.account.address.local for item in repository.delegated_to(conn, box(conn, login).id, on)}


def test_a_transfer_takes_the_box_along_and_leaves_the_units_boxes(staffed: Connection) -> None:
    an = box(staffed, "annv")
    appoint(staffed, an.id, an.unit_id, AdminRole.UNIT, NOW)
    before = structure(staffed)
    act = life.Transfer("annv", "SYT", PostRole.DEPUTY, "Phó Giám đốc", share_unit_box=True)
    made = plan(staffed, act)
    assert made.counts["move"] == 1
    assert [remark.fault.value for remark in made.warnings] == ["nobody_reads"]  # the chairman's box
    kept = apply(staffed, act)
    moved = box(staffed, "annv")
    assert (moved.id, moved.unit_id) == (an.id, box(staffed, "syt").unit_id)
    assert shared(staffed, "annv") == {"syt"}
    assert list_administrators(staffed, an.id) == []
    held = repository.posts_of(staffed, an.person_id)
    assert [(post.role, post.primary, post.period.valid_to) for post in held] == [
        (PostRole.HEAD, True, TODAY),
        (PostRole.DEPUTY, True, None),
    ]
    assert audit.lines(staffed, limit=1)[0].act == "person.transfer"
    take_back(staffed, kept)
    assert structure(staffed) == before


def test_a_second_post_brings_the_post_box_and_its_end_takes_it_away(staffed: Connection) -> None:
    kept = apply(staffed, life.SecondPost("hanh", "UBND", PostRole.DEPUTY, "Phó Chánh văn phòng"))
    assert (
        plan(staffed, life.SecondPost("hanh", "UBND", PostRole.DEPUTY)).refused[0].fault.value == "holds_post"
    )
    apply(staffed, life.EndPost("hanh", "UBND"), on=date(2026, 12, 1))
    hanh = box(staffed, "hanh")
    assert [post.role.value for post in repository.posts_of(staffed, hanh.person_id, TODAY)] == [
        "records_clerk",
        "deputy",
    ]
    assert len(repository.posts_of(staffed, hanh.person_id, date(2026, 12, 1))) == 1
    assert faults(plan(staffed, life.EndPost("hanh", "DAR"))) == ["primary_post"]
    assert faults(plan(staffed, life.EndPost("hanh", "SYT"))) == ["holds_no_post"]
    with pytest.raises(provision.UndoRefusedError):  # its end was decided after it
        take_back(staffed, kept)


def test_who_leaves_keeps_the_box_for_a_time_by_rank_and_nothing_else(staffed: Connection) -> None:
    an, hanh = box(staffed, "annv"), box(staffed, "hanh")
    appoint(staffed, an.id, an.unit_id, AdminRole.UNIT, NOW)
    create_group(staffed, name="Lãnh đạo", address=an.address.__class__("ld", an.address.domain), at=NOW)
    add_members(staffed, repository.list_groups(staffed)[0].id, [an.id, hanh.id])
    staffed.execute(
        app_passwords.insert().values(account_id=an.id, label="điện thoại", digest=b"x" * 32, created_at=NOW)
    )
    before = structure(staffed)
    kept = apply(staffed, life.Departure("annv", life.Reason.RETIREMENT))
    found = life.departure_of(staffed, an.id)
    assert found is not None
    assert found.keep_until == date(2027, 11, 22)  # a head: 12 months
    assert box(staffed, "annv").state is AccountState.LEFT
    assert shared(staffed, "annv") == set()
    assert list_administrators(staffed, an.id) == []
    assert repository.posts_of(staffed, an.person_id, TODAY) == []
    assert repository.members_of(staffed, repository.list_groups(staffed)[0].id) == (hanh.id,)
    assert staffed.execute(select(app_passwords.c.revoked_at)).scalar() == NOW
    assert faults(plan(staffed, life.Transfer("annv", "SYT"))) == ["left"]
    take_back(staffed, kept)
    assert structure(staffed) == before
    apply(staffed, life.Departure("hanh", life.Reason.LEAVE), on=date(2026, 8, 31))
    clerk = life.departure_of(staffed, hanh.id)
    assert clerk is not None
    assert clerk.keep_until == date(2027, 2, 28)  # 6 months, and February is short


def test_who_was_dismissed_reads_no_more_but_the_box_is_kept(staffed: Connection) -> None:
    apply(staffed, life.Departure("annv", life.Reason.DISMISSAL))
    assert box(staffed, "annv").state is AccountState.LOCKED


@pytest.mark.parametrize("reason", [life.Reason.LEAVE, life.Reason.DISMISSAL])
def test_nobody_who_left_is_simply_unlocked(staffed: Connection, reason: life.Reason) -> None:
    apply(staffed, life.Departure("annv", reason))
    with pytest.raises(upkeep.UpkeepRefused) as refused:
        upkeep.unlock(staffed, SERVER, box(staffed, "annv"), actor="test", at=NOW)
    assert "person return" in refused.value.remark.remedy("en")


def test_the_time_of_keeping_follows_the_policy(staffed: Connection) -> None:
    fields = read_fields(PolicyName.KEEPING, {"records_clerk": "9"})
    set_policy(staffed, SERVER, PolicyName.KEEPING, Where(), fields, on=SPRING, actor="test", at=NOW)
    made = plan(staffed, life.Departure("hanh", life.Reason.LEAVE))
    assert made.steps[-1] == ("kept_until", "2027-08-22")


def test_the_box_is_archived_on_its_day_and_not_before(staffed: Connection) -> None:
    apply(staffed, life.Departure("annv", life.Reason.LEAVE))
    assert life.archive_due(staffed, date(2027, 11, 21), NOW) == []
    assert [str(item.address.local) for item in life.archive_due(staffed, date(2027, 11, 22), NOW)] == [
        "annv"
    ]
    assert life.archive_due(staffed, date(2027, 11, 22), NOW) == []
    assert box(staffed, "annv").state is AccountState.ARCHIVED
    assert repository.resolve(staffed, "annv@lamdong.gov.vn") is None


def test_who_comes_back_has_the_kept_box_again(staffed: Connection) -> None:
    assert faults(plan(staffed, life.Return("annv", "SYT"))) == ["not_left"]
    apply(staffed, life.Departure("annv", life.Reason.LEAVE))
    apply(staffed, life.Return("annv", "SYT", PostRole.SPECIALIST, "Chuyên viên"), on=date(2027, 3, 1))
    back = box(staffed, "annv")
    assert (back.state, back.unit_id) == (AccountState.ACTIVE, box(staffed, "syt").unit_id)
    assert staffed.execute(select(departures.c.id)).first() is None


def test_being_away_is_known_on_its_days_and_two_spans_never_overlap(staffed: Connection) -> None:
    hanh = box(staffed, "hanh").id
    apply(staffed, life.Absence("hanh", life.AbsenceKind.MATERNITY, date(2027, 5, 22)))
    assert [life.is_absent(staffed, hanh, day) for day in (date(2026, 11, 21), TODAY, date(2027, 5, 22))] == [
        False,
        True,
        False,
    ]
    again = life.Absence("hanh", life.AbsenceKind.LEAVE, date(2027, 1, 1))
    assert faults(plan(staffed, again)) == ["overlaps"]
    assert faults(plan(staffed, again, on=date(2027, 6, 1))) == ["ends_before_start"]


def test_two_heads_of_one_unit_are_pointed_out(staffed: Connection) -> None:
    made = plan(staffed, life.Transfer("hanh", "DAR", PostRole.HEAD, "Chủ tịch"))
    assert "two_heads" in [remark.fault.value for remark in made.warnings]


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        (life.Transfer("khong", "SYT"), "unknown_box"),
        (life.Transfer("daron", "SYT"), "not_a_person"),
        (life.Transfer("annv", "KHONG"), "unknown_unit"),
        (life.Transfer("annv\0", "SYT"), "unknown_box"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    staffed: Connection, act: life.LifeAct, fault: str
) -> None:
    made = plan(staffed, act)
    assert faults(made) == [fault]
    assert made.refused[0].remedy("vi")
    assert not made.journal


def test_an_administrator_acts_on_people_of_the_own_units_only(staffed: Connection) -> None:
    it = box(staffed, "it")
    appoint(staffed, it.id, it.unit_id, AdminRole.PROVINCE, NOW)
    scope = scope_of(staffed, it.id, TODAY)
    assert plan(staffed, life.Transfer("annv", "SYT"), scope=scope).refused == ()
    assert faults(plan(staffed, life.Departure("bithu", life.Reason.LEAVE), scope=scope)) == ["out_of_scope"]
    assert faults(plan(staffed, life.Transfer("annv", "TU"), scope=scope)) == ["out_of_scope"]
    assert faults(plan(staffed, life.Departure("it", life.Reason.LEAVE), scope=scope)) == ["out_of_scope"]


def test_what_changed_meanwhile_is_not_overwritten(staffed: Connection) -> None:
    made = plan(staffed, life.Transfer("annv", "SYT"))
    staffed.execute(update(accounts).where(accounts.c.id == box(staffed, "annv").id).values(title="Khác"))
    with pytest.raises(PlanDriftedError):
        life.apply_life(
            staffed, made, at=NOW, actor="test", on_joined=lambda _pairs: None, on_left=lambda _who: None
        )


@pytest.mark.parametrize(
    "act",
    [
        life.Transfer("a", "B", PostRole.HEAD, "Chủ tịch", share_unit_box=True),
        life.SecondPost("a", "B", PostRole.DEPUTY),
        life.EndPost("a", "B"),
        life.Departure("a", life.Reason.RETIREMENT),
        life.Return("a", "B"),
        life.Absence("a", life.AbsenceKind.STUDY, date(2027, 1, 1)),
    ],
)
def test_an_act_survives_being_kept(act: life.LifeAct) -> None:
    assert life.from_source(life.to_source(act)) == act


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"act": "fly"}', '{"act": "transfer", "address": 1}'])
def test_what_is_no_act_is_refused(text: str) -> None:
    with pytest.raises(life.SourceError):
        life.from_source(text)

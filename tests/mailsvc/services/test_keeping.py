"""How long deleted letters can be had back: days, the cap, retention rules; and legal holds, which beat them all."""

import pytest
from sqlalchemy import update

from directory import audit
from directory.model import AccountKind, AdminRole
from directory.scope import SERVER, Scope
from directory.tables import accounts
from mailsvc.model.errors import Conflict, NotPermitted
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import hold, housekeeping, index_mail, letters, reach, retention
from mailsvc.services.hold import HoldKind
from mailsvc.services.open_store import open_index
from mailsvc.services.recover import deleted, deleted_in
from mailsvc.storage import mailboxes
from tests.support.mail import NOW, add_account, deliver, inbox, letter, make_store, principal

DAY = 86_400


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data")
    yield store
    store.close()


@pytest.fixture
def an(store):
    with store.write() as uow:
        return principal(add_account(uow, "an", quota=100_000))


@pytest.fixture
def binh(store):
    with store.write() as uow:
        return principal(add_account(uow, "binh"), "binh")


@pytest.fixture
def units(store):
    """Units UBND and SYT below it; SYT has the boxes of An."""
    from datetime import date

    from directory.model import Branch, Tier
    from directory.repository import units as repository

    with store.write() as uow:
        made = {}
        for code, parent in (("UBND", None), ("SYT", "UBND")):
            made[code] = add_unit(
                uow, repository, code, made.get(parent), Branch.STATE, Tier.PROVINCE, date(2026, 1, 1)
            )
        return made


def add_unit(uow, repository, code, parent, branch, tier, day):
    from sqlalchemy import insert

    from directory.tables import unit_versions
    from directory.tables import units as table

    unit = uow.conn.execute(
        insert(table).values(code=code, created_at=NOW).returning(table.c.id)
    ).scalar_one()
    uow.conn.execute(
        insert(unit_versions).values(
            unit_id=unit,
            name=code,
            parent_id=parent,
            tier=tier.value,
            branch=branch.value,
            name_fold=f" {code.lower()} ",
            sort_key=code,
            valid_from=day.isoformat(),
        )
    )
    return unit


def put_into(store, who, unit):
    with store.write() as uow:
        uow.conn.execute(update(accounts).where(accounts.c.id == who.account_id).values(unit_id=unit))


def expunge_all(store, who, name="INBOX"):
    with store.write() as uow:
        place = inbox(uow, who, name=name)
        letters.expunge(uow, place, [(1, int(place.mailbox.uid_next))])


def forget(store, days=0):
    store.clock.now += days * DAY
    with store.write() as uow:
        housekeeping.forget_old(uow, 30)


def run_rules(store):
    """What `Upkeep` does once an hour."""
    reader = store.reader()

    def write(unit, *args):
        with store.write() as uow:
            return unit(uow, *args)

    try:
        done = retention.apply(reader, store.clock(), write)
        for account, octets in housekeeping.over_cap(reader).items():
            write(housekeeping.forget_oldest, account, octets)
        return done
    finally:
        reader.close()


def had_back(store, who):
    with store.read() as db:
        return len(deleted_in(db, who.account_id))


# -- days and the cap


def test_deleted_letters_can_be_had_back_for_thirty_days(store, an):
    deliver(store, letter(1), an.account_id)
    expunge_all(store, an)
    forget(store)
    store.clock.now += 29 * DAY
    with store.read() as db:
        assert deleted(db, an)
    for _ in range(30 * 24):
        forget(store)
    assert had_back(store, an) == 1
    store.clock.now += 2 * DAY
    for _ in range(2 * 24):
        forget(store)
    assert had_back(store, an) == 0


def test_a_clock_that_jumps_takes_nothing_at_once(store, an):
    deliver(store, letter(1), an.account_id)
    expunge_all(store, an)
    forget(store)
    forget(store, days=400)
    assert had_back(store, an) == 1
    store.clock.now -= 400 * DAY
    for _ in range(100):
        forget(store)
    assert had_back(store, an) == 1


def test_deleted_letters_of_a_box_take_a_quarter_of_its_quota_at_most_the_oldest_go_first(store, an):
    for number in range(8):
        deliver(store, letter(number, body=b"x" * 70 + b"\r\n" * 2000), an.account_id)
        expunge_all(store, an)
        store.clock.now += 1
    assert had_back(store, an) == 8
    run_rules(store)
    with store.read() as db:
        left = deleted_in(db, an.account_id)
    assert sum(one.size for one in left) <= 25_000
    assert [one.subject for one in left] == [
        f"Cong van so {number}" for number in range(7, 7 - len(left), -1)
    ]
    assert len(left) >= 4


# -- holds


def test_a_hold_on_a_person_beats_expunge_days_and_cap_until_it_is_released(store, an):
    with store.write() as uow:
        held = hold.place(uow, SERVER, HoldKind.ACCOUNT, "an", reason="QĐ 12/QĐ-TTr", actor="test")
    for number in range(8):
        deliver(store, letter(number, body=b"x" * 70 + b"\r\n" * 2000), an.account_id)
        expunge_all(store, an)
    run_rules(store)
    forget(store, days=400)
    assert had_back(store, an) == 8
    with store.write() as uow:
        hold.release(uow, SERVER, held.id, actor="test")
        with pytest.raises(Conflict):
            hold.release(uow, SERVER, held.id, actor="test")
    forget(store)
    assert had_back(store, an) == 0
    with store.read() as db:
        assert [line.act for line in audit.lines(db.conn, limit=2)] == ["hold.release", "hold.place"]
        (one,) = hold.holds(db, SERVER)
    assert (one.subject, one.in_force, one.released_by) == ("an@lamdong.example", False, "test")


def test_a_hold_on_a_unit_takes_in_boxes_below_and_newcomers_and_lets_nobody_out(store, an, binh, units):
    put_into(store, an, units["SYT"])
    with store.write() as uow:
        held = hold.place(uow, SERVER, HoldKind.UNIT, "UBND", reason="thanh tra", actor="test")
        assert hold.counts(uow, held.id) == (1, 0)
    put_into(store, binh, units["UBND"])
    put_into(store, an, None)
    with store.write() as uow:
        assert hold.add_boxes(uow, held) == 1
        assert hold.counts(uow, held.id) == (2, 0)


def test_a_hold_on_a_search_keeps_what_it_finds_wherever_it_lies(store, an, binh, tmp_path):
    for number in (1, 2):
        content = letter(number, body=b"Du an duong cao toc.\r\n" if number == 1 else b"Khac.\r\n")
        deliver(store, content, an.account_id, binh.account_id)
    engine = open_index(tmp_path)
    reader = store.reader()
    while index_mail.step(reader, engine, batch=50, max_text=10_000):
        pass
    with store.write() as uow:
        hold.place(uow, SERVER, HoldKind.SEARCH, "cao toc", reason="thanh tra", actor="test")

    def write(unit, *args):
        with store.write() as uow:
            return unit(uow, *args)

    hold.refresh(reader, engine, write)
    hold.refresh(reader, engine, write)
    for who in (an, binh):
        expunge_all(store, who)
    forget(store, days=400)
    with store.read() as db:
        assert [one.subject for who in (an, binh) for one in deleted_in(db, who.account_id)] == [
            "Cong van so 1"
        ] * 2
    reader.close()
    engine.close()


def test_a_letter_moved_out_of_a_box_can_be_had_back_there(store, an, binh):
    """So a clerk cannot take a held letter out of the unit's box."""
    from mailsvc.storage import entries

    deliver(store, letter(1), an.account_id)
    with store.write() as uow:
        source = mailboxes.by_name(uow, an.account_id, "INBOX")
        entries.move(uow, source, mailboxes.by_name(uow, binh.account_id, "INBOX"), [(1, 1)])
    assert had_back(store, an) == 1


def test_holds_are_for_those_who_administer_what_is_held(store, an, units):
    put_into(store, an, units["SYT"])
    from directory.scope import Grant, OutOfScopeError

    clerk = Scope(None, (Grant(AdminRole.UNIT, units["SYT"], frozenset({units["SYT"]})),))
    chief = Scope(None, (Grant(AdminRole.PROVINCE, units["SYT"], frozenset({units["SYT"]})),))
    with store.write() as uow:
        for scope in (clerk, Scope(None)):
            with pytest.raises(OutOfScopeError):
                hold.place(uow, scope, HoldKind.ACCOUNT, "an", reason="x", actor="test")
        with pytest.raises(OutOfScopeError):
            hold.place(uow, chief, HoldKind.UNIT, "UBND", reason="x", actor="test")
        with pytest.raises(NotPermitted):
            hold.place(uow, chief, HoldKind.SEARCH, "cao toc", reason="x", actor="test")
        mine = hold.place(uow, chief, HoldKind.UNIT, "SYT", reason="x", actor="test")
        hold.place(uow, SERVER, HoldKind.UNIT, "UBND", reason="x", actor="test")
        assert [one.id for one in hold.holds(uow, chief)] == [mine.id]
        assert hold.holds(uow, clerk) == []


@pytest.mark.parametrize(
    ("kind", "subject", "reason", "refusal"),
    [
        (HoldKind.ACCOUNT, "an", " ", Conflict),
        (HoldKind.ACCOUNT, "nobody", "x", reach.NoSuchSubject),
        (HoldKind.UNIT, "NOWHERE", "x", reach.NoSuchSubject),
        (HoldKind.SEARCH, "", "x", Conflict),
        (HoldKind.SEARCH, "x" * 1001, "x", Conflict),
        (HoldKind.SEARCH, "date:31/31/2026", "x", Conflict),
    ],
)
def test_a_hold_on_nothing_is_refused(store, an, kind, subject, reason, refusal):
    with store.write() as uow, pytest.raises(refusal):
        hold.place(uow, SERVER, kind, subject, reason=reason, actor="test")


# -- retention


def test_a_rule_deletes_letters_after_their_days_by_unit_kind_and_mailbox(store, an, binh, units):
    put_into(store, an, units["SYT"])
    for who in (an, binh):
        deliver(store, letter(1), who.account_id)
        deliver(store, letter(2), who.account_id)
        with store.write() as uow:
            place = inbox(uow, who)
            letters.move(uow, place, inbox(uow, who, name="Trash"), [(1, 1)])
    with store.write() as uow:
        retention.add(
            uow,
            SERVER,
            unit_code="UBND",
            kind=AccountKind.PERSONAL,
            special_use=SpecialUse.TRASH,
            delete_after_days=30,
            actor="test",
        )
        retention.add(uow, SERVER, kind=AccountKind.UNIT, delete_after_days=1, actor="test")
    store.clock.now += 29 * DAY
    assert run_rules(store) == {}
    store.clock.now += 2 * DAY
    assert run_rules(store) == {1: 1}
    with store.read() as db:
        assert [mailboxes.by_name(db, who.account_id, "Trash").exists for who in (an, binh)] == [0, 1]
        assert [mailboxes.by_name(db, who.account_id, "INBOX").exists for who in (an, binh)] == [1, 1]
        assert len(deleted_in(db, an.account_id)) == 1
        assert audit.lines(db.conn, limit=1)[0].act == "retention.apply"


def test_a_hold_beats_a_rule(store, an):
    deliver(store, letter(1), an.account_id)
    with store.write() as uow:
        held = hold.place(uow, SERVER, HoldKind.ACCOUNT, "an", reason="x", actor="test")
        retention.add(uow, SERVER, delete_after_days=1, actor="test")
    store.clock.now += 5 * DAY
    assert run_rules(store) == {}
    with store.write() as uow:
        hold.release(uow, SERVER, held.id, actor="test")
    assert run_rules(store) == {1: 1}


def test_a_rule_keeps_deleted_letters_for_longer(store, an, binh, units):
    put_into(store, an, units["SYT"])
    with store.write() as uow:
        rule = retention.add(uow, SERVER, unit_code="SYT", keep_deleted_days=365, actor="test")
    for who in (an, binh):
        deliver(store, letter(1), who.account_id)
        expunge_all(store, who)
    run_rules(store)
    forget(store, days=364)
    assert (had_back(store, an), had_back(store, binh)) == (1, 0)
    with store.write() as uow:
        assert retention.remove(uow, SERVER, rule.id, actor="test") == rule
    run_rules(store)
    forget(store)
    assert had_back(store, an) == 0


@pytest.mark.parametrize(
    "wrong", [{}, {"delete_after_days": 0}, {"delete_after_days": 1, "keep_deleted_days": 1}]
)
def test_a_rule_says_one_thing_within_reason(store, wrong):
    with store.write() as uow, pytest.raises(Conflict):
        retention.add(uow, SERVER, actor="test", **wrong)

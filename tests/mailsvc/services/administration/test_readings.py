"""Reading in another's box: a reason, an end, two others who approve, an auditor who is told, and a line for each opening."""

from datetime import timedelta

import pytest

from directory import administer, audit, repository
from directory.model import AdminRole, Right, vietnam_day
from directory.scope import SERVER
from mailsvc.model.errors import MailboxMissing, NotPermitted
from mailsvc.services import letters, reading_access, watched
from mailsvc.services.administration import readings
from mailsvc.services.administration.readings import AskReading, ListReadings, OneReading
from mailsvc.services.administration.refusal import ActRefused, Why
from mailsvc.services.permissions import place_by_name
from mailsvc.services.sign_in import principal
from tests.support.mail import DOMAIN, deliver, letter

REASON = "Kiểm tra theo Quyết định 12/QĐ-UBND"


def day(province, days=5):
    return vietnam_day(province.store.clock()) + timedelta(days=days)


def ask(province, who="quantri", box="binh", reader="quantri", days=5, reason=REASON):
    return province.does(who, readings.REQUEST, AskReading(box, reader, reason, day(province, days)))


def approve(province, who, number):
    return province.does(who, readings.APPROVE, OneReading(number))


def in_force(province):
    made = ask(province)
    approve(province, "tinh", made.id)
    return approve(province, "chi", made.id)


def inbox(db, province, reader="quantri", box="binh"):
    return place_by_name(db, principal(db, province.ids[reader]), province.ids[box], "INBOX")


def why(call, *words, **named):
    with pytest.raises(ActRefused) as refused:
        call(*words, **named)
    return refused.value.why, refused.value.detail.get("fault", "")


def acts(province, box="binh"):
    with province.store.read() as db:
        return [line.act for line in audit.lines(db.conn, subject=f"{box}@{DOMAIN}")]


def test_nothing_may_be_read_before_two_others_have_approved(province):
    made = ask(province)
    for who in (None, "tinh"):
        with province.store.read() as db, pytest.raises(MailboxMissing):
            inbox(db, province)
        if who:
            assert approve(province, who, made.id).state == "waiting"
    found = approve(province, "chi", made.id)
    assert (found.state, found.approvers) == ("in_force", [f"tinh@{DOMAIN}", f"chi@{DOMAIN}"])
    with province.store.read() as db:
        place = inbox(db, province)
    assert (place.rights, place.is_watched) == (Right.READ, True)
    assert acts(province)[:4] == ["reading.begin", "reading.approve", "reading.approve", "reading.request"]


def test_the_auditor_is_told_by_a_letter(province):
    in_force(province)
    with province.store.read() as db:
        place = place_by_name(db, principal(db, province.ids["giamsat"]), province.ids["giamsat"], "INBOX")
        rows = letters.columns(db, place, 1, 10, ("subject", "message_id"))
        text = letters.content(db, rows[0][2]).decode()
    assert "binh@" in rows[0][1]
    assert "Auto-Submitted: auto-generated" in text


def test_without_an_auditor_it_does_not_begin(province):
    with province.store.write() as uow:
        unit = repository.unit_by_code(uow.conn, "SYT", vietnam_day(uow.clock()))
        account = repository.account_by_login(uow.conn, "giamsat")
        administer.dismiss(uow.conn, SERVER, account, unit, AdminRole.AUDITOR, actor="t", at=uow.clock())
    made = ask(province)
    approve(province, "tinh", made.id)
    assert why(approve, province, "chi", made.id) == (Why.CONFLICT, "no_auditor")
    assert province.does("tinh", readings.LIST, ListReadings())[0].state == "waiting"


def test_who_asks_reads_or_has_approved_is_not_another(province):
    own = ask(province, "tinh", reader="chi")
    assert why(approve, province, "tinh", own.id)[1] == "not_another"  # asked
    assert why(approve, province, "chi", own.id)[1] == "not_another"  # reads
    assert approve(province, "an", own.id).state == "waiting"
    assert why(approve, province, "an", own.id)[1] == "not_another"  # again
    assert why(approve, province, None, own.id)[1] == "not_another"  # a console is nobody


@pytest.mark.parametrize("who", ["hotro", "giamsat", "quantri", "quandang", "binh"])
def test_only_the_province_approves_and_no_other_branch(province, who):
    made = ask(province, "tinh", reader="tinh")
    assert why(approve, province, who, made.id)[0] in {Why.NOT_PERMITTED, Why.NOT_FOUND}


def test_the_help_desk_neither_asks_nor_reads(province):
    assert why(ask, province, "hotro")[0] is Why.NOT_PERMITTED
    assert why(ask, province, "tinh", reader="hotro")[1] == "reader"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"reason": "tò mò"}, "reason"),
        ({"days": -1}, "until"),
        ({"days": 31}, "until"),
        ({"reader": "binh"}, "reader"),
        ({"reader": "syt"}, "reader"),
    ],
)
def test_what_cannot_be_asked_for_is_named(province, changed, fault):
    assert why(ask, province, "tinh", **changed)[1] == fault


def test_the_party_is_not_reached(province):
    assert why(ask, province, "tinh", box="dang")[0] is Why.NOT_FOUND


def test_the_right_ends_by_itself_and_the_log_says_so(province):
    in_force(province)
    province.store.clock.now += 6 * 86_400
    with province.store.read() as db, pytest.raises(MailboxMissing):
        inbox(db, province)
    with province.store.write() as uow:
        reading_access.end_expired(uow)
    assert acts(province)[0] == "reading.end"
    assert province.does("tinh", readings.LIST, ListReadings())[0].state == "ended"


def test_it_can_be_ended_before_its_day(province):
    found = in_force(province)
    assert province.does("quantri", readings.END, OneReading(found.id)).state == "ended"
    with province.store.read() as db, pytest.raises(MailboxMissing):
        inbox(db, province)
    assert why(province.does, "quantri", readings.END, OneReading(found.id))[1] == "over"


def test_what_is_opened_is_written_down_and_nothing_is_taken_along(province):
    deliver(province.store, letter(1), province.ids["binh"], local="binh")
    in_force(province)
    with province.store.write() as uow:
        place = inbox(uow, province)
        watched.opened(uow, place, [1])
        own = place_by_name(uow, principal(uow, province.ids["quantri"]), province.ids["quantri"], "INBOX")
        with pytest.raises(NotPermitted):
            letters.copy(uow, place, own, [(1, 1)])
        assert letters.mark_seen(uow, place, [(1, 1)]).mod_seq is None  # the owner sees no trace in the box
    assert acts(province)[0] == "reading.open"


def test_the_list_shows_what_one_may_know_of(province):
    ask(province)
    assert len(province.does("giamsat", readings.LIST, ListReadings())) == 1
    assert province.does("quandang", readings.LIST, ListReadings()) == []

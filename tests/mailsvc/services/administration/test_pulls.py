"""A phishing letter is found in all boxes of a scope, taken out of them, and given back; people's reports lead to it."""

import pytest

from directory import audit
from directory.model import Right
from directory.repository import delegations
from mailsvc.model.flags import SEEN
from mailsvc.services import index_mail, letters, pull, recover
from mailsvc.services.administration import pulls
from mailsvc.services.administration.pulls import FindLetters, ListPulls, OneWithdrawal, WithdrawLetter
from mailsvc.services.administration.refusal import ActRefused, Why
from mailsvc.services.letters import FlagChange
from mailsvc.services.open_store import open_index
from mailsvc.services.permissions import place_by_name
from mailsvc.services.sign_in import principal
from mailsvc.services.verify import verify
from mailsvc.storage import mailboxes
from tests.support.mail import DOMAIN, deliver, letter, make_store
from tests.support.postgres import postgres_server, postgres_url
from tests.support.province import make_province

__all__ = ["postgres_server", "postgres_url"]
REASON = "Giả mạo Kho bạc, có liên kết lạ"
STATE = ("an", "binh", "chi", "syt", "tinh")


@pytest.fixture
def struck(province):
    """One letter in the boxes of the state side and of the Party, and another that is harmless."""
    ids = [province.ids[local] for local in (*STATE, "dang")]
    deliver(province.store, letter(1, body=b"http://xau.example\r\n"), *ids)
    deliver(province.store, letter(2), *ids)
    return province


def find(province, who="tinh", **sought):
    return province.does(who, pulls.FIND, FindLetters(**(sought or {"message_id": f"<1@{DOMAIN}>"})))


def withdraw(province, who="tinh", reason=REASON):
    found = find(province, who)
    return province.does(who, pulls.WITHDRAW, WithdrawLetter(found[0].id, reason))


def held(province, local):
    with province.store.read() as db:
        return mailboxes.by_name(db, province.ids[local], "INBOX").exists


def place(db, province, local):
    return place_by_name(db, principal(db, province.ids[local]), province.ids[local], "INBOX")


def test_a_letter_is_found_by_its_id_sender_or_words(struck):
    (found,) = find(struck)
    assert (found.boxes, found.opened, found.sender) == (5, 0, f"vanthu@{DOMAIN}")
    assert len(find(struck, sender=f"vanthu@{DOMAIN}")) == 2
    assert len(find(struck, sender=DOMAIN, words="cong van so 2")) == 1
    assert find(struck, message_id="1@" + DOMAIN)[0].id == found.id
    assert find(struck, message_id="<9@x>") == []
    with pytest.raises(ActRefused) as refused:
        find(struck, words="  ")
    assert refused.value.why is Why.INVALID


def test_it_is_found_by_what_it_says_once_it_is_indexed(struck):
    assert find(struck, text="xau.example") == []
    engine = open_index(struck.store.data_dir)
    reader = struck.store.reader()
    while index_mail.step(reader, engine, batch=50, max_text=10_000):
        pass
    reader.close()
    engine.close()
    (found,) = find(struck, text="xau.example")
    assert (found.message_id, found.boxes) == (f"<1@{DOMAIN}>", 5)
    assert find(struck, "quandang", text="xau.example")[0].boxes == 1
    with pytest.raises(ActRefused):
        find(struck, text="date:2026-99-99")


def test_looking_into_everybody_s_mail_is_written_down(struck):
    find(struck, words="cong van")
    with struck.store.read() as db:
        line = audit.lines(db.conn, limit=1)[0]
    assert (line.act, line.actor, line.subject) == ("letter.find", f"tinh@{DOMAIN}", "cong van")


def test_it_goes_from_all_boxes_of_the_scope_and_the_party_keeps_its_own(struck):
    done = withdraw(struck)
    assert done.letters == 5
    assert [held(struck, local) for local in STATE] == [1] * 5
    assert held(struck, "dang") == 2
    assert find(struck) == []
    with struck.store.read() as db:
        assert not verify(db).faults
        acts = [line.act for line in audit.lines(db.conn, subject=f"<1@{DOMAIN}>")]
    assert acts == ["letter.find", "letter.withdrawn", "letter.withdraw", "letter.find"]


def test_its_owner_cannot_have_it_back_but_whoever_withdrew_it_can_give_it(struck):
    done = withdraw(struck)
    with struck.store.read() as db:
        assert recover.deleted(db, principal(db, struck.ids["an"])) == []
    (listed,) = struck.does("tinh", pulls.WITHDRAWN, ListPulls())
    assert (listed.letters, listed.reason, listed.restored_at) == (5, REASON, None)
    back = struck.does("tinh", pulls.RESTORE, OneWithdrawal(done.id))
    assert (back.letters, back.left) == (5, 0)
    assert [held(struck, local) for local in STATE] == [2] * 5
    assert struck.does("tinh", pulls.WITHDRAWN, ListPulls()) == []
    assert struck.does(None, pulls.WITHDRAWN, ListPulls())[0].restored_at is not None
    with struck.store.read() as db:
        assert not verify(db).faults


def test_what_people_sent_themselves_is_left_alone(struck):
    with struck.store.write() as uow:
        sent = place_by_name(uow, principal(uow, struck.ids["an"]), struck.ids["an"], "Sent")
        letters.copy(uow, place(uow, struck, "an"), sent, [(1, 1)])
    withdraw(struck)
    with struck.store.read() as db:
        assert mailboxes.by_name(db, struck.ids["an"], "Sent").exists == 1


def test_a_letter_that_was_read_is_told_as_opened(struck):
    with struck.store.write() as uow:
        letters.store_flags(uow, place(uow, struck, "an"), [(1, 1)], FlagChange.ADD, SEEN)
    assert find(struck)[0].opened == 1


@pytest.mark.parametrize("who", ["hotro", "quantri", "giamsat"])
def test_nobody_but_the_province_withdraws(struck, who):
    number = find(struck)[0].id
    with pytest.raises(ActRefused) as refused:
        struck.does(who, pulls.WITHDRAW, WithdrawLetter(number, REASON))
    assert refused.value.why is Why.NOT_PERMITTED


def test_the_party_withdraws_from_its_own_boxes(struck):
    assert withdraw(struck, "quandang").letters == 1
    assert (held(struck, "an"), held(struck, "dang")) == (2, 1)


def test_a_withdrawal_of_another_branch_is_not_there(struck):
    done = withdraw(struck)
    assert struck.does("quandang", pulls.WITHDRAWN, ListPulls()) == []
    with pytest.raises(ActRefused) as refused:
        struck.does("quandang", pulls.RESTORE, OneWithdrawal(done.id))
    assert refused.value.why is Why.NOT_FOUND


@pytest.mark.parametrize("reason", ["vì", "          "])
def test_without_a_reason_nothing_goes(struck, reason):
    with pytest.raises(ActRefused):
        withdraw(struck, reason=reason)
    assert held(struck, "an") == 2


def test_a_letter_that_is_not_there_is_refused(struck):
    with pytest.raises(ActRefused) as refused:
        struck.does("tinh", pulls.WITHDRAW, WithdrawLetter(999_999, REASON))
    assert refused.value.why is Why.NOT_FOUND


def test_a_full_box_does_not_keep_the_others_waiting(struck):
    done = withdraw(struck)
    with struck.store.write() as uow:
        uow.conn.exec_driver_sql(f"UPDATE boxes SET quota = 1 WHERE account_id = {struck.ids['an']}")
    back = struck.does("tinh", pulls.RESTORE, OneWithdrawal(done.id))
    assert (back.letters, back.left) == (4, 1)
    assert struck.does("tinh", pulls.WITHDRAWN, ListPulls())[0].letters == 1


def report(province, local, kind=pull.Report.PHISHING, box=None):
    with province.store.write() as uow:
        who = principal(uow, province.ids[local])
        where = place_by_name(uow, who, province.ids[box or local], "INBOX")
        return pull.report_letter(uow, where, 1, kind)


def test_reports_of_people_come_to_the_administrators_of_their_units(struck):
    with struck.store.write() as uow:
        delegations.grant(uow.conn, struck.ids["syt"], struck.ids["an"], Right.READ, 0)
    assert report(struck, "an")
    assert not report(struck, "an")
    assert not report(struck, "an", box="syt")
    assert report(struck, "binh")
    assert report(struck, "chi", pull.Report.JUNK)
    found = struck.does("tinh", pulls.REPORTS, ListPulls())
    assert [(one.kind, one.reports, one.boxes) for one in found] == [("phishing", 2, 5), ("junk", 1, 5)]
    assert struck.does("quandang", pulls.REPORTS, ListPulls()) == []
    withdraw(struck)
    assert struck.does("tinh", pulls.REPORTS, ListPulls())[0].boxes == 0


def test_it_is_the_same_on_postgresql(tmp_path, postgres_url):
    one = make_province(tmp_path / "data", make_store(tmp_path / "data", postgres_url))
    deliver(one.store, letter(1), *(one.ids[local] for local in (*STATE, "dang")))
    report(one, "an")
    assert one.does("tinh", pulls.REPORTS, ListPulls())[0].boxes == 5
    done = withdraw(one)
    assert done.letters == 5
    assert one.does("tinh", pulls.RESTORE, OneWithdrawal(done.id)).letters == 5
    assert find(one)[0].boxes == 5
    one.close()

"""The reader's button for harmful letters: it tells the administrators, and the letter goes to Junk."""

import pytest

from directory.scope import SERVER
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import pull
from tests.webmail.conftest import Reader
from tests.webmail.test_services import PASSWORD, Office


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    one = Office(tmp_path_factory.mktemp("office") / "data")
    yield one
    one.engine.close()
    one.store.close()


@pytest.mark.parametrize(("act", "kind"), [("phishing", "phishing"), ("junk", "junk")])
def test_a_letter_that_is_reported_goes_to_junk_and_to_the_administrators_list(office, act, kind):
    office.deliver("an", subject=f"Hop thu sap day {act}")
    reader = Reader(office.app)
    reader.sign_in(f"an@{office.settings.domain}", PASSWORD)
    inbox = office.box("an")
    uid = inbox.uid_next - 1
    page = reader.get(f"/mail/{inbox.id}/{uid}").get_data(as_text=True)
    assert "Báo thư lừa đảo" in page
    assert "Báo thư rác" in page
    answer = reader.post_json("/act", {"letter": f"{inbox.id}-{uid}", "act": act})
    assert answer.json == {"ok": True, "text": "Đã báo 1 thư cho quản trị"}
    junk = office.box("an", SpecialUse.JUNK)
    assert junk.exists >= 1
    with office.store.read() as db:
        found = [one for one in pull.reported(db, SERVER) if one.subject.endswith(act)]
    assert [(one.kind.value, one.reports, one.boxes) for one in found] == [(kind, 1, 1)]
    text = reader.get(f"/mail/{junk.id}/{junk.uid_next - 1}").get_data(as_text=True)
    assert "Báo thư lừa đảo" not in text

"""A letter that bears a mark of a state secret (độ mật) does not leave from the page, and its draft stays."""

import io

import pytest

from mailsvc.services import letters
from tests.support.mail import inbox, principal
from tests.webmail.test_scheduled import GONE, UNDO, WAITS, counts, look, write
from tests.webmail.test_services import Office, text


@pytest.fixture(params=[0, UNDO])
def office(tmp_path, request):
    office = Office(tmp_path / "data", undo_seconds=request.param)
    yield office
    office.close()


@pytest.mark.parametrize(
    "marked", [{"subject": "MẬT: phương án phòng thủ"}, {"text": "TUYỆT MẬT\n\nPhương án phòng thủ"}]
)
def test_it_is_refused_when_send_is_pressed(office, marked):
    answer = write(office, office.reader(), **marked)
    assert "độ mật nhà nước" in answer["error"]
    assert counts(office) == WAITS


def test_what_only_speaks_of_secrets_goes(office):
    write(office, office.reader(), subject="Về bảo vệ bí mật nhà nước", text="Gửi chị quy chế bảo mật.")
    office.store.clock.now += UNDO
    look(office)
    assert counts(office) == GONE


def test_what_waits_is_looked_at_again_when_it_goes(tmp_path):
    office = Office(tmp_path / "data", undo_seconds=UNDO)
    office.settings.sending.__dict__["secrecy_guard"] = False
    reader = office.reader()
    write(office, reader, subject="TỐI MẬT: phương án")
    office.settings.sending.__dict__["secrecy_guard"] = True
    office.store.clock.now += UNDO
    look(office)
    assert counts(office) == WAITS
    assert "Chưa gửi: thư mang dấu độ mật nhà nước" in text(reader.get("/scheduled"))
    told = office.box("an").exists
    office.close()
    assert told == 1


def test_a_scan_that_nobody_could_look_into_is_named_in_the_trace(tmp_path):
    office = Office(tmp_path / "data", undo_seconds=UNDO)
    scan = (io.BytesIO(b"\x89PNG"), "quet van ban.png", "image/png")
    write(office, office.reader(), files=scan)
    office.store.clock.now += UNDO
    look(office)
    with office.store.read() as db:
        place = inbox(db, principal(office.ids["huong"], "huong"))
        received = letters.octets(db, letters.entry(db, place, 1))
    office.close()
    assert b"X-Congvu-Uninspected: quet van ban.png\r\n" in received

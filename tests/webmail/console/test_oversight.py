"""Harmful letters and reading in others' boxes, in the console: each act by its form, nothing for whom it is not."""

import re

from directory import administer, repository
from directory.model import AdminRole, vietnam_day
from directory.scope import SERVER
from mailsvc.services import pull
from mailsvc.services.permissions import place_by_name
from mailsvc.services.sign_in import principal
from tests.support.mail import DOMAIN, deliver, letter

REASON = "Kiểm tra theo Quyết định 12/QĐ-UBND"


def text(answer):
    return answer.get_data(as_text=True)


def reported(province):
    """One letter in two boxes, which one of their people reports as phishing."""
    deliver(province.store, letter(1), province.ids["an"], province.ids["binh"])
    with province.store.write() as uow:
        who = principal(uow, province.ids["an"])
        place = place_by_name(uow, who, province.ids["an"], "INBOX")
        pull.report_letter(uow, place, 1, pull.Report.PHISHING)


def test_a_reported_letter_is_withdrawn_and_given_back_by_forms(as_, province):
    reported(province)
    reader = as_("tinh")
    shown = text(reader.get("/quan-tri/thu-doc-hai"))
    assert "1 · lừa đảo" in shown
    number = re.search(r'name="id" value="(\d+)"', shown)[1]
    form = {"id": number, "reason": "giả mạo Kho bạc", "back": "/quan-tri/thu-doc-hai"}
    done = reader.post("/quan-tri/viec/letter.withdraw", form)
    assert done.headers["Location"] == "/quan-tri/thu-doc-hai?done=letter.withdraw"
    shown = text(reader.get(done.headers["Location"]))
    assert "Đã thu hồi thư" in shown
    assert "giả mạo Kho bạc" in shown
    back = reader.post(
        "/quan-tri/viec/letter.restore_withdrawn", {"id": "1", "back": "/quan-tri/thu-doc-hai"}
    )
    assert back.status_code == 303
    found = text(reader.get("/quan-tri/thu-doc-hai?words=cong+van"))
    assert "Cong van so 1" in found
    assert "Không có thư nào" in text(reader.get("/quan-tri/thu-doc-hai?sender=nobody@x"))


def test_only_the_province_has_the_page_of_harmful_letters(as_, province):
    reported(province)
    assert "/quan-tri/thu-doc-hai" in text(as_("tinh").get("/quan-tri"))
    for local in ("quantri", "hotro", "giamsat"):
        assert as_(local).get("/quan-tri/thu-doc-hai").status_code == 403
    assert "Cong van" not in text(as_("quandang").get("/quan-tri/thu-doc-hai?words=cong+van"))


def test_reading_is_asked_for_and_approved_by_two_in_the_browser(as_, province):
    with province.store.write() as uow:
        unit = repository.unit_by_code(uow.conn, "UB", vietnam_day(uow.clock()))
        chi = repository.account_by_login(uow.conn, "chi")
        administer.appoint(uow.conn, SERVER, chi, unit, AdminRole.PROVINCE, actor="t", at=uow.clock())
    until = vietnam_day(province.store.clock()).isoformat()
    page = "/quan-tri/doc-ho-thu"
    asks = as_("quantri")
    form = {"box": "binh", "reader": "quantri", "reason": REASON, "until": until, "back": page}
    assert asks.post("/quan-tri/viec/reading.request", form).status_code == 303
    assert "reading.approve" not in text(asks.get(page))
    for local in ("tinh", "chi"):
        reader = as_(local)
        assert "reading.approve" in text(reader.get(page))
        assert reader.post("/quan-tri/viec/reading.approve", {"id": "1", "back": page}).status_code == 303
    shown = text(asks.get(page))
    assert "Có hiệu lực" in shown
    assert f"tinh@{DOMAIN}, chi@{DOMAIN}" in shown
    assert asks.post("/quan-tri/viec/reading.end", {"id": "1", "back": page}).status_code == 303
    assert "Đã kết thúc" in text(asks.get(page))


def test_a_request_that_is_refused_says_why(as_, province):
    form = {"box": "binh", "reader": "quantri", "reason": "tò mò", "until": "2020-01-01"}
    refused = as_("quantri").post("/quan-tri/viec/reading.request", form)
    assert refused.status_code == 422
    assert "Lý do cần" in text(refused)


def test_the_help_desk_may_look_and_do_nothing(as_, province):
    shown = text(as_("hotro").get("/quan-tri/doc-ho-thu"))
    assert "reading.request" not in shown

"""The console without a browser: what each role is shown, what forms do, what is refused."""

import io
import re

import pytest

from mailsvc.services.administration import log
from mailsvc.services.administration.catalogue import BY_NAME
from tests.support.mail import DOMAIN
from tests.support.province import Province
from webmail.console.acting import OFFERED
from webmail.translations import console_en, console_vi

ROSTER = "address,full_name,unit,kind\n,Vũ Thị Mới,PK,personal\n"
SECRET = re.compile(r'class="c-secret"[^>]*>([^<]+)<')


def text(answer) -> str:
    return answer.get_data(as_text=True)


def upload(reader, roster: str):
    return reader.post(
        "/quan-tri/ke-hoach",
        {"roster": (io.BytesIO(roster.encode()), "ds.csv")},
        content_type="multipart/form-data",
    )


def test_both_languages_have_the_same_words() -> None:
    assert console_vi.WORDS.keys() == console_en.WORDS.keys()
    assert all(f"c_done_{name}" in console_vi.WORDS for name in OFFERED)


def test_whoever_administers_something_finds_the_way_in_the_menu_of_the_mail_page(as_) -> None:
    def menu(local: str) -> str:
        reader = as_(local)
        return text(reader.get(reader.get("/mail").headers["Location"]))

    assert 'href="/quan-tri"' in menu("hotro")
    assert 'id="me"' in menu("an")
    assert 'href="/quan-tri"' not in menu("an")


def test_strangers_sign_in_first_and_people_without_a_role_are_refused(app, as_) -> None:
    assert app.test_client().get("/quan-tri").headers["Location"] == "/sign-in?next=/quan-tri"
    for path in ("", "/tim?q=an", "/tai-khoan/an", "/ke-hoach", "/quan-tri-vien", "/nhat-ky"):
        assert as_("an").get(f"/quan-tri{path}").status_code == 403


def test_the_tree_opens_along_the_way_to_the_chosen_unit(as_) -> None:
    reader = as_("tinh")
    root = text(reader.get("/quan-tri"))
    assert "Sở Y tế" in root
    assert "Phòng khám" not in root
    below = text(reader.get("/quan-tri?unit=SYT"))
    assert "Phòng khám" in below
    assert f"an@{DOMAIN}" in below
    assert reader.get("/quan-tri?unit=VPTU").status_code == 404


def test_a_name_is_found_without_marks_inside_the_scope_only(as_) -> None:
    page = text(as_("quantri").get("/quan-tri/tim?q=nguyen van an"))
    assert f"an@{DOMAIN}" in page
    assert "Lê Thị Chi" not in text(as_("quantri").get("/quan-tri/tim?q=le thi chi"))


def test_a_page_offers_only_what_the_role_may_do(as_) -> None:
    offered = {
        local: set(
            re.findall(r'action="/quan-tri/viec/([^"]+)"', text(as_(local).get("/quan-tri/tai-khoan/an")))
        )
        for local in ("tinh", "quantri", "hotro", "giamsat")
    }
    assert offered["giamsat"] == set()
    assert offered["hotro"] == {"account.reset"}
    assert {"account.reset", "account.lock", "account.transfer"} <= offered["quantri"]
    assert as_("quandang").get("/quan-tri/tai-khoan/an").status_code == 404


def test_a_reset_shows_the_one_time_password_once(as_) -> None:
    reader = as_("hotro")
    answer = reader.post("/quan-tri/viec/account.reset", {"address": f"an@{DOMAIN}"})
    assert SECRET.search(text(answer))
    assert answer.headers["Cache-Control"] == "no-store"
    assert not SECRET.search(text(reader.get("/quan-tri/tai-khoan/an")))


def test_an_account_is_made_locked_and_moved_by_forms(as_, province: Province) -> None:
    reader = as_("quantri")
    made = reader.post("/quan-tri/tai-khoan-moi", {"name": "Vũ Văn Mới", "unit": "SYT", "kind": "personal"})
    assert SECRET.search(text(made))
    here = f"/quan-tri/tai-khoan/moivv@{DOMAIN}"
    locked = reader.post(
        "/quan-tri/viec/account.lock", {"address": f"moivv@{DOMAIN}", "reason": "nghỉ", "back": here}
    )
    assert (locked.status_code, locked.headers["Location"]) == (303, f"{here}?done=account.lock")
    assert "Đã khóa tài khoản." in text(reader.get(locked.headers["Location"]))
    moved = reader.post("/quan-tri/viec/account.transfer", {"address": f"moivv@{DOMAIN}", "unit": "PK"})
    assert moved.status_code == 303
    assert province.account("moivv").state.value == "locked"
    acts = [line.act for line in province.does(None, log.LIST, log.ReadLog(f"moivv@{DOMAIN}")).lines]
    assert acts == ["account.locked"]


def test_a_form_that_is_refused_keeps_what_was_typed(as_) -> None:
    answer = as_("quantri").post(
        "/quan-tri/tai-khoan-moi", {"name": "Vũ <b>Mới", "unit": "SYT", "address": "a@x.vn"}
    )
    assert answer.status_code == 422
    assert "Vũ &lt;b&gt;Mới" in text(answer)
    assert "x.vn" in text(answer)


def test_a_roster_is_previewed_applied_and_undone(as_, province: Province) -> None:
    reader = as_("quantri")
    made = upload(reader, ROSTER)
    assert made.status_code == 303
    plan = made.headers["Location"]
    assert f"moivt@{DOMAIN}" in text(reader.get(plan))
    number = plan.rpartition("/")[2]
    slips = text(reader.post("/quan-tri/viec/plan.apply", {"plan_id": number}))
    assert f"moivt@{DOMAIN}" in slips
    assert "<code" in slips
    assert "<code" not in text(reader.get(plan))
    assert reader.post("/quan-tri/viec/plan.undo", {"plan_id": number, "back": plan}).status_code == 303
    assert province.account("moivt").state.value == "archived"


def test_a_roster_for_another_unit_is_refused_line_by_line(as_) -> None:
    answer = upload(as_("quantri"), ROSTER.replace("PK", "STC"))
    assert answer.status_code == 422
    assert "ngoài phạm vi" in text(answer)
    assert upload(as_("quantri"), "").status_code == 422


def test_administrators_are_appointed_and_dismissed(as_) -> None:
    reader = as_("tinh")
    form = {"address": f"chi@{DOMAIN}", "unit": "STC", "role": "unit", "back": "/quan-tri/quan-tri-vien"}
    assert reader.post("/quan-tri/viec/admin.grant", form).status_code == 303
    assert f"chi@{DOMAIN}" in text(reader.get("/quan-tri/quan-tri-vien"))
    assert as_("chi").get("/quan-tri").status_code == 200
    assert reader.post("/quan-tri/viec/admin.revoke", form).status_code == 303
    assert as_("chi").get("/quan-tri").status_code == 403


def test_the_log_is_read_by_those_who_may(as_) -> None:
    as_("quantri").post("/quan-tri/viec/account.lock", {"address": f"an@{DOMAIN}"})
    page = text(as_("giamsat").get(f"/quan-tri/nhat-ky?about=an@{DOMAIN}&verify=1"))
    assert "nguyên vẹn" in page
    assert f"quantri@{DOMAIN}" in page
    assert as_("hotro").get("/quan-tri/nhat-ky").status_code == 403


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_the_door_of_forms_opens_only_to_acts_that_some_form_offers(as_, name: str) -> None:
    answer = as_("quantri").post(f"/quan-tri/viec/{name}", {"address": f"dang@{DOMAIN}"})
    assert answer.status_code in ({400, 403, 404} if name in OFFERED else {404})


def test_forms_of_other_sites_and_without_a_token_do_nothing(as_, province: Province) -> None:
    reader = as_("quantri")
    form = {"address": f"an@{DOMAIN}"}
    other = reader.post("/quan-tri/viec/account.lock", form, headers={"Origin": "https://evil.example"})
    reader.token = "x"
    assert {other.status_code, reader.post("/quan-tri/viec/account.lock", form).status_code} == {403}
    assert province.account("an").state.value == "active"


def test_the_way_back_stays_in_the_console(as_) -> None:
    for back in ("https://evil.example", "//evil.example", "/mail", "/quan-tri\\@evil"):
        form = {"address": f"an@{DOMAIN}", "back": back}
        answer = as_("quantri").post("/quan-tri/viec/account.lock", form)
        assert answer.headers["Location"].startswith("/quan-tri?done=")


def test_pages_carry_no_script_and_the_strict_policy(as_) -> None:
    for path in ("", "/tai-khoan/an", "/tai-khoan-moi", "/ke-hoach", "/quan-tri-vien"):
        answer = as_("quantri").get(f"/quan-tri{path}")
        assert answer.status_code == 200
        assert "<script" not in text(answer)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_dangerous_act_asks_for_a_fresh_proof_when_the_last_one_is_old(as_, province: Province) -> None:
    reader = as_("quantri")
    province.store.clock.now += 3600
    asked = reader.post("/quan-tri/viec/account.lock", {"address": f"an@{DOMAIN}"})
    assert asked.headers["Location"].startswith("/security/confirm?next=")
    made = reader.post("/quan-tri/tai-khoan-moi", {"name": "Vũ Văn Mới", "unit": "SYT"})
    assert made.headers["Location"].startswith("/security/confirm?next=")
    assert province.account("an").state.value == "active"

"""Two steps, devices, tokens, sessions: the pages over the real services and a real store."""

import re

import pyotp
import pytest
from sqlalchemy import select

from directory import second_factors, tokens
from directory.app_passwords import list_app_passwords
from directory.audit import lines
from directory.authenticate import Door, Verifier, look_up
from directory.model import vietnam_day
from directory.policies import PolicyName, Where, set_policy
from directory.scope import SERVER
from directory.tables import accounts
from directory.tokens import TokenScope
from mailsvc.model.errors import TooManyGuesses, WrongCredentials
from mailsvc.services.sign_in import web_caller
from tests.support.mail import DOMAIN, NOW
from tests.webmail.conftest import Reader
from tests.webmail.test_services import PASSWORD, Office, text

AN = f"an@{DOMAIN}"
NEW = "Langbiang#27"


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path / "data")
    yield office
    office.close()


@pytest.fixture
def an(office):
    return office.reader()


def enrolled(office, reader):
    """TOTP as a person sets it up; the secret and the recovery codes."""
    reader.get("/security")
    reader.post("/security/totp", {"label": "Điện thoại"})
    page = text(reader.get("/security/totp"))
    secret = re.search(r"secret=([A-Z2-7]+)", page)[1]
    answer = reader.post("/security/totp/confirm", {"code": code(office, secret)})
    assert answer.status_code == 200
    return secret, re.findall(r"<li>([a-z2-9-]{19})</li>", text(answer))


def code(office, secret, steps=0):
    return pyotp.TOTP(secret).at(office.store.clock() + 30 * steps)


def password_step(office):
    reader = Reader(office.app)
    reader.get("/")
    answer = reader.post("/sign-in", {"address": AN, "password": PASSWORD, "next": "/mail"})
    return reader, answer


def is_inside(reader):
    return reader.get("/mail").headers["Location"].startswith("/mail/")


def rule(office, name, fields):
    with office.store.write() as uow:
        set_policy(uow.conn, SERVER, name, Where(), fields, on=vietnam_day(NOW), actor="kiểm thử", at=NOW)


# -- two steps -------------------------------------------------------------------------------------


def test_with_a_second_factor_the_password_alone_opens_nothing(office, an):
    secret, codes = enrolled(office, an)
    assert len(set(codes)) == 10
    reader, answer = password_step(office)
    assert answer.headers["Location"] == "/sign-in/second"
    for path in ("/mail", "/mail/1", "/security", "/security/devices", "/password", "/compose"):
        assert reader.get(path).headers["Location"] == "/sign-in/second"
    assert reader.client.get("/events").status_code in {302, 404}
    reader.get("/sign-in/second")
    assert reader.post("/sign-in/second", {"code": "000000"}).status_code == 403
    assert (
        reader.post("/sign-in/second", {"code": code(office, secret)}).status_code == 403
    )  # used at enrolment
    office.store.clock.now += 30
    before = reader.client.get_cookie("congvu").value
    answer = reader.post("/sign-in/second", {"code": code(office, secret)})
    assert answer.headers["Location"] == "/mail"
    assert reader.client.get_cookie("congvu").value != before
    assert is_inside(reader)


def test_a_code_of_the_step_before_or_after_is_taken_and_each_once(office, an):
    secret, _ = enrolled(office, an)
    office.store.clock.now += 300
    for steps, status in ((-1, 303), (-1, 403), (1, 303), (0, 403), (2, 403)):
        reader, _ = password_step(office)
        reader.get("/sign-in/second")
        answer = reader.post("/sign-in/second", {"code": code(office, secret, steps)})
        assert answer.status_code == status, steps


def test_a_recovery_code_is_good_once_and_noted(office, an):
    _, codes = enrolled(office, an)
    for typed, status in ((codes[0], 303), (codes[0], 403), (codes[1].upper().replace("-", " "), 303)):
        reader, _ = password_step(office)
        reader.get("/sign-in/second")
        assert reader.post("/sign-in/second", {"code": typed}).status_code == status
    with office.store.read() as db:
        assert [line.act for line in lines(db.conn, subject=AN)].count("recovery_code.use") == 2
        assert second_factors.recovery_codes_left(db.conn, office.ids["an"]) == 8
        stored = db.conn.execute(select(second_factors.second_factors)).all()
        assert not any(
            code.replace("-", "").encode() in bytes(row.secret) for row in stored for code in codes
        )


def test_codes_are_not_guessed(office, an):
    enrolled(office, an)
    reader, _ = password_step(office)
    reader.get("/sign-in/second")
    answers = [reader.post("/sign-in/second", {"code": f"{number:06}"}).status_code for number in range(8)]
    assert answers[:5] == [403] * 5
    assert answers[5:] == [429] * 3


def test_the_first_factor_ends_what_the_password_alone_had_opened(office, an):
    other = office.reader()
    enrolled(office, an)
    assert is_inside(an)
    assert other.get("/mail").headers["Location"] == "/sign-in"


def test_policy_lets_nobody_pass_without_a_second_factor(office):
    rule(office, PolicyName.SECOND_FACTOR, {"required": True})
    reader, answer = password_step(office)
    assert answer.headers["Location"] == "/security"
    for path in ("/mail", "/security/devices", "/password"):
        assert reader.get(path).headers["Location"] == "/security"
    assert "yêu cầu đăng nhập hai bước" in text(reader.get("/security"))
    enrolled(office, reader)
    assert is_inside(reader)
    with office.store.read() as db:
        (factor,) = second_factors.list_factors(db.conn, office.ids["an"])
    assert reader.post(f"/security/factors/{factor.id}/remove").status_code == 403  # the last one stays


def test_a_factor_is_removed_and_its_recovery_codes_go_too(office, an):
    enrolled(office, an)
    with office.store.read() as db:
        (factor,) = second_factors.list_factors(db.conn, office.ids["an"])
    an.get("/security")
    assert an.post(f"/security/factors/{factor.id}/remove").status_code == 303
    _, answer = password_step(office)
    assert answer.headers["Location"] == "/mail"
    with office.store.read() as db:
        assert second_factors.recovery_codes_left(db.conn, office.ids["an"]) == 0


# -- devices, tokens, sessions ------------------------------------------------------------------------


def test_an_app_password_is_shown_once_and_opens_mail_only(office, an):
    an.get("/security/devices")
    answer = an.post("/security/devices", {"label": "Điện thoại", "only": str(office.ids["daron"])})
    made = re.search(r'id="made">([^<]+)<', text(answer))[1]
    page = text(an.get("/security/devices"))
    assert made not in page
    assert "Điện thoại" in page
    assert "chưa dùng lần nào" in page
    verifier = Verifier(lambda: 0.0)
    with office.store.read() as db:
        credential = look_up(db.conn, AN)
    verdict = verifier.verify(credential, made, Door.MAIL)
    assert (verdict.account_id, verdict.scope) == (office.ids["an"], office.ids["daron"])
    assert not verifier.verify(credential, made, Door.WEB).ok
    with office.store.read() as db:
        (row,) = list_app_passwords(db.conn, office.ids["an"])
    an.post(f"/security/devices/{row.id}/revoke")
    with office.store.read() as db:
        assert not verifier.verify(look_up(db.conn, AN), made, Door.MAIL).ok


def test_nobody_touches_what_is_somebody_elses(office, an):
    huong = office.reader("huong")
    huong.get("/security/devices")
    huong.post("/security/devices", {"label": "Máy của Hường"})
    with office.store.read() as db:
        (row,) = list_app_passwords(db.conn, office.ids["huong"])
    an.get("/security/devices")
    assert an.post(f"/security/devices/{row.id}/revoke").status_code == 404
    assert an.post(f"/security/tokens/{row.id}/revoke").status_code == 404
    assert an.post("/security/devices", {"label": "x", "only": str(office.ids["huong"])}).status_code == 403
    with office.store.read() as db:
        handle = db.conn.exec_driver_sql(
            f"SELECT hex(id_hash) FROM web_sessions WHERE account_id = {office.ids['huong']}"
        ).scalar()
    an.post("/security/sessions/end", {"handle": handle[:16].lower()})
    assert is_inside(huong)


def test_a_token_has_a_purpose_and_an_end(office, an):
    an.get("/security/devices")
    for form in (
        {"days": "30"},
        {"scope": "mail"},
        {"scope": "mail", "days": "9999"},
        {"scope": "x", "days": "1"},
    ):
        assert an.post("/security/tokens", form).status_code == 422
    answer = an.post("/security/tokens", {"label": "lệnh", "scope": ["mail", "admin"], "days": "30"})
    made = re.search(r'id="made">([^<]+)<', text(answer))[1]
    with office.store.read() as db:
        holder = tokens.check_token(db.conn, made, NOW)
        assert holder.scopes == {TokenScope.MAIL, TokenScope.ADMIN}
        assert tokens.check_token(db.conn, made, NOW + 31 * 86_400) is None
    an.get("/security/devices")
    an.post(f"/security/tokens/{holder.token_id}/revoke")
    with office.store.read() as db:
        assert tokens.check_token(db.conn, made, NOW) is None


def test_sessions_are_listed_and_ended(office, an):
    other = office.reader()
    third = office.reader()
    page = text(an.get("/security/devices"))
    assert "phiên này" in page
    handles = re.findall(r'name="handle" value="([0-9a-f]+)"', page)
    assert len(handles) == 2
    an.post("/security/sessions/end", {"handle": handles[0]})
    alive = [one.get("/mail").headers["Location"] != "/sign-in" for one in (other, third)]
    assert sorted(alive) == [False, True]
    an.get("/security/devices")
    an.post("/security/sessions/end")
    assert all(one.get("/mail").headers["Location"] == "/sign-in" for one in (other, third))
    assert an.get("/security/devices").status_code == 200


def test_signing_out_everywhere_ends_this_too(office, an):
    other = office.reader()
    an.get("/security/devices")
    an.post("/security/devices", {"label": "Máy"})
    an.get("/security/devices")
    an.post("/security/sign-out-everywhere", {"devices": "1"})
    assert {one.get("/mail").headers["Location"] for one in (an, other)} == {"/sign-in"}
    with office.store.read() as db:
        assert list_app_passwords(db.conn, office.ids["an"]) == []


def test_dangerous_acts_ask_again_who_it_is(office, an):
    office.store.clock.now += 11 * 60
    assert an.get("/security/devices").headers["Location"] == "/security/confirm?next=/security/devices"
    assert an.post("/security/devices", {"label": "x"}).status_code == 303
    with office.store.read() as db:
        assert list_app_passwords(db.conn, office.ids["an"]) == []
    an.get("/security/confirm?next=/security/devices")
    assert an.post("/security/confirm", {"password": "sai", "next": "/security"}).status_code == 403
    answer = an.post("/security/confirm", {"password": PASSWORD, "next": "//evil.example"})
    assert answer.headers["Location"] == "/mail"
    assert an.get("/security/devices").status_code == 200


def test_with_a_second_factor_the_password_proves_nothing_again(office, an):
    secret, _ = enrolled(office, an)
    office.store.clock.now += 11 * 60
    an.get("/security/confirm")
    assert an.post("/security/confirm", {"password": PASSWORD}).status_code == 403
    assert an.post("/security/confirm", {"code": code(office, secret)}).status_code == 303
    assert an.get("/security").status_code == 200


# -- the password -----------------------------------------------------------------------------------


def test_a_new_password_ends_every_other_session_and_follows_the_policy(office, an):
    other = office.reader()
    rule(office, PolicyName.PASSWORD, {"min_length": 12})
    assert "Ít nhất 12 ký tự" in text(an.get("/password"))
    short = an.post("/password", {"old": PASSWORD, "new": NEW[:11], "again": NEW[:11]})
    assert short.status_code == 422
    common = an.post("/password", {"old": PASSWORD, "new": "Matkhau@12345", "again": "Matkhau@12345"})
    assert "quá phổ biến" in text(common)
    assert an.post("/password", {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 303
    assert is_inside(an)
    assert other.get("/mail").headers["Location"] == "/sign-in"


def test_an_old_password_has_to_be_changed_at_the_next_sign_in(office):
    rule(office, PolicyName.PASSWORD, {"max_age_days": 90})
    assert password_step(office)[1].headers["Location"] == "/mail"
    office.store.clock.now += 91 * 86_400
    reader, answer = password_step(office)
    assert answer.headers["Location"] == "/password"
    assert reader.get("/mail").headers["Location"] == "/password"
    reader.get("/password")
    assert reader.post("/password", {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 303
    with office.store.read() as db:
        assert (
            db.conn.execute(
                select(accounts.c.must_change_password).where(accounts.c.id == office.ids["an"])
            ).scalar()
            == 0
        )


# -- guessing ---------------------------------------------------------------------------------------


def test_ten_thousand_guesses_while_the_owner_signs_in_undisturbed(office, monkeypatch):
    """Strangers from many networks guess one account; the owner's browser, known by its cookie, is never held up."""
    monkeypatch.setattr("directory.authenticate.matches", lambda password, _stored: password == PASSWORD)
    owner = office.reader()
    accounts_ = office.services.accounts
    device = owner.client.get_cookie("congvu-device").value
    sign_in, refused = accounts_._sign_in, 0
    with office.store.read() as db:
        for number in range(10_000):
            caller = web_caller(f"10.{number >> 6 & 255}.{number & 63}.9", trusted=False, device="x" * 32)
            with pytest.raises((WrongCredentials, TooManyGuesses)) as caught:
                sign_in.check(db, AN, f"doan-{number}", caller=caller)
            refused += caught.type is TooManyGuesses
            if number % 1_000 == 0:
                assert accounts_.sign_in(AN, PASSWORD, "203.0.113.7", device).viewer.address == AN
    assert refused > 9_900
    owner.post("/sign-out")
    owner.get("/")
    assert owner.post("/sign-in", {"address": AN, "password": PASSWORD}).status_code == 303


def test_no_form_of_these_screens_is_taken_without_its_token(office, an):
    an.get("/security")
    paths = {
        re.sub(r"<[^>]+>", "1", str(rule.rule))
        for rule in office.app.url_map.iter_rules()
        if "POST" in rule.methods
        and rule.endpoint.partition(".")[0] in {"security", "second_step", "provider"}
    }
    assert len(paths) >= 15
    for path in paths:
        answer = an.client.post(
            path.replace("/passkey/1", "/passkey/make"),
            data={"csrf": "x"},
            headers={"Origin": "http://localhost"},
        )
        assert answer.status_code == 403, path


def test_nothing_of_these_screens_is_kept_by_the_browser_or_framed(office, an):
    for path in ("/security", "/security/devices", "/security/confirm"):
        answer = an.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"<[^>]+\son\w+=", text(answer))

"""Signing in and out, sessions, tokens, headers."""

import re
from dataclasses import replace

import pytest

from tests.webmail.conftest import Reader
from tests.webmail.fake import AN, PASSWORD
from webmail.app import create_app
from webmail.security import mask, unmask


def test_the_front_page_answers_200(visitor):
    assert visitor.get("/").status_code == 200


def test_right_password_opens_a_session_with_a_new_secret_each_time(visitor, world):
    visitor.sign_in()
    first = visitor.client.get_cookie("congvu").value
    visitor.post("/sign-in", {"address": AN.address, "password": PASSWORD})
    assert visitor.client.get_cookie("congvu").value != first


def test_unknown_user_and_wrong_password_get_the_same_answer(visitor):
    answers = []
    for address in ("annv@lamdong.example", "nobody@lamdong.example"):
        visitor.get("/")
        answer = visitor.post("/sign-in", {"address": address, "password": "wrong"})
        text = re.sub(
            r'value="[^"]*"|nonce="[^"]*"|content="[^"]*"|nonce-[^"]*', "", answer.get_data(as_text=True)
        )
        answers.append((answer.status_code, text))
    assert answers[0] == answers[1]
    assert answers[0][0] == 403


def test_guessing_is_slowed_down_and_says_for_how_long(visitor):
    for _ in range(5):
        visitor.get("/")
        assert visitor.post("/sign-in", {"address": AN.address, "password": "x"}).status_code == 403
    visitor.get("/")
    answer = visitor.post("/sign-in", {"address": AN.address, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_unsafe_requests_from_elsewhere_are_refused(reader, headers):
    answer = reader.client.post(
        "/act", data={"csrf": reader.token, "act": "seen", "letter": "10-1"}, headers=headers
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/act", "/compose", "/view", "/language", "/password", "/sign-out", "/sign-in"]
)
def test_every_unsafe_route_asks_for_the_token(reader, path):
    for token in ("", "x", mask(b"wrong" * 6), "=" * 400):
        answer = reader.client.post(path, data={"csrf": token}, headers={"Origin": "http://localhost"})
        assert answer.status_code == 403, path


def test_the_token_is_masked_anew_each_time(reader):
    reader.get("/mail/10")
    first = reader.token
    reader.get("/mail/10")
    assert first != reader.token
    assert unmask(first) == unmask(reader.token)


def test_headers_of_a_page(reader):
    headers = reader.get("/mail/10").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'nonce-" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_pages_hold_no_inline_handlers_and_each_script_has_the_nonce(reader):
    for path in ("/mail/10", "/mail/10/65", "/compose", "/search?q=bao", "/password"):
        answer = reader.get(path)
        text = answer.get_data(as_text=True)
        assert not re.search(r"<[^>]+\son\w+=", text)
        nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])[1]
        for tag in re.findall(r"<script[^>]*>", text):
            assert "application/json" in tag or f'nonce="{nonce}"' in tag


def test_cookies_are_host_only_secure_and_strict_where_tls_is(world):
    reader = Reader(create_app(world.services(public_url="https://thu.lamdong.example")))
    reader.get("/")
    answer = reader.client.post(
        "/sign-in",
        data={"csrf": reader.token, "address": AN.address, "password": PASSWORD},
        headers={"Origin": "https://thu.lamdong.example"},
        base_url="https://thu.lamdong.example",
    )
    if answer.status_code == 403:  # the visit's cookie is Secure, so it travels only over https
        page = reader.client.get("/", base_url="https://thu.lamdong.example").get_data(as_text=True)
        token = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        answer = reader.client.post(
            "/sign-in",
            data={"csrf": token, "address": AN.address, "password": PASSWORD},
            headers={"Origin": "https://thu.lamdong.example"},
            base_url="https://thu.lamdong.example",
        )
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("__Host-congvu="))
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert word in cookie
    assert "Domain" not in cookie
    assert "Strict-Transport-Security" in answer.headers


def test_a_first_password_is_changed_before_anything_else(visitor, world):
    world.people[AN.address] = replace(AN, must_change_password=True)
    assert visitor.sign_in().headers["Location"] == "/password"
    assert visitor.get("/mail/10").headers["Location"] == "/password"
    assert visitor.get("/mail/10/65/body").headers["Location"] == "/password"
    visitor.get("/password")
    old = visitor.client.get_cookie("congvu").value
    answer = visitor.post("/password", {"old": PASSWORD, "new": "Moi#2026xyz", "again": "khác"})
    assert answer.status_code == 422
    answer = visitor.post("/password", {"old": PASSWORD, "new": "Moi#2026xyz", "again": "Moi#2026xyz"})
    assert answer.status_code == 303
    assert visitor.client.get_cookie("congvu").value != old
    assert visitor.get("/mail/10").status_code == 200


def test_signing_out_ends_the_session_on_the_server(reader):
    secret = reader.client.get_cookie("congvu").value
    reader.post("/sign-out")
    reader.client.set_cookie("congvu", secret)
    assert reader.get("/mail/10").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "/\tevil", ""]
)
def test_signing_in_leads_to_our_own_pages_only(visitor, target):
    visitor.get("/")
    answer = visitor.post("/sign-in", {"address": AN.address, "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/mail"


def test_a_lost_session_leads_back_to_the_letter_that_was_asked_for(visitor):
    assert visitor.get("/mail/10/65").headers["Location"] == "/sign-in?next=/mail/10/65"
    answer = visitor.client.post("/compose", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert visitor.part("/mail/10?part=list").headers["HX-Redirect"] == "/sign-in"


def test_language_is_switched_and_kept(reader, world):
    assert "Hộp thư đến" in reader.get("/mail/10").get_data(as_text=True)
    reader.post("/language", {"language": "en", "back": "/mail/10"})
    page = reader.get("/mail/10").get_data(as_text=True)
    assert "Inbox" in page
    assert '<html lang="en">' in page


def test_behind_a_trusted_proxy_each_visitor_is_counted_apart(visitor):
    def tries(forwarded):
        visitor.get("/")
        form = {"address": AN.address, "password": "x"}
        return visitor.post("/sign-in", form, headers={"X-Forwarded-For": forwarded}).status_code

    assert [tries("203.0.113.5") for _ in range(6)][-1] == 429
    assert tries("198.51.100.6") == 403
    assert tries("9.9.9.9, 203.0.113.5") == 429  # only what our own proxy wrote counts

"""Passkeys, one-time codes and app passwords in Chromium, under the real server, with the browser's virtual authenticator."""

import asyncio
import contextlib
import os
import re
import threading
import urllib.request
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import expect

from tests.support.service import free_ports
from tests.webmail.test_browser import Watched, chromium
from tests.webmail.test_services import PASSWORD, Office
from webmail.server import serve

__all__ = ["chromium"]
pytestmark = pytest.mark.browser
SHOTS = os.environ.get("CONGVU_SHOTS")
"""A folder for pictures of every screen, for a person to look at."""


class Site:
    """The web server in a thread, over a real store; by the name localhost, for passkeys know no addresses."""

    def __init__(self, folder, office=None):
        self.office = office or Office(folder)
        self.port = free_ports(1)[0]
        self.loop = asyncio.new_event_loop()
        self.stopping = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        for _ in range(400):
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url("/")) as answer:
                assert answer.status == 200
                return
            threading.Event().wait(0.02)
        raise AssertionError("the server did not start")

    def _run(self):
        async def until_told():
            self.stopping = asyncio.Event()
            await serve(self.office.services, "127.0.0.1", self.port, 4, self.stopping)

        self.loop.run_until_complete(until_told())
        self.loop.close()

    def url(self, path):
        return f"http://localhost:{self.port}{path}"

    def close(self):
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(15)
        self.office.close()


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path / "data")
    yield site
    site.close()


@pytest.fixture
def person(chromium, site):
    made = []

    def make(**options):
        one = Watched(chromium, site, **options)
        one.page.on("dialog", lambda dialog: None)
        made.append(one)
        return one

    yield make
    for one in made:
        one.context.close()


def give_passkeys(page, *, verifies=True):
    """A device that holds passkeys and knows its owner (WebAuthn's virtual authenticator, by CDP)."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    return session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"], session


def type_password(page, site, local="an"):
    page.goto(site.url("/"))
    page.fill("#address", f"{local}@{site.office.settings.domain}")
    page.fill("#password", PASSWORD)
    page.click("button.primary")


def shot(page, name, width):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}_{width}.png"), full_page=True)


def no_overflow(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [1280, 360])
def test_a_passkey_is_made_used_as_second_step_and_used_alone(person, site, width):
    one = person(width=width)
    page = one.page
    give_passkeys(page)
    shot_page = lambda name: (shot(page, name, width), expect(page.locator("h1")).to_be_visible())  # noqa: E731
    page.goto(site.url("/"))
    shot_page("sign_in")
    type_password(page, site)
    page.wait_for_url("**/mail/**")
    page.goto(site.url("/security"))
    shot_page("security_empty")
    assert no_overflow(page)
    page.fill("form[data-passkey] input[name=label]", "Máy tính phòng 203")
    page.click("form[data-passkey] button")
    expect(page.locator(".codes li")).to_have_count(10)
    shot_page("recovery_codes")
    page.click("text=Tôi đã in")
    expect(page.locator(".rows")).to_contain_text("Máy tính phòng 203")
    shot_page("security")

    page.goto(site.url("/mail"))
    page.context.clear_cookies()
    type_password(page, site)
    page.wait_for_url("**/sign-in/second")
    shot_page("second_step")
    assert no_overflow(page)
    page.click("form[data-passkey] button")
    page.wait_for_url("**/mail/**")

    page.context.clear_cookies()
    page.goto(site.url("/"))
    page.click("form[data-passkey] button")
    page.wait_for_url("**/mail/**")
    assert one.troubles == []
    assert one.outside == []


def test_a_device_that_does_not_know_its_owner_is_no_password(person, site):
    one = person()
    page = one.page
    authenticator, session = give_passkeys(page)
    type_password(page, site)
    page.wait_for_url("**/mail/**")
    page.goto(site.url("/security"))
    page.click("form[data-passkey] button")
    expect(page.locator(".codes li")).to_have_count(10)
    page.context.clear_cookies()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.goto(site.url("/"))
    page.click("form[data-passkey] button")
    expect(page.locator("[data-trouble]")).to_be_visible()
    assert "/mail" not in page.url


@pytest.mark.parametrize("width", [1280, 360])
def test_an_app_is_set_up_and_a_device_gets_its_password_by_keyboard_alone(person, site, width):
    one = person(width=width)
    page = one.page
    type_password(page, site)
    page.wait_for_url("**/mail/**")
    page.goto(site.url("/security"))
    page.focus("form[action='/security/totp'] input[name=label]")
    page.keyboard.type("Điện thoại")
    page.keyboard.press("Enter")
    page.wait_for_url("**/security/totp")
    shot(page, "totp", width)
    assert no_overflow(page)
    secret = page.locator(".once").inner_text().replace(" ", "").replace("\n", "")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(pyotp.TOTP(secret).at(site.office.store.clock()))
    page.keyboard.press("Enter")
    expect(page.locator(".codes li")).to_have_count(10)
    page.goto(site.url("/security/devices"))
    page.focus("form[action='/security/devices'] input[name=label]")
    page.keyboard.type("Điện thoại của tôi")
    page.keyboard.press("Enter")
    expect(page.locator("#made")).to_have_text(made_of_groups())
    shot(page, "shown_once", width)
    page.click("text=Xong, về danh sách")
    expect(page.locator(".rows").first).to_contain_text("Điện thoại của tôi")
    shot(page, "devices", width)
    assert no_overflow(page)
    site.office.store.clock.now += 3_600
    page.goto(site.url("/security/devices"))
    page.wait_for_url("**/security/confirm?**")
    shot(page, "confirm", width)
    assert no_overflow(page)
    page.keyboard.type(pyotp.TOTP(secret).at(site.office.store.clock()))
    page.keyboard.press("Enter")
    page.wait_for_url("**/security/devices")
    assert one.troubles == []


def made_of_groups():
    return re.compile(r"^([a-z2-9]{6}-){3}[a-z2-9]{6}$")


AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.long
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_screens_meet_wcag_in_both_languages(person, site, language):
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm ci")
    one = person(width=360)
    page = one.page
    page.context.add_cookies([{"name": "language", "value": language, "url": site.url("/")}])
    give_passkeys(page)
    faults = {}

    def look(name):
        page.evaluate(AXE.read_text("utf-8") + ";0")
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
        faults[name] = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]

    page.goto(site.url("/"))
    look("sign in")
    type_password(page, site)
    page.wait_for_url("**/mail/**")
    page.goto(site.url("/security"))
    look("security")
    page.click("form[data-passkey] button")
    expect(page.locator(".codes li")).to_have_count(10)
    look("recovery codes")
    for path in ("/security", "/security/devices", "/security/confirm"):
        page.goto(site.url(path))
        look(path)
    page.goto(site.url("/security"))
    page.click("form[action='/security/totp'] button")
    page.wait_for_url("**/security/totp")
    look("totp")
    page.context.clear_cookies()
    type_password(page, site)
    page.wait_for_url("**/sign-in/second")
    look("second step")
    assert {name: found for name, found in faults.items() if found} == {}

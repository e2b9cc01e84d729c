"""Taking a letter back in Chromium, and giving it a time, under the real server over a real store."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.mail import DOMAIN
from tests.webmail.credentials.test_browser import Site
from tests.webmail.test_browser import Watched, chromium
from tests.webmail.test_scheduled import UNDO, look
from tests.webmail.test_services import PASSWORD, Office

__all__ = ["chromium"]
pytestmark = pytest.mark.browser
SHOTS = os.environ.get("CONGVU_SHOTS")
"""A folder for pictures of every screen, for a person to look at."""


def shot(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path / "data", Office(tmp_path / "data", undo_seconds=UNDO))
    yield site
    site.close()


def enter(chromium, site, width=1280):
    watched = Watched(chromium, site, width=width)
    page = watched.page
    page.goto(site.url("/"))
    page.fill("#address", f"an@{DOMAIN}")
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#list", state="attached")
    return watched, page


def write(page, subject):
    page.goto(re.sub(r"/mail.*", "/compose", page.url))
    page.fill("#subject", subject)
    page.locator("[data-people=to] input").last.fill(f"huong@{DOMAIN}")
    page.fill("#text", "Kính gửi chị.")


@pytest.mark.parametrize("width", [1280, 360])
def test_a_letter_is_taken_back_and_then_given_a_time(chromium, site, width):
    watched, page = enter(chromium, site, width)
    write(page, "Nhầm người nhận")
    page.click("[data-send]")
    undo = page.get_by_role("button", name="Hoàn tác")
    expect(undo).to_be_visible()
    shot(page, f"undo-{width}")
    undo.click()
    page.wait_for_url("**/compose?draft=*")
    expect(page.locator("#subject")).to_have_value("Nhầm người nhận")
    site.office.store.clock.now += UNDO
    look(site.office)
    assert site.office.box("huong").exists == 0

    page.locator("details.later > summary").press("Enter")
    shot(page, f"later-{width}")
    page.get_by_role("button", name="Sáng mai").click()
    expect(page.locator(".toast").filter(has_text="Thư sẽ đi lúc")).to_be_visible()
    page.goto(site.url("/scheduled"))
    expect(page.get_by_text("Nhầm người nhận").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"scheduled-{width}")
    assert watched.troubles == []
    watched.context.close()


def test_a_closed_tab_changes_nothing(chromium, site):
    watched, page = enter(chromium, site)
    write(page, "Đóng máy ngay")
    page.click("[data-send]")
    expect(page.get_by_role("button", name="Hoàn tác")).to_be_visible()
    watched.context.close()
    site.office.store.clock.now += UNDO
    look(site.office)
    assert site.office.box("huong").exists == 1

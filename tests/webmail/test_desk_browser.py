"""Letters that wait, rules and deleted letters in Chromium, under the real server over a real store."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mailsvc.model.mailbox import SpecialUse
from mailsvc.model.marks import Mark, marks_field
from tests.support.mail import DOMAIN
from tests.webmail.credentials.test_browser import AXE, Site
from tests.webmail.test_banners import deliver_with
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


@pytest.mark.parametrize("width", [1280, 360])
def test_rules_are_filled_in_and_deleted_letters_had_back(chromium, site, width):
    office = site.office
    office.deliver("an", subject="Cong van 1245")
    watched, page = enter(chromium, site, width)
    page.goto(site.url("/rules"))
    page.get_by_label("Chủ đề có").fill("báo cáo")
    page.get_by_label("Chuyển đến").select_option(label="Lưu trữ")
    page.get_by_role("button", name="Lưu quy tắc").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Đã lưu.")
    page.get_by_label("Bật trả lời tự động").check()
    page.get_by_label("Nội dung").fill("Tôi đi công tác đến hết tuần.")
    page.get_by_role("button", name=re.compile("Lưu ?: Trả lời tự động")).click()
    expect(page.get_by_label("Bật trả lời tự động")).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"rules-{width}")

    clerk = office.reader()
    for box in (office.box("an"), office.box("an", SpecialUse.TRASH)):
        clerk.post("/act", {"letter": f"{box.id}-1", "act": "delete"})
    page.goto(site.url("/recover?q=cong+van"))
    page.get_by_label("Cong van 1245").check()
    shot(page, f"recover-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Khôi phục thư đã chọn").click()
    expect(page.get_by_role("status")).to_have_text("Đã khôi phục 1 thư.")
    assert office.box("an").exists == 1
    assert watched.troubles == []
    watched.context.close()


@pytest.mark.parametrize("width", [1280, 360])
def test_warnings_stand_above_the_letter(chromium, site, width):
    trace = marks_field([Mark.LOOKALIKE_DOMAIN, Mark.MACROS])
    deliver_with(site.office, "Sở Nội vụ <snv@lamdong-gov.example>", trace)
    watched, page = enter(chromium, site, width)
    page.goto(site.url(f"/mail/{site.office.box('an').id}/1"))
    expect(page.get_by_text("KHÔNG phải của cơ quan")).to_be_visible()
    expect(page.get_by_text("Thư từ bên ngoài hệ thống (lamdong-gov.example)")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"banners-{width}")
    assert watched.troubles == []
    watched.context.close()


@pytest.mark.long
def test_the_screens_meet_wcag(chromium, site):
    """WCAG 2.2 AA, as axe-core sees it."""
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm ci")
    deliver_with(site.office, "Sở Nội vụ <snv@lamdong-gov.example>", marks_field([Mark.LOOKALIKE_DOMAIN]))
    watched, page = enter(chromium, site, 360)
    write(page, "Chờ gửi")
    page.click("[data-send]")
    page.get_by_role("button", name="Hoàn tác").wait_for()
    faults = {}
    for path in ("/scheduled", "/rules", "/recover", f"/mail/{site.office.box('an').id}/1", "/compose"):
        page.goto(site.url(path))
        page.evaluate(AXE.read_text("utf-8") + ";0")
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
        faults[path] = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
    assert not any(faults.values()), faults
    watched.context.close()

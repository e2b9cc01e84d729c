"""The walk of five minutes through the demo province, as `congvu demo walk` prints it, in Chromium and on the command line."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mailsvc.demo import walk
from mailsvc.demo.province import PASSWORD, demo_province
from tests.support.service import Service
from tests.support.system import need
from tests.webmail.test_browser import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
MIB = 1 << 20
SCREENS_WANTED = os.environ.get("SCREENS") == "update"  # pictures for docs/ are made by the walk itself
SCREENS = Path(__file__).parents[2] / "docs" / "screens"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("walk") / "data"
    with Service(data, CONGVU_LOCALE="vi", CONGVU_WEB__UNDO_SEND_SECONDS="0").init() as service:
        service.must("demo", "load")
        yield service.start()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = need("chromium", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def sign_in(chromium: Browser, service: Service, local: str, width: int = 1280) -> Page:
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale="vi-VN")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(service.url())
    page.fill("#address", f"{local}@{service.domain}")
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#rows")
    return page


def open_inbox_of(page: Page, name: str) -> None:
    """Open the inbox of a shared box in the tree."""
    box = page.locator("#tree section", has_text=name).first
    box.locator("li a", has_text="Hộp thư đến").click()
    expect(page.locator("#list h1")).to_have_text(re.compile("Hộp thư đến"))


def memory(service: Service) -> int:
    """Octets that the whole process tree holds, shared pages counted once (PSS)."""
    assert service.process is not None
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            group = int(status.read_text().rpartition(")")[2].split()[2])
            if group == service.process.pid:
                rollup = (status.parent / "smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1]) * 1024
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def test_the_walk_of_five_minutes(service: Service, chromium: Browser) -> None:
    province = demo_province(service.domain)
    da_ron_name = province.box_by_address[f"{walk.DA_RON_UNIT_BOX}@{service.domain}"].name
    office = sign_in(chromium, service, walk.OFFICE_CLERK)
    clerk = sign_in(chromium, service, walk.DA_RON_CLERK)
    head = sign_in(chromium, service, walk.DA_RON_HEAD)
    for page in (clerk, head):
        open_inbox_of(page, da_ron_name)
    if SCREENS_WANTED:
        clerk.screenshot(path=SCREENS / "mailbox-1280.png")

    # The provincial office writes hỏa tốc to the communes' People's Committees.
    office.click(".compose-button")
    sender = office.locator("#from option", has_text=f"<{walk.OFFICE_UNIT_BOX}@").get_attribute("value")
    office.select_option("#from", sender)
    people = office.locator("[data-people=to] .people-box input")
    people.press_sequentially("da ron", delay=15)
    expect(office.locator(".choices li", has_text="xã Đạ Ròn").first).to_be_visible()
    people.fill(", ".join(walk.commune_boxes(province)) + ",")
    office.fill("#subject", walk.STORM_SUBJECT)
    office.fill("#text", walk.STORM_TEXT)
    office.click("[data-send]")
    expect(office.locator(".toast").first).to_have_text("Đã gửi.")

    # It appears live in the unit box, for each who looks, without a reload.
    for page in (clerk, head):
        expect(page.locator("#rows .row").first).to_contain_text("chủ động ứng phó bão số 5")
        expect(page.locator("#rows .row").first).to_have_class(re.compile("unread"))

    # The clerk opens it and answers for the unit; for the head it stays unread.
    clerk.click("#rows .row >> nth=0 >> a")
    expect(clerk.locator("#reader h1.subject")).to_contain_text("bão số 5")
    if SCREENS_WANTED:
        clerk.wait_for_timeout(500)
        clerk.screenshot(path=SCREENS / "letter-1280.png")
    expect(clerk.locator("#rows .row").first).not_to_have_class(re.compile("unread"))
    expect(head.locator("#rows .row").first).to_have_class(re.compile("unread"))
    clerk.click('[data-key-act="r"]')
    expect(clerk.locator("#from option:checked")).to_contain_text(f"{walk.DA_RON_UNIT_BOX}@")
    clerk.fill("#text", walk.STORM_ANSWER)
    clerk.click("[data-send]")
    expect(clerk.locator(".toast").first).to_have_text("Đã gửi.")
    open_inbox_of(office, province.box_by_address[f"{walk.OFFICE_UNIT_BOX}@{service.domain}"].name)
    expect(office.locator("#rows .row").first).to_contain_text("bão số 5")

    # Typed without marks, it is found.
    open_inbox_of(clerk, da_ron_name)
    clerk.fill("#q", walk.SEARCH)
    clerk.press("#q", "Enter")
    expect(clerk.locator("#rows .row").first).to_contain_text("bão số 5")
    expect(clerk.locator("#rows mark").first).to_be_visible()

    # On a phone.
    phone = sign_in(chromium, service, walk.DA_RON_HEAD, width=360)
    phone.click(".to-tree")
    open_inbox_of(phone, da_ron_name)
    expect(phone.locator("#rows .row").first).to_contain_text("bão số 5")
    if SCREENS_WANTED:
        phone.screenshot(path=SCREENS / "mailbox-360.png")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    held = memory(service)
    assert held < 300 * MIB, f"{held / MIB:.0f} MiB"

    # IT previews a roster with two faults, mends it and applies it.
    roster = service.data / "cap-moi.csv"
    roster.write_text(service.must("demo", "roster", "--faulty"), encoding="utf-8")
    refused = service.command("account", "import", str(roster), "--json")
    assert refused.returncode == 1
    assert '"refused": 2' in refused.stdout
    roster.write_text(service.must("demo", "roster"), encoding="utf-8")
    assert '"refused": 0' in service.must("account", "import", str(roster), "--yes", "--json")
    assert '"create": 0' in service.must("account", "import", str(roster), "--yes", "--json")

    # kill -9, start again, verify clean; the letter is still there, and the page goes on.
    service.kill()
    service.start()
    service.must("verify")
    clerk.goto(service.url("/mail"))
    open_inbox_of(clerk, da_ron_name)
    expect(clerk.locator("#rows .row").first).to_contain_text("bão số 5")
    assert "Traceback" not in service.log.read_text()

"""The console in Chromium with scripts turned off, at a desk and on a phone."""

import asyncio
import contextlib
import os
import threading
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mailsvc.services.open_store import open_index
from tests.support.mail import DOMAIN
from tests.support.province import PASSWORD, make_province
from tests.support.service import free_ports
from tests.support.system import need
from tests.webmail.test_browser import FLAGS
from webmail.adapter import web_services
from webmail.server import serve

pytestmark = pytest.mark.browser
SCREENS_WANTED = os.environ.get("SCREENS") == "update"
SCREENS = Path(__file__).parents[3] / "docs" / "screens"
AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "",
    "?unit=SYT",
    "/tim?q=nguyen",
    f"/tai-khoan/an@{DOMAIN}",
    f"/tai-khoan/syt@{DOMAIN}",
    "/tai-khoan-moi?unit=SYT",
    "/ke-hoach",
    "/quan-tri-vien",
    "/nhat-ky?verify=1",
    "/tai-khoan/dang",
)


class Site:
    """The web server in a thread over a province of its own."""

    def __init__(self, folder: Path) -> None:
        self.province = make_province(folder)
        self.engine = open_index(folder)
        self.port = free_ports(1)[0]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        for _ in range(400):
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url("/")):
                return
            threading.Event().wait(0.02)
        raise AssertionError("the server did not start")

    def _run(self) -> None:
        async def until_told() -> None:
            self.stopping = asyncio.Event()
            services = web_services(self.province.store, self.engine, self.province.settings)
            await serve(services, "127.0.0.1", self.port, 4, self.stopping)

        self.loop.run_until_complete(until_told())
        self.loop.close()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(15)
        self.engine.close()
        self.province.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("console") / "data")
    yield site
    site.close()


@pytest.fixture(scope="module")
def chromium():
    path = need("chromium", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def signed_in(chromium: Browser, site: Site, local: str, width: int = 1280, *, scripts: bool = False) -> Page:
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        locale="vi-VN",
        java_script_enabled=scripts,
        bypass_csp=scripts,
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(site.url("/sign-in?next=/quan-tri"))
    page.fill("#address", f"{local}@{DOMAIN}")
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    expect(page.locator(".c-top")).to_be_visible()
    return page


def picture(page: Page, name: str) -> None:
    if SCREENS_WANTED:
        page.screenshot(path=SCREENS / f"{name}.png")


def test_a_unit_administrator_resets_a_password_and_provisions_from_a_roster(
    chromium, site, tmp_path
) -> None:
    page = signed_in(chromium, site, "quantri")
    picture(page, "console-tree-1280")
    page.fill(".c-search input", "nguyen van an")
    page.press(".c-search input", "Enter")
    page.click("text=Nguyễn Văn An")
    page.click("summary:has-text('Đặt lại mật khẩu')")
    picture(page, "console-account-1280")
    page.click("button:has-text('Đặt lại mật khẩu')")
    assert len(page.locator(".c-secret").inner_text()) >= 8
    page.click("text=Tới tài khoản")
    expect(page.locator("main, .c-main")).to_contain_text("Phải đổi ở lần đăng nhập tới")

    roster = tmp_path / "danh-sach.csv"
    roster.write_text(
        "address,full_name,unit,kind\n,Vũ Thị Mới,PK,personal\n,Trần Thị Bình,SYT,personal\n",
        encoding="utf-8",
    )
    page.click(".c-nav >> text=Kế hoạch")
    page.set_input_files("input[name=roster]", roster)
    page.click("button:has-text('Xem trước thay đổi')")
    expect(page.locator(".c-counts")).to_contain_text("2 Tạo mới")
    picture(page, "console-plan-1280")
    page.click("button:has-text('Thực hiện kế hoạch')")
    expect(page.locator("tbody code")).to_have_count(2)
    page.click(".c-card a >> nth=0")
    page.click("summary:has-text('Hoàn tác kế hoạch')")
    page.click("button:has-text('Hoàn tác kế hoạch')")
    expect(page.locator(".c-main > .notice")).to_have_text("Đã hoàn tác kế hoạch.")


@pytest.mark.parametrize("width", [1280, 360])
def test_no_page_is_wider_than_the_screen(chromium, site, width: int) -> None:
    page = signed_in(chromium, site, "tinh", width, scripts=True)
    for path in PAGES:
        page.goto(site.url(f"/quan-tri{path}"))
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (path, wide)
        if width == 360:
            picture(
                page,
                f"console-{['tree', 'unit', 'search', 'account', 'box', 'new', 'plans', 'admins', 'log', 'refused'][PAGES.index(path)]}-360",
            )


def test_pages_can_be_used_by_everybody(chromium, site) -> None:
    """WCAG 2.2 AA, as axe sees it."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    page = signed_in(chromium, site, "tinh", scripts=True)
    for path in PAGES:
        page.goto(site.url(f"/quan-tri{path}"))
        page.add_script_tag(path=AXE)
        found = page.evaluate(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
            ".then(result => result.violations.map(one => one.id + ' ' + one.nodes.map(node => node.target).join(' ')))"
        )
        assert found == [], (path, found)

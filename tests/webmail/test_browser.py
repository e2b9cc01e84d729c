"""The pages in Chromium, under the real server, over the mail system in memory."""

import asyncio
import contextlib
import re
import threading
import urllib.request

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.service import free_ports
from tests.support.system import need
from tests.webmail.fake import AN, OFFICE, PASSWORD, office
from tests.webmail.test_sanitise import PAYLOADS
from webmail.server import serve

pytestmark = pytest.mark.browser
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


class Site:
    """The web server in a thread, and the world behind it."""

    def __init__(self):
        self.port = free_ports(1)[0]
        self.loop = asyncio.new_event_loop()
        self.stopping = None
        self.world = office()
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
            await serve(self.world.services(), "127.0.0.1", self.port, 4, self.stopping)

        self.loop.run_until_complete(until_told())
        self.loop.close()

    def reset(self):
        """A new morning; whoever listens goes on listening."""
        listeners, writing = self.world.listeners, self.world.writing
        self.world.__dict__.update(office().__dict__, listeners=listeners, writing=writing)
        writing.__init__(self.world)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self):
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(15)


@pytest.fixture(scope="module")
def chromium():
    path = need("chromium", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server():
    site = Site()
    yield site
    site.close()


@pytest.fixture
def site(server):
    server.reset()
    return server


class Watched:
    """A page that remembers everything that should not have happened."""

    def __init__(self, chromium, site, width=1280, **options):
        self.site = site
        self.context = chromium.new_context(
            viewport={"width": width, "height": 760}, locale="vi-VN", **options
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.troubles, self.dialogs, self.outside = [], [], []
        self.page.on(
            "console", lambda message: self.troubles.append(message.text) if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        self.page.on("request", self._asked)

    def _asked(self, request):
        if not request.url.startswith((self.site.url("/"), "data:", "blob:")):
            self.outside.append(request.url)

    def sign_in(self):
        self.page.goto(self.site.url("/"))
        self.page.fill("#address", AN.address)
        self.page.fill("#password", PASSWORD)
        self.page.click("button.primary")
        self.page.wait_for_selector("#rows")
        return self.page


@pytest.fixture
def watched(chromium, site):
    made = []

    def make(**options):
        made.append(Watched(chromium, site, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def test_a_letter_is_read_and_answered(watched, site):
    reader = watched()
    page = reader.sign_in()
    page.click("#rows .row >> nth=0 >> a")
    expect(page.locator("#reader h1")).to_contain_text("Công điện số 18")
    expect(page.frame_locator("iframe.body").locator("body")).to_contain_text("trực ban 24/24")
    assert page.title().startswith("HỎA TỐC")
    page.click('[data-key-act="r"]')
    page.fill("#text", "Đã nhận, xin báo cáo trước 15 giờ.")
    page.click("[data-send]")
    expect(page.locator(".toast").first).to_have_text("Đã gửi.")
    assert len(site.world.letters[12]) == 1
    assert not site.world.letters[11]
    assert reader.troubles == []
    assert reader.outside == []


def test_a_new_letter_appears_without_a_reload(watched, site):
    page = watched().sign_in()
    first = page.locator("#rows .row").first
    before = page.locator('#tree [data-folder="10"] .n').inner_text()
    site.world.arrive(10, OFFICE, "Thư vừa đến", "Xin chào")
    expect(first).to_contain_text("Thư vừa đến")
    expect(page.locator('#tree [data-folder="10"] .n')).not_to_have_text(before)


def test_many_tabs_share_one_stream_and_all_hear(watched, site):
    one = watched()
    streams = []
    one.context.on(
        "request", lambda request: streams.append(request.url) if request.url.endswith("/live") else None
    )
    pages = [one.sign_in()]
    for _ in range(8):
        page = one.context.new_page()
        page.goto(site.url("/mail/10"))
        pages.append(page)
    site.world.arrive(10, OFFICE, "Thư vừa đến", "Xin chào")
    for page in pages:
        expect(page.locator("#rows .row").first).to_contain_text("Thư vừa đến")
    assert len(streams) == 1
    pages[0].close()  # the one that had the stream goes; another takes it
    page = pages[1]
    page.bring_to_front()
    site.world.arrive(10, OFFICE, "Thư thứ hai", "Xin chào")
    expect(page.locator("#rows .row").first).to_contain_text("Thư thứ hai")


def test_a_forward_keeps_the_look_of_the_letter(watched, site):
    page = watched().sign_in()
    page.goto(site.url("/compose?mode=forward&letter=10-65"))
    expect(page.locator(".editor table td").first).to_have_text("Đơn Dương")
    page.locator("[data-people=to] .people-box input").fill("huongttb@lamdong.example")
    page.click("[data-send]")
    expect(page.locator(".toast").first).to_have_text("Đã gửi.")
    fields = site.world.writing.sent[0].fields
    assert "<td>Đơn Dương</td>" in fields.html
    assert "tracker" not in fields.html
    assert "bốn tại chỗ" in fields.text


def test_an_overloaded_server_does_not_empty_the_page(watched, site):
    page = watched().sign_in()
    page.wait_for_timeout(600)  # past the look that follows the opening of the stream
    page.route("**/tree", lambda route: route.fulfill(status=503, body=""))
    page.route("**part=list", lambda route: route.fulfill(status=500, body="<p>x</p>"))
    with page.expect_response("**/tree"):
        site.world.arrive(10, OFFICE, "Thư vừa đến", "Xin chào")
    expect(page.locator(".toast").first).to_be_visible()
    assert page.locator("#tree a").count() > 5
    assert page.locator("#rows .row").count() == 50
    page.unroute("**/tree")
    page.goto(site.url("/mail/10/9999"))
    expect(page.locator("body")).to_contain_text("không còn ở đây")


def test_a_choice_of_letters_survives_an_arrival(watched, site):
    page = watched().sign_in()
    page.check("#row-10-62 input")
    site.world.arrive(10, OFFICE, "Thư vừa đến", "Xin chào")
    expect(page.locator("#rows .row").first).to_contain_text("Thư vừa đến")
    assert page.is_checked("#row-10-62 input")
    expect(page.locator(".bulk-count")).to_have_text("Đã chọn 1")


def test_bulk_acts_and_keys(watched, site):
    reader = watched()
    page = reader.sign_in()
    page.check("#row-10-62 input")
    page.check("#row-10-61 input")
    page.click('.bulk [value="delete"]')
    expect(page.locator("#row-10-62")).to_have_count(0)
    expect(page.locator(".toast").first).to_contain_text("Đã chuyển 2 thư vào Thư đã xóa")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#reader h1")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator(".row.open.flagged")).to_have_count(1)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("jjj")
    assert page.input_value("#q") == "jjj"
    assert reader.troubles == []


def test_what_was_typed_is_saved_when_one_pauses_and_opens_again(watched, site):
    page = watched().sign_in()
    page.click(".compose-button")
    page.locator("[data-people=to] .people-box input").press_sequentially("huong", delay=20)
    expect(page.locator(".choices li").first).to_contain_text("Trần Thị Bích Hường")
    page.keyboard.press("Enter")
    page.fill("#subject", "Dở dang")
    page.fill("#text", "Chưa xong")
    expect(page.locator(".saved")).to_contain_text("Đã lưu lúc")
    assert len(site.world.letters[11]) == 1
    page.fill("#text", "Chưa xong, viết tiếp")
    page.click("#tree [data-folder='11']")  # leaving saves at once
    expect(page.locator("#rows .row")).to_have_count(1)
    page.click("#rows .row a")
    expect(page.locator("#text")).to_have_value("Chưa xong, viết tiếp")
    expect(page.locator(".person")).to_contain_text("Trần Thị Bích Hường")
    assert len(site.world.letters[11]) == 1


def test_no_word_is_lost_when_the_network_is(watched, site):
    one = watched()
    page = one.sign_in()
    page.click(".compose-button")
    page.fill("#text", "Câu thứ nhất")
    page.click("[data-save]")
    expect(page.locator(".saved")).to_contain_text("Đã lưu lúc")
    one.context.set_offline(True)
    page.fill("#text", "Câu thứ nhất. Câu thứ hai")
    page.click("[data-save]")
    expect(page.locator(".saved")).to_contain_text("Mất kết nối")
    page.close()  # the window is gone, the words are not
    one.context.set_offline(False)
    page = one.context.new_page()
    uid = next(iter(site.world.letters[11]))
    page.goto(site.url(f"/mail/11/{uid}"))
    expect(page.locator("#text")).to_have_value("Câu thứ nhất. Câu thứ hai")


def test_a_letter_never_saved_is_offered_again(watched, site):
    one = watched()
    page = one.sign_in()
    page.click(".compose-button")
    page.wait_for_selector(".people-box")
    one.context.set_offline(True)
    page.fill("#text", "Chỉ trình duyệt này có")
    page.close()
    one.context.set_offline(False)
    page = one.context.new_page()
    page.goto(site.url("/mail/10"))
    page.click("a.toast")
    expect(page.locator("#text")).to_have_value("Chỉ trình duyệt này có")
    page.click("[data-save]")
    expect(page.locator(".saved")).to_contain_text("Đã lưu lúc")
    assert len(site.world.letters[11]) == 1


def test_older_letters_come_while_scrolling_and_new_ones_on_top(watched, site):
    page = watched().sign_in()
    page.locator("#rows .more").scroll_into_view_if_needed()
    expect(page.locator("#rows .row")).to_have_count(65)
    site.world.arrive(10, OFFICE, "Thư vừa đến", "Xin chào")
    expect(page.locator("#rows .row").first).to_contain_text("Thư vừa đến")
    expect(page.locator("#rows .row")).to_have_count(66)


def test_a_tab_left_open_works_after_signing_in_anew(watched, site):
    one = watched()
    page = one.sign_in()
    other = one.context.new_page()
    other.goto(site.url("/mail/10"))
    other.click("#me summary")
    other.click("#me form[action='/sign-out'] button")
    other.fill("#address", AN.address)
    other.fill("#password", PASSWORD)
    other.click("button.primary")
    other.wait_for_selector("#rows")
    page.check("#row-10-60 input")
    page.click('.bulk [value="flag"]')
    expect(page.locator("#row-10-60.flagged")).to_have_count(1)
    page.wait_for_timeout(300)
    assert site.world.letters[10][60].row.flagged


def test_rich_text_is_written_and_sent(watched, site):
    reader = watched()
    page = reader.sign_in()
    page.click(".compose-button")
    page.locator("[data-people=to] .people-box input").fill("huongttb@lamdong.example")
    page.click("[data-rich]")
    page.click(".editor")
    page.click('[data-format="bold"]')
    page.keyboard.type("Khẩn")
    page.click("[data-send]")
    expect(page.locator(".toast").first).to_have_text("Đã gửi.")
    assert "<b>Khẩn</b>" in site.world.writing.sent[0].fields.html
    assert reader.troubles == []


def test_a_file_is_attached_and_dropped(watched, site):
    page = watched().sign_in()
    page.click(".compose-button")
    page.set_input_files(
        "input[name=files]", {"name": "Tờ trình.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    )
    expect(page.locator(".drafted li")).to_contain_text("Tờ trình.pdf")
    page.click(".drafted button")
    expect(page.locator(".drafted li")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_screen_scrolls_sideways(watched, site, width):
    page = watched(width=width).sign_in()
    for path in (
        "/mail/10",
        "/mail/10/65",
        "/compose?mode=reply_all&letter=10-65",
        "/search?q=bao",
        "/mail/10/folders",
        "/password",
    ):
        page.goto(site.url(path))
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, path


def test_the_phone_shows_one_pane_at_a_time(watched, site):
    page = watched(width=360).sign_in()
    expect(page.locator("#reader")).to_be_hidden()
    expect(page.locator("#side")).to_be_hidden()
    page.click("#rows .row >> nth=0 >> a")
    expect(page.locator("#reader h1")).to_be_visible()
    expect(page.locator("#list")).to_be_hidden()
    page.click(".back")
    expect(page.locator("#list")).to_be_visible()
    page.click(".to-tree")
    expect(page.locator("#side")).to_be_visible()
    page.click('#tree [data-folder="12"]')
    expect(page.locator("#list h1")).to_have_text("Thư đã gửi")
    page.go_back()
    expect(page.locator("#list h1")).to_have_text("Hộp thư đến")


def test_reading_and_a_simple_reply_work_without_scripts(watched, site):
    page = watched(java_script_enabled=False).sign_in()
    page.click("#rows .row >> nth=0 >> a")
    expect(page.locator("#reader h1")).to_contain_text("Công điện")
    expect(page.frame_locator("iframe.body").locator("body")).to_contain_text("trực ban")
    page.click('[data-key-act="r"]')
    page.fill("#text", "Đã rõ")
    page.click("[data-send]")
    page.wait_for_url(re.compile(r"/mail/10$"))
    assert site.world.writing.sent[0].fields.text == "Đã rõ"


@pytest.mark.parametrize("policy", ["with its policy", "without any policy"])
def test_no_payload_runs_or_asks_for_anything(watched, site, policy):
    uids = [site.world.arrive(10, OFFICE, "x", payload, kind="html") for payload in PAYLOADS]
    uids.append(site.world.arrive(10, OFFICE, "x", "\n".join(PAYLOADS)))
    reader = watched()
    page = reader.sign_in()
    if policy == "without any policy":

        def bare(route):
            answer = route.fetch()
            kept = {
                name: value for name, value in answer.headers.items() if name != "content-security-policy"
            }
            route.fulfill(response=answer, headers=kept)

        page.route("**/body", bare)
    frames = "".join(f'<iframe src="/mail/10/{uid}/body"></iframe>' for uid in uids)
    page.route(
        "**/harness", lambda route: route.fulfill(body=f"<!doctype html>{frames}", content_type="text/html")
    )
    reader.troubles.clear()
    page.goto(site.url("/harness"), wait_until="networkidle", timeout=60_000)
    shown = [frame for frame in page.frames if frame.url.endswith("/body")]
    assert len(shown) == len(uids)
    assert reader.dialogs == []
    assert reader.outside == []
    for frame in shown:
        frame.locator("body *").evaluate_all(
            "all => all.forEach(one => one.dispatchEvent(new Event('pointerenter')))"
        )
    assert reader.dialogs == []
    assert not [trouble for trouble in reader.troubles if "Content Security Policy" in trouble]

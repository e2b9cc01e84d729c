"""The pages over the real services and a real store: what a page says is what mail clients and colleagues see."""

import asyncio
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.settings import Settings, WebSettings
from directory import authenticate
from directory.model import AccountKind, Right
from directory.passwords import hash_password
from directory.repository import delegations
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import mailbox_tree
from mailsvc.services.open_store import open_index
from mailsvc.services.receive import IncomingLetter, prepare, receive, resolve_recipient
from mailsvc.storage import mailboxes
from tests.support.mail import DOMAIN, NOW, add_account, make_store
from tests.webmail.conftest import Reader
from tests.webmail.test_compose import open_composer
from webmail.adapter import web_services
from webmail.app import create_app
from webmail.asgi import WebApp
from webmail.live import Live

PASSWORD = "Dalat#2026"


class Office:
    """Two people, a unit box, and the web application over them."""

    def __init__(self, folder, *, undo_seconds=0):
        self.store = make_store(folder)
        self.engine = open_index(folder)
        self.ids = {}
        with self.store.write() as uow:
            for local, kind in (
                ("an", AccountKind.PERSONAL),
                ("huong", AccountKind.PERSONAL),
                ("daron", AccountKind.UNIT),
            ):
                self.ids[local] = add_account(uow, local, kind)
            for local in ("an", "huong"):
                stored = authenticate.NewPassword(hash_password(PASSWORD))
                authenticate.store_password(uow.conn, self.ids[local], stored, NOW)
                rights = Right.READ | Right.ACT | Right.SEND_AS
                delegations.grant(uow.conn, self.ids["daron"], self.ids[local], rights, NOW)
        self.settings = Settings(domain=DOMAIN, web=WebSettings(undo_send_seconds=undo_seconds))
        self.services = web_services(self.store, self.engine, self.settings)
        self.app = create_app(self.services)

    def box(self, local, use=None):
        with self.store.read() as db:
            if use:
                return mailbox_tree.special(db, self.ids[local], use)
            return mailboxes.by_name(db, self.ids[local], "INBOX")

    def deliver(self, *locals_, subject="Thư", body="Nội dung", extra=""):
        content = (
            f"From: =?utf-8?b?VsSDbiBwaMOybmc=?= <vp@tinh.example>\r\nTo: an@{DOMAIN}\r\nSubject: {subject}\r\n"
            f"Message-ID: <{len(subject)}.{subject.encode().hex()[:60]}@tinh.example>\r\n{extra or TEXT}\r\n{body}\r\n"
        ).encode()
        with self.store.write() as uow:
            recipients = tuple(resolve_recipient(uow, authenticate_address(local)) for local in locals_)
            receive(
                uow,
                IncomingLetter(
                    prepare(content, self.store.pieces), b"X-T: 1\r\n", "vp@tinh.example", recipients
                ),
            )

    def reader(self, local="an"):
        reader = Reader(self.app)
        assert reader.sign_in(f"{local}@{DOMAIN}", PASSWORD).status_code == 303
        reader.get("/mail", follow_redirects=True)
        home = reader.get(reader.get("/mail").headers["Location"])
        assert home.status_code == 200
        return reader

    def close(self):
        self.engine.close()
        self.store.close()


TEXT = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
HTML = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"


def authenticate_address(local):
    from directory.address import Address

    return Address(local, DOMAIN)


def text(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path / "data")
    yield office
    office.close()


def test_a_delivered_letter_is_listed_opened_marked_and_found(office):
    office.deliver(
        "an", subject="=?utf-8?q?Ph=C3=B2ng_ch=E1=BB=91ng_b=C3=A3o_s=E1=BB=91_5?=", body="Kính gửi đồng chí"
    )
    reader, inbox = office.reader(), office.box("an")
    page = text(reader.get(f"/mail/{inbox.id}"))
    assert "Phòng chống bão số 5" in page
    assert '<li class="row unread"' in page
    assert "Văn phòng" in text(reader.get(f"/mail/{inbox.id}/1"))
    assert "Kính gửi đồng chí" in text(reader.get(f"/mail/{inbox.id}/1/body"))
    assert office.box("an").unseen == 0
    found = text(reader.get("/search?q=bao+so+5"))
    assert "<mark>bão</mark>" in found or "<mark>bão số 5</mark>" in found
    assert reader.get(f"/mail/{inbox.id}/1/source").data.startswith(
        b"Delivered-To: an@lamdong.example\r\nX-T: 1\r\n"
    )


def test_html_letters_are_sanitised_on_their_real_way(office):
    office.deliver(
        "an", subject="x", body="<p>Chào</p><script>alert(1)</script><svg onload=alert(1)>", extra=HTML
    )
    body = text(office.reader().get(f"/mail/{office.box('an').id}/1/body"))
    assert "<p>Chào</p>" in body
    assert "alert" not in body


def test_a_letter_between_colleagues_goes_the_whole_road(office):
    an, huong = office.reader(), office.reader("huong")
    form = {
        **open_composer(an),
        "account": str(office.ids["an"]),
        "to": f"Hường <huong@{DOMAIN}>",
        "subject": "Lịch họp",
        "text": "Sáng thứ Hai",
    }
    file = (io.BytesIO(b"%PDF-1.7 abc"), "Giấy mời.pdf", "application/pdf")
    saved = an.post_json(
        "/compose", {**form, "do": "save", "files": file}, content_type="multipart/form-data"
    )
    assert saved.json["files"][0]["name"] == "Giấy mời.pdf"
    assert office.box("an", SpecialUse.DRAFTS).exists == 1
    sent = an.post_json("/compose", {**form, "revision": "1", "do": "send"})
    assert sent.json["done"], sent.json
    assert office.box("an", SpecialUse.DRAFTS).exists == 0
    assert office.box("an", SpecialUse.SENT).exists == 1
    inbox = office.box("huong")
    page = text(huong.get(f"/mail/{inbox.id}/1"))
    assert "Lịch họp" in page
    assert "Giấy mời.pdf" in page
    section = re.search(rf"/mail/{inbox.id}/1/part/([\d.]+)", page)[1]
    assert huong.get(f"/mail/{inbox.id}/1/part/{section}").data == b"%PDF-1.7 abc"
    # The second press of the button, and a browser that tries again, send nothing.
    again = an.post_json("/compose", {**form, "revision": "1", "do": "send"})
    assert again.status_code == 404
    assert office.box("huong").exists == 1


def test_a_draft_is_never_doubled_when_an_answer_gets_lost(office):
    an = office.reader()
    form = {**open_composer(an), "account": str(office.ids["an"])}
    for text_typed, revision in (("một", 0), ("một hai", 0), ("một hai ba", 2), ("một hai ba bốn", 2)):
        answer = an.post_json(
            "/compose", {**form, "text": text_typed, "revision": str(revision), "do": "save"}
        )
        assert answer.status_code == 200, (text_typed, answer.json)
    drafts = office.box("an", SpecialUse.DRAFTS)
    assert drafts.exists == 1
    assert answer.json["revision"] == 4
    other_window = an.post_json("/compose", {**form, "window": "0" * 32, "revision": "3", "text": "khác"})
    assert other_window.status_code == 409


def test_an_answer_written_for_the_unit_names_the_person_in_sender(office):
    office.deliver("daron", subject="Hoi y kien")
    an = office.reader()
    unit = office.box("daron")
    form = open_composer(an, f"/compose?mode=reply&letter={unit.id}-1")
    form |= {"account": str(office.ids["daron"]), "to": f"huong@{DOMAIN}", "text": "Đã rõ", "do": "send"}
    assert an.post_json("/compose", form).json["done"]
    inbox = office.box("huong")
    source = office.reader("huong").get(f"/mail/{inbox.id}/1/source").data
    assert b"From: daron <daron@" in source
    assert b"Sender: an <an@" in source
    assert office.box("daron", SpecialUse.SENT).exists == 1
    assert 'title="Đã trả lời"' in text(an.get(f"/mail/{unit.id}"))


def test_the_sender_chosen_last_is_the_sender(office):
    an = office.reader()
    form = {**open_composer(an), "account": str(office.ids["an"]), "to": f"huong@{DOMAIN}", "text": "x"}
    assert an.post_json("/compose", {**form, "do": "save"}).json["revision"] == 1
    form |= {"account": str(office.ids["daron"]), "revision": "1"}
    assert an.post_json("/compose", {**form, "do": "save"}).json["revision"] == 2
    page = text(an.get(f"/compose?draft={form['draft']}"))
    assert re.search(rf'<option value="{office.ids["daron"]}" data-kind="unit" selected>', page)
    assert an.post_json("/compose", {**form, "revision": "2", "do": "send"}).json["done"]
    source = office.reader("huong").get(f"/mail/{office.box('huong').id}/1/source").data
    assert b"From: daron <daron@" in source


def test_who_may_send_for_a_unit_but_not_tidy_its_box_still_writes(office):
    with office.store.write() as uow:
        rights = Right.READ | Right.SEND_AS
        delegations.grant(uow.conn, office.ids["daron"], office.ids["an"], rights, NOW)
    an = office.reader()
    form = {**open_composer(an), "account": str(office.ids["daron"]), "to": f"huong@{DOMAIN}", "do": "send"}
    assert an.post_json("/compose", form).json["done"]
    assert office.box("daron", SpecialUse.SENT).exists == 1


def test_read_marks_of_a_unit_box_are_each_readers_own(office):
    office.deliver("daron", subject="Cong van den")
    an, huong = office.reader(), office.reader("huong")
    unit = office.box("daron")
    an.get(f"/mail/{unit.id}/1")
    assert '<li class="row unread"' not in text(an.get(f"/mail/{unit.id}"))
    assert '<li class="row unread"' in text(huong.get(f"/mail/{unit.id}"))


def test_boxes_that_are_not_shared_cannot_be_reached_by_number(office):
    office.deliver("huong", subject="Rieng")
    an, inbox = office.reader(), office.box("huong")
    for path in (
        f"/mail/{inbox.id}",
        f"/mail/{inbox.id}/1",
        f"/mail/{inbox.id}/1/body",
        f"/mail/{inbox.id}/1/source",
        f"/mail/{inbox.id}/1/part/1",
    ):
        assert an.get(path).status_code == 404, path
    assert an.post_json("/act", {"letter": [f"{inbox.id}-1"], "act": "delete"}).status_code == 404
    assert an.get(f"/compose?mode=forward&letter={inbox.id}-1").status_code == 404
    form = {**open_composer(an), "account": str(office.ids["huong"]), "to": f"an@{DOMAIN}", "do": "send"}
    assert an.post_json("/compose", form).status_code in {403, 404}
    assert "không tìm thấy" in text(an.get(f"/search?q=Rieng&box={office.ids['huong']}")).lower()


def test_unknown_recipients_are_named_and_nothing_is_sent(office):
    an = office.reader()
    form = {
        **open_composer(an),
        "account": str(office.ids["an"]),
        "to": f"huong@{DOMAIN}, khongco@{DOMAIN}",
        "do": "send",
    }
    answer = an.post_json("/compose", form)
    assert answer.status_code == 422
    assert f"khongco@{DOMAIN}" in answer.json["error"]
    assert office.box("huong").exists == 0
    assert office.box("an", SpecialUse.DRAFTS).exists == 1


def test_paging_and_conversations_miss_and_repeat_nothing(office):
    for number in range(120):
        office.deliver("an", subject=f"So {number}")
    reader, inbox = office.reader(), office.box("an")
    for view in ("single", "threads"):
        reader.post("/view", {"view": view, "back": f"/mail/{inbox.id}"})
        path, seen = f"/mail/{inbox.id}", []
        while path:
            page = text(reader.get(path))
            seen += re.findall(r'id="row-\d+-(\d+)"', page)
            more = re.search(r'<li class="more"><a href="([^"]+)"', page)
            path = more[1].replace("&amp;", "&") if more else ""
        assert sorted(map(int, seen)) == list(range(1, 121)), view


def test_deleting_moving_and_flagging_reach_the_store(office):
    for number in range(5):
        office.deliver("an", subject=f"So {number}")
    reader, inbox = office.reader(), office.box("an")
    trash, archive = office.box("an", SpecialUse.TRASH), office.box("an", SpecialUse.ARCHIVE)
    keys = [f"{inbox.id}-{uid}" for uid in (1, 2, 4)]
    assert reader.post_json("/act", {"letter": keys[:2], "act": "delete"}).json["ok"]
    assert reader.post_json("/act", {"letter": keys[2:], "act": f"move:{archive.id}"}).json["ok"]
    reader.post("/act", {"letter": [f"{inbox.id}-5"], "act": "flag"})
    assert office.box("an").exists == 2
    assert office.box("an", SpecialUse.TRASH).exists == 2
    assert "row unread flagged" in text(reader.get(f"/mail/{inbox.id}"))
    reader.post("/act", {"letter": [f"{trash.id}-1"], "act": "delete"})
    assert office.box("an", SpecialUse.TRASH).exists == 1


def test_folders_are_made_and_removed_in_own_and_shared_boxes(office):
    an = office.reader()
    for local in ("an", "daron"):
        made = an.post("/folders", {"box": str(office.ids[local]), "folder_name": "Bão lũ/2026"})
        assert made.status_code == 303
        page = text(an.get(made.headers["Location"]))
        assert "2026" in page
        number = made.headers["Location"].rpartition("/")[2]
        assert an.post("/folders/remove", {"mailbox": number}).headers["Location"] == "/mail"
        assert an.get(made.headers["Location"]).status_code == 404
        assert an.post("/folders", {"box": str(office.ids[local]), "folder_name": " "}).status_code == 422
    assert an.post("/folders/remove", {"mailbox": str(office.box("an").id)}).status_code == 409
    assert an.post("/folders", {"box": str(office.ids["huong"]), "folder_name": "x"}).status_code == 404


def test_opening_a_conversation_marks_all_of_it_as_read(office):
    office.deliver("an", subject="Mot", extra=TEXT + "References: <goc@x>\r\n")
    office.deliver("an", subject="Hai", extra=TEXT + "References: <goc@x>\r\n")
    an, inbox = office.reader(), office.box("an")
    an.post("/view", {"view": "threads", "back": f"/mail/{inbox.id}"})
    assert '<span class="count">2</span>' in text(an.get(f"/mail/{inbox.id}"))
    assert text(an.get(f"/mail/{inbox.id}/2")).count('class="one"') == 2
    assert office.box("an").unseen == 0


def test_the_password_is_changed_and_other_sessions_end(office):
    an, elsewhere = office.reader(), office.reader()
    page = an.get("/password")
    assert page.status_code == 200
    bad = an.post("/password", {"old": PASSWORD, "new": "ngan", "again": "ngan"})
    assert bad.status_code == 422
    assert "quá ngắn" in text(bad)
    good = an.post("/password", {"old": PASSWORD, "new": "Langbiang#27", "again": "Langbiang#27"})
    assert good.status_code == 303
    assert elsewhere.get("/mail").headers["Location"].startswith("/sign-in")
    assert an.get("/mail").status_code == 302
    stranger = Reader(office.app)
    assert stranger.sign_in(f"an@{DOMAIN}", PASSWORD).status_code == 403
    assert stranger.sign_in(f"an@{DOMAIN}", "Langbiang#27").status_code == 303


def test_a_draft_of_another_client_is_taken_over_not_doubled(office):
    from mailsvc.services import letters
    from mailsvc.services.permissions import place_by_id
    from tests.support.mail import principal

    content = (
        f"From: an@{DOMAIN}\r\nTo: huong@{DOMAIN}\r\nSubject: Tu Thunderbird\r\n\r\nDo dang\r\n".encode()
    )
    drafts = office.box("an", SpecialUse.DRAFTS)
    with office.store.write() as uow:
        place = place_by_id(uow, principal(office.ids["an"]), drafts.id)
        letters.append(uow, place, prepare(content, office.store.pieces), system=16)
    an = office.reader()
    form = open_composer(an, f"/mail/{drafts.id}/1")
    assert form["subject"] == "Tu Thunderbird"
    form |= {"account": str(office.ids["an"]), "text": "xong"}
    assert an.post_json("/compose", {**form, "do": "save"}).status_code == 200
    assert office.box("an", SpecialUse.DRAFTS).exists == 1


class Page:
    """An open page's connection to /live, without a browser."""

    def __init__(self, app, cookie):
        self.app, self.sent, self.gone = app, asyncio.Queue(), asyncio.Event()
        headers = [(b"cookie", f"congvu={cookie}".encode())]
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": "/live",
            "headers": headers,
            "query_string": b"",
        }
        self.task = asyncio.ensure_future(app(self.scope, self.receive, self.sent.put))

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def next_body(self):
        while True:
            event = await asyncio.wait_for(self.sent.get(), 5)
            if event["type"] == "http.response.body":
                return event["body"]

    async def close(self):
        self.gone.set()
        await asyncio.wait_for(self.task, 5)


async def test_open_pages_hear_of_their_mail_and_only_of_theirs(office):
    an, huong = (office.reader(name).client.get_cookie("congvu").value for name in ("an", "huong"))
    with ThreadPoolExecutor(2) as executor:
        live = Live(office.services, executor)
        app = WebApp(office.app, live, executor, 1 << 20)
        pages = [Page(app, an) for _ in range(20)]
        other = Page(app, huong)
        for page in (*pages, other):
            assert await page.next_body() == b"retry: 2000\n\n"
        office.deliver("an", subject="Moi")
        for page in pages:
            event = (await page.next_body()).decode()
            assert event.startswith("event: changed\ndata: ")
            news = json.loads(event.split("data: ")[1])
            assert news == {"accounts": [office.ids["an"]], "mailboxes": [office.box("an").id]}
        assert other.sent.empty()
        for page in (*pages, other):
            await page.close()
        live.stop()


async def test_a_stranger_gets_no_stream(office):
    with ThreadPoolExecutor(1) as executor:
        app = WebApp(office.app, Live(office.services, executor), executor, 1 << 20)
        page = Page(app, "nothing")
        assert (await page.sent.get())["status"] == 204
        await page.task

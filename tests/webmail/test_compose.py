"""Writing: nothing typed is lost, nothing is sent twice, and no field can break out of its line."""

import io
import re

import pytest

from tests.webmail.fake import OFFICE
from webmail.ports import Part, Party
from webmail.recipients import RecipientError, parse_people, write_people


def fields_of(page):
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    found["to"] = re.search(r'id="to" name="to" value="([^"]*)"', page)[1]
    found["subject"] = re.search(r'id="subject" name="subject" value="([^"]*)"', page)[1]
    found["text"] = re.search(r'<textarea name="text"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)[1]
    return found


def open_composer(reader, path="/compose"):
    answer = reader.get(path)
    assert answer.status_code == 200
    found = fields_of(answer.get_data(as_text=True))
    found.setdefault("account", "1")
    found["csrf"] = reader.token
    return found


def test_a_letter_is_saved_under_one_id_with_a_rising_revision(reader, world):
    form = open_composer(reader)
    form["text"] = "Kính gửi"
    for revision in range(3):
        answer = reader.post_json("/compose", {**form, "revision": str(revision), "do": "save"})
        assert answer.json["revision"] == revision + 1
    assert len(world.letters[11]) == 1


def test_an_older_revision_is_refused_and_nothing_is_overwritten(reader, world):
    form = open_composer(reader)
    reader.post_json("/compose", {**form, "text": "một", "do": "save"})
    reader.post_json("/compose", {**form, "text": "hai", "revision": "1", "do": "save"})
    answer = reader.post_json("/compose", {**form, "text": "cũ", "revision": "1", "do": "save"})
    assert answer.status_code == 409
    assert next(iter(world.letters[11].values())).body.text == "hai"


def test_sending_says_so_only_after_it_is_done_and_twice_is_once(reader, world):
    form = {
        **open_composer(reader),
        "to": "Hường <huongttb@lamdong.example>",
        "subject": "Báo cáo",
        "text": "Nội dung",
    }
    first = reader.post_json("/compose", {**form, "do": "send"})
    assert first.json == {"ok": True, "done": True, "text": "Đã gửi."}
    assert len(world.letters[12]) == 1
    reader.post_json("/compose", {**form, "do": "send"})
    assert len(world.letters[12]) == 1
    assert not world.letters[11]


@pytest.mark.parametrize("to", ["", "không phải địa chỉ", "a@b.example, <x>", "a@b@c"])
def test_a_bad_recipient_is_named_and_the_words_are_kept(reader, world, to):
    form = {**open_composer(reader), "to": to, "text": "giữ lại"}
    answer = reader.post("/compose", {**form, "do": "send"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "giữ lại" in page
    assert 'role="alert"' in page
    assert not world.letters[12]


def test_a_reply_without_scripts_goes_to_the_author_with_the_quote(reader, world):
    uid = world.arrive(10, OFFICE, "Re: Fwd: Họp giao ban", "Kính gửi đồng chí.\n> cũ")
    form = open_composer(reader, f"/compose?mode=reply&letter=10-{uid}")
    assert form["to"] == "Văn phòng UBND tỉnh &lt;vpubnd@lamdong.example&gt;"
    assert form["subject"] == "Re: Họp giao ban"
    assert "&gt; Kính gửi đồng chí.\n&gt;&gt; cũ" in form["text"]
    assert form["in_reply_to"] == f"&lt;10.{uid}@lamdong.example&gt;"
    answer = reader.post("/compose", {**form, "to": "vpubnd@lamdong.example", "text": "Đã rõ", "do": "send"})
    assert answer.status_code == 303
    assert len(world.letters[12]) == 1


def test_a_reply_to_all_leaves_out_oneself(reader):
    form = open_composer(reader, "/compose?mode=reply_all&letter=10-65")
    page = reader.get("/compose?mode=reply_all&letter=10-65").get_data(as_text=True)
    cc = re.search(r'id="cc" name="cc" value="([^"]*)"', page)[1]
    assert "annv@" not in form["to"] + cc
    assert "pctt@lamdong.example" in cc


def test_a_forward_carries_the_files(reader, world):
    page = reader.get("/compose?mode=forward&letter=10-65").get_data(as_text=True)
    assert "18-CĐ-UBND bão số 5.pdf" in page
    assert "Fwd: HỎA TỐC" in page


def test_files_are_kept_with_the_draft_and_can_be_dropped(reader, world):
    form = open_composer(reader)
    answer = reader.post_json(
        "/compose",
        {**form, "do": "save", "files": (io.BytesIO(b"abc"), "../bí mật.pdf", "application/pdf")},
        content_type="multipart/form-data",
    )
    file = answer.json["files"][0]
    assert file["kind"] == "pdf"
    assert "\n" not in file["name"]
    assert "/" not in file["name"]
    answer = reader.post_json("/compose", {**form, "revision": "1", "do": "save", "drop": file["id"]})
    assert answer.json["files"] == []


def test_a_file_past_the_limit_is_refused(world):
    from tests.webmail.conftest import Reader
    from webmail.app import create_app

    reader = Reader(create_app(world.services(max_upload_bytes=1000)))
    reader.sign_in()
    form = open_composer(reader)
    answer = reader.post_json(
        "/compose", {**form, "files": (io.BytesIO(b"x" * 1001), "a.bin")}, content_type="multipart/form-data"
    )
    assert answer.status_code == 413


def test_header_lines_cannot_be_broken(reader, world):
    form = {**open_composer(reader), "subject": "a\r\nBcc: x@y.example\u2028z\0", "text": "x", "do": "save"}
    reader.post_json("/compose", form)
    fields = next(iter(reader_drafts(world)))
    assert not re.search(r"[\r\n\0\u2028]", fields.subject)


def reader_drafts(world):
    return [draft.fields for draft in world.writing.drafts.values()]


def test_rich_text_is_made_safe_before_it_is_kept(reader, world):
    html = '<div onclick="x()">Chào <b>anh</b><img src=x onerror=alert(1)><script>alert(1)</script></div>'
    reader.post_json("/compose", {**open_composer(reader), "html": html, "do": "save"})
    fields = reader_drafts(world)[0]
    assert "<b>anh</b>" in fields.html
    assert "alert" not in fields.html
    assert fields.text == "Chào anh"


def test_too_much_rich_text_is_refused_rather_than_cut(reader, world):
    form = open_composer(reader)
    reader.post_json("/compose", {**form, "html": "<div>ngắn</div>", "do": "save"})
    answer = reader.post_json(
        "/compose", {**form, "revision": "1", "html": "<div>dài</div>" * 60_000, "do": "save"}
    )
    assert answer.status_code == 413
    assert reader_drafts(world)[0].html == "<div>ngắn</div>"


def test_a_draft_opened_from_the_folder_is_the_same_draft(reader, world):
    form = open_composer(reader)
    reader.post_json("/compose", {**form, "subject": "Dở dang", "text": "x", "do": "save"})
    uid = next(iter(world.letters[11]))
    page = reader.get(f"/mail/11/{uid}").get_data(as_text=True)
    assert f'data-draft="{form["draft"]}" data-revision="1"' in page
    assert "Dở dang" in page


def test_discarding_removes_the_draft(reader, world):
    form = open_composer(reader)
    reader.post_json("/compose", {**form, "text": "x", "do": "save"})
    reader.post_json("/compose", {**form, "revision": "1", "do": "discard"})
    assert not world.letters[11]


@pytest.mark.parametrize("draft", ["", "x", "../../etc", "a" * 33])
def test_a_draft_id_that_is_not_ours_is_refused(reader, draft):
    assert reader.post_json("/compose", {**open_composer(reader), "draft": draft}).status_code == 400


def test_addresses_complete_from_the_directory_without_marks(reader):
    people = reader.get("/complete?q=huong").json["people"]
    assert people[0]["address"] == "huongttb@lamdong.example"
    assert reader.get("/complete?q=").json == {"people": []}


@pytest.mark.parametrize(
    ("typed", "people"),
    [
        ("a@b.vn", [("", "a@b.vn")]),
        ("Nguyễn Văn An <a@b.vn>; c@d.vn,", [("Nguyễn Văn An", "a@b.vn"), ("", "c@d.vn")]),
        ('"UBND, xã" <a@b.vn>', [("UBND, xã", "a@b.vn")]),
        ("a@b.vn, A@B.vn", [("", "a@b.vn")]),
        ("K'Brếp <kbrep@b.vn>", [("K'Brếp", "kbrep@b.vn")]),
    ],
)
def test_recipients_are_read_as_people_write_them(typed, people):
    found = parse_people(typed)
    assert [(one.name, one.address) for one in found] == people
    assert parse_people(write_people(found)) == found


@pytest.mark.parametrize("typed", ["x", "a@b, y", "<a@b", "a@b\x00c.vn", "a..b@c.vn", "An <>"])
def test_what_is_no_address_is_named(typed):
    with pytest.raises(RecipientError):
        parse_people(typed)


def test_writing_people_survives_every_name():
    for name in ("", 'a "b" c', "a, b", "a <b>", "Đặng; X", "\\"):
        people = (Party(name, "a@b.vn"),)
        assert parse_people(write_people(people)) == people


def test_reply_to_the_letter_of_a_box_without_the_right_to_send_is_refused(reader, world):
    uid = world.arrive(30, OFFICE, "x", "x", parts={"2": Part("a", "text/plain", b"a")})
    assert reader.get(f"/compose?mode=reply&letter=30-{uid}").status_code == 403

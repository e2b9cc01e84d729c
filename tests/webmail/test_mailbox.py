"""The tree, the list, the letter, acts and search, as pages and as fragments."""

import gzip
import re

import pytest

from tests.webmail.fake import OFFICE, PNG
from webmail.ports import Part
from webmail.translations import en, vi
from webmail.views.letter import disposition


def text(answer):
    return answer.get_data(as_text=True)


def rows(answer):
    return re.findall(r'<li class="row[^"]*" id="row-([\d-]+)"', text(answer))


def test_the_list_shows_fifty_and_the_rest_by_keyset(reader):
    page = reader.get("/mail/10")
    first = rows(page)
    assert len(first) == 50
    more = re.search(r'hx-get="([^"]+part=rows)"', text(page))[1].replace("&amp;", "&")
    second = rows(reader.part(more))
    assert len(second) == 15
    assert not set(first) & set(second)


def test_fragments_are_given_to_scripts_only_and_whole_pages_to_all(reader):
    assert "<html" not in text(reader.part("/mail/10?part=list"))
    assert "<html" in text(reader.get("/mail/10?part=list"))


def test_the_tree_counts_unread_letters_and_shows_shared_boxes(reader):
    page = text(reader.get("/mail/10"))
    assert re.search(r'data-folder="10".*?<b class="n">7<', page, re.DOTALL)
    assert "UBND xã Đạ Ròn" in page
    assert re.search(r'data-folder="20".*?<b class="n">2<', page, re.DOTALL)


def test_the_quota_warns_at_75_and_90_percent_in_the_page(reader, world):
    assert '<div class="quota warn">' in text(reader.get("/mail/10"))
    assert "Đã dùng nhiều" in text(reader.get("/mail/10"))


def test_opening_a_letter_marks_it_as_read(reader, world):
    assert not world.letters[10][64].row.seen
    page = reader.get("/mail/10/64")
    assert page.status_code == 200
    assert world.letters[10][64].row.seen


def test_a_letter_shows_who_when_and_its_files(reader):
    page = text(reader.get("/mail/10/65"))
    for words in (
        "Văn phòng UBND tỉnh",
        "Chủ Nhật, 22/11/2026",
        "18-CĐ-UBND bão số 5.pdf",
        "239 KB",
        "Hỏa tốc",
    ):
        assert words in page
    assert '<iframe class="body" src="/mail/10/65/body"' in page


def test_the_body_is_a_response_of_its_own_without_scripts(reader, world):
    uid = world.arrive(
        10, OFFICE, "x", "<p>Chào</p><script>alert(1)</script><img src=https://a.example/x.png>", kind="html"
    )
    answer = reader.get(f"/mail/10/{uid}/body")
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert "https:" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "alert" not in text(answer)
    assert "Đã chặn 1 ảnh" in text(answer)
    shown = reader.get(f"/mail/10/{uid}/body?images=1")
    assert 'src="https://a.example/x.png"' in text(shown)
    assert "https:" in shown.headers["Content-Security-Policy"]


def test_the_body_is_only_given_to_a_frame(reader):
    assert reader.get("/mail/10/65/body", **{"Sec-Fetch-Dest": "document"}).status_code == 403
    assert reader.get("/mail/10/65/body", **{"Sec-Fetch-Dest": "iframe"}).status_code == 200


def test_pictures_inside_the_letter_come_from_us_and_only_if_they_are_pictures(reader, world):
    uid = world.arrive(
        10,
        OFFICE,
        "x",
        '<img src="cid:a@b"><img src="cid:c@d">',
        kind="html",
        inline_images={"a@b": "2", "c@d": "3"},
        parts={
            "2": Part("a.png", "image/png", PNG),
            "3": Part("b.png", "image/png", b"<svg onload=alert(1)>"),
        },
        inline=("2", "3"),
    )
    body = text(reader.get(f"/mail/10/{uid}/body"))
    assert f'src="/mail/10/{uid}/part/2?inline=1"' in body
    good, bad = reader.get(f"/mail/10/{uid}/part/2?inline=1"), reader.get(f"/mail/10/{uid}/part/3?inline=1")
    assert good.content_type == "image/png"
    assert bad.content_type == "application/octet-stream"
    assert bad.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript"]
)
def test_attachments_that_could_run_are_octets_to_be_saved(reader, world, media_type):
    uid = world.arrive(
        10, OFFICE, "x", "x", parts={"2": Part("a.html", media_type, b"<script>alert(1)</script>")}
    )
    for query in ("", "?inline=1"):
        answer = reader.get(f"/mail/10/{uid}/part/2{query}")
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name",
    [
        'a"; filename=b.exe',
        "a\r\nSet-Cookie: x=y",
        "../../etc/passwd",
        "bão \u202egpj.exe",
        "",
        "…",
        "x" * 900,
        "C:\\a.txt",
    ],
)
def test_file_names_cannot_leave_their_header(name):
    value = disposition(name)
    assert "\r" not in value
    assert "\n" not in value
    assert value.count('"') == 2
    assert "\u202e" not in value
    assert re.fullmatch(r"attachment; filename=\"[!-~]+\"; filename\*=UTF-8''[A-Za-z0-9._~%-]+", value), value


def test_acts_work_without_scripts(reader, world):
    answer = reader.post("/act", {"letter": ["10-1", "10-2"], "act": "delete", "back": "/mail/10"})
    assert answer.headers["Location"] == "/mail/10"
    assert 1 not in world.letters[10]
    assert len(world.letters[15]) == 2


def test_marks_flags_and_moves_of_many(reader, world):
    reader.post("/act", {"letter": ["10-64", "10-63"], "act": "seen"})
    assert world.letters[10][64].row.seen
    reader.post("/act", {"letter": ["10-64"], "act": "unseen"})
    assert not world.letters[10][64].row.seen
    reader.post("/act", {"letter": ["10-64"], "act": "flag"})
    assert world.letters[10][64].row.flagged
    answer = reader.post_json("/act", {"letter": ["10-64"], "act": "move:17"})
    assert answer.json == {"ok": True, "text": "Đã chuyển 1 thư đến Bão lũ 2026"}
    assert len(world.letters[17]) == 1


def test_deleting_in_the_trash_is_for_good_and_says_so(reader, world):
    reader.post("/act", {"letter": ["10-1"], "act": "delete"})
    uid = next(iter(world.letters[15]))
    assert (
        reader.post_json("/act", {"letter": [f"15-{uid}"], "act": "delete"}).json["text"]
        == "Đã xóa hẳn 1 thư"
    )
    assert not world.letters[15]


@pytest.mark.parametrize("letter", ["10", "x-1", "10-1-2", "10-", "-1", "9" * 50 + "-1"])
def test_nonsense_is_refused_without_an_error(reader, letter):
    assert reader.post("/act", {"letter": [letter], "act": "seen"}).status_code == 400


def test_who_may_not_act_is_told_so(reader, world):
    uid = world.arrive(30, OFFICE, "x", "x")
    answer = reader.post_json("/act", {"letter": [f"30-{uid}"], "act": "move:31"})
    assert answer.status_code == 403
    assert "không có quyền" in answer.json["error"]


def test_missing_letters_and_folders_are_404(reader):
    assert reader.get("/mail/10/9999").status_code == 404
    assert reader.get("/mail/99").status_code == 404
    assert reader.get("/mail/10/65/part/9").status_code == 404
    assert reader.get("/nothing").status_code == 404


def test_search_finds_without_marks_and_shows_where(reader):
    page = text(reader.get("/search?q=bao+so+5&box=1"))
    assert "<mark>bão số 5</mark>" in page or page.count("<mark>") >= 3
    assert "Hộp thư đến</span>" in page


def test_a_search_text_cannot_become_markup(reader):
    page = text(reader.get("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"))
    assert "<script>alert" not in page


def test_subjects_and_names_are_escaped_everywhere(reader, world):
    from webmail.ports import Party

    evil = "\"><img src=x onerror=alert(1)>'{{7*7}}"
    uid = world.arrive(
        10, Party(evil, "a@b.example"), evil, evil, parts={"2": Part(evil, "text/plain", b"x")}
    )
    for path in (
        "/mail/10",
        f"/mail/10/{uid}",
        f"/compose?mode=reply_all&letter=10-{uid}",
        f"/mail/10/{uid}/body",
    ):
        page = text(reader.get(path))
        assert "<img src=x" not in page, path
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;&#39;(.{2})", page)


def test_pages_are_compressed(reader):
    answer = reader.client.get("/mail/10", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) < 20 * 1024
    assert b"<html" in gzip.decompress(answer.data)


def test_static_files_never_change_under_their_name(reader):
    page = text(reader.get("/mail/10"))
    path = re.search(r'src="(/static/main-[^"]+\.js)"', page)[1]
    answer = reader.get(path)
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.content_type.startswith("text/javascript")
    assert reader.get("/static/../app.py").status_code == 404
    assert reader.get("/static/manifest.json").status_code == 404


def test_both_languages_have_the_same_words_with_the_same_gaps():
    assert vi.WORDS.keys() == en.WORDS.keys()
    for key, value in vi.WORDS.items():
        assert set(re.findall(r"\{\w+\}", value)) == set(re.findall(r"\{\w+\}", en.WORDS[key])), key

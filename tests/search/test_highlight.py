"""Marks in subjects and snippets."""

from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st

from search.highlight import MAX_TEXT_CHARS, Segment, highlight, snippet
from search.query import QueryError, parse_query
from search.tree import Field


def shown(segments: tuple[Segment, ...]) -> str:
    return "".join(f"[{segment.text}]" if segment.found else segment.text for segment in segments)


def marked(text: str, typed: str, field: Field | None = None) -> str:
    return shown(highlight(text, parse_query(typed), field=field))


def test_words_are_marked_as_the_letter_writes_them() -> None:
    assert (
        marked("Công điện ứng phó bão số 5 tại Đạ Ròn", "da ron bao so 5")
        == "Công điện ứng phó [bão số 5] tại [Đạ Ròn]"
    )
    assert marked("BÃO, bảo, báo", "bão") == "[BÃO], [bảo], [báo]"
    assert marked("hoà giải", "hòa") == "[hoà] giải"


def test_decomposed_text_keeps_its_marks_inside_the_segment() -> None:
    text = normalize("NFD", "xã Đạ Ròn.")
    assert normalize("NFC", marked(text, "ron")) == "xã Đạ [Ròn]."


def test_phrases_are_marked_only_as_a_whole() -> None:
    assert marked("số bão, bão số 5", '"bão số"') == "số bão, [bão số] 5"
    assert marked("công an, công điện", '"công điện"') == "công an, [công điện]"
    assert marked("công điện, cong", "die*") == "công [điện], cong"


def test_references_are_marked_whole() -> None:
    assert marked("theo Số: 05 /QĐ-UBND ngày", "5/qd-ubnd") == "theo Số: [05 /QĐ-UBND] ngày"
    assert marked("từ annv@lamdong.gov.vn", "annv@lamdong.gov.vn") == "từ [annv@lamdong.gov.vn]"


def test_what_was_refused_or_asked_elsewhere_is_not_marked() -> None:
    assert marked("họp hoãn", "họp NOT hoãn") == "[họp] hoãn"
    assert marked("họp An", "từ:an họp", Field.SUBJECT) == "[họp] An"


def test_a_snippet_shows_where_most_of_the_query_is() -> None:
    text = "bão rồi. " + "chữ " * 200 + "\n\nỨng phó  bão\nsố 5 tại Đạ Ròn ngay. " + "chữ " * 200
    found = shown(snippet(text, parse_query("đạ ròn bão"), width=80))
    assert "[bão] số 5 tại [Đạ Ròn]" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(found) < 100


def test_a_snippet_of_a_letter_without_the_words_is_its_beginning() -> None:
    assert shown(snippet("Kính gửi " + "chữ " * 100, parse_query("bão"), width=20)) == "Kính gửi chữ chữ…"
    assert snippet("", parse_query("bão")) == ()


@given(text=st.text(max_size=300), typed=st.text(max_size=20), width=st.integers(1, 120))
def test_highlighting_never_changes_or_loses_text(text: str, typed: str, width: int) -> None:
    try:
        query = parse_query(typed)
    except QueryError:
        return
    assert "".join(segment.text for segment in highlight(text, query)) == text
    assert all(segment.text for segment in snippet(text, query, width=width))
    assert sum(len(segment.text) for segment in snippet(text, query, width=width)) <= width + 2


def test_huge_texts_are_bounded() -> None:
    assert (
        sum(len(segment.text) for segment in highlight("bão " * MAX_TEXT_CHARS, parse_query("bão")))
        == MAX_TEXT_CHARS
    )

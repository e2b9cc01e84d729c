"""Folding, canonical spelling and tokens of Vietnamese text."""

import time
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fold import MAX_TOKEN_CHARS, canonical, fold, has_marks, streams, tokens

VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ"
vietnamese_text = st.text(alphabet=VIETNAMESE + VIETNAMESE.upper() + " /-.@_',:0123456789“”–", max_size=200)
any_text = st.text(max_size=200)


def forms(text: str) -> list[str]:
    return [token.text for token in tokens(text)]


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Đặng Thị Hướng", "dang thi huong"),
        ("Ðạ Ròn", "da ron"),  # with eth, U+00D0
        ("Đạ Ròn", "da ron"),
        ("BÃO SỐ 5", "bao so 5"),
        ("K'Brếp", "k'brep"),
        ("Kơho Čil", "koho cil"),
        ("İ ß", "i ss"),
    ],
)
def test_folding_takes_case_and_marks_away(written: str, folded: str) -> None:
    assert fold(written) == folded
    assert fold(normalize("NFD", written)) == folded
    assert fold(normalize("NFC", written)) == folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hoà", "hòa"),
        ("HOÀ", "hòa"),
        ("thuý", "thúy"),
        ("khoẻ", "khỏe"),
        ("uỷ ban", "ủy ban"),
        ("loè", "lòe"),
        ("qúy", "quý"),
        ("qủa", "quả"),
        ("gía", "giá"),
        ("hòan", "hoàn"),
        ("hòai", "hoài"),
        ("hùynh", "huỳnh"),
        ("đựơc", "được"),
        ("nứơc", "nước"),
        ("tíên", "tiến"),
        ("Ðà Lạt", "Đà Lạt"),
    ],
)
def test_spellings_of_one_syllable_are_one(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)
    assert canonical(normalize("NFD", one)) == canonical(other)


@pytest.mark.parametrize(
    "syllable",
    [
        "quà",
        "quý",
        "quỳ",
        "già",
        "gìn",
        "giữ",
        "gì",
        "hoàn",
        "toàn",
        "hoài",
        "xoáy",
        "ngoéo",
        "thuế",
        "huế",
        "quở",
        "thuở",
        "mía",
        "mùa",
        "lúa",
        "múi",
        "tía",
        "của",
        "cửa",
        "tủy",
        "hòe",
        "khuỷu",
    ],
)
def test_right_spelling_stays(syllable: str) -> None:
    assert canonical(syllable) == syllable


@pytest.mark.parametrize("text", ["Tiếng Việt ở Đạ Ròn", "ƯỚC LƯỢNG HUYỆN", "Ðề nghị khuỷu tay, thuở ấy"])
def test_text_from_old_charsets_is_the_same_text(text: str) -> None:
    # windows-1258 decodes to vowels with a hat and a loose tone, Macintosh file names come decomposed
    half = "".join(
        normalize("NFC", decomposed[:-1]) + decomposed[-1]
        if len(decomposed := normalize("NFD", letter)) > 1
        else letter
        for letter in text
    )
    for form in (half, normalize("NFD", text), normalize("NFC", text)):
        assert canonical(form) == canonical(text)
        assert fold(form) == fold(text)
        assert streams(form) == streams(text)


def test_different_syllables_stay_different() -> None:
    syllables = [
        "hoa",
        "hòa",
        "hóa",
        "họa",
        "hoan",
        "hoàn",
        "hòn",
        "mua",
        "mùa",
        "của",
        "củ",
        "quà",
        "quá",
        "giả",
        "gia",
    ]
    assert len({canonical(syllable) for syllable in syllables}) == len(syllables)


@pytest.mark.parametrize(
    ("written", "whole", "parts"),
    [
        ("123/QĐ-UBND", "123/qđ-ubnd", ["123", "qđ", "ubnd"]),
        ("123-CV/TU", "123-cv/tu", ["123", "cv", "tu"]),
        ("05 /QĐ-UBND", "5/qđ-ubnd", ["05", "qđ", "ubnd"]),
        ("30/2020/NĐ-CP", "30/2020/nđ-cp", ["30", "2020", "nđ", "cp"]),
        ("45 - NQ / TW", "45-nq/tw", ["45", "nq", "tw"]),
        ("1234/UBND–TH1", "1234/ubnd-th1", ["1234", "ubnd", "th1"]),
        ("an.nv@lamdong.gov.vn", "an.nv@lamdong.gov.vn", ["an", "nv", "lamdong", "gov", "vn"]),
    ],
)
def test_references_and_addresses_are_one_token_and_their_parts(
    written: str, whole: str, parts: list[str]
) -> None:
    assert forms(written) == [*parts, whole]
    (found,) = [token for token in tokens(f"Số: {written}, ngày 5") if token.whole]
    assert found.position == 1
    assert f"Số: {written}, ngày 5"[found.start : found.end] == written


def test_an_empty_number_is_no_reference() -> None:
    assert forms("Số:     /QĐ-UBND ngày 05/11/2026") == ["số", "qđ", "ubnd", "ngày", "05", "11", "2026"]


def test_every_single_letter_and_digit_is_kept() -> None:
    assert forms("A an the 5 Ý ê x_y") == ["a", "an", "the", "5", "ý", "ê", "x", "y"]


def test_offsets_point_into_the_text_as_given_even_decomposed() -> None:
    text = normalize("NFD", "Kính gửi: xã Đạ Ròn!")
    assert [normalize("NFC", text[token.start : token.end]) for token in tokens(text)] == [
        "Kính",
        "gửi",
        "xã",
        "Đạ",
        "Ròn",
    ]


def test_encoded_garbage_is_cut() -> None:
    assert forms("Q" * 1000) == ["q" * MAX_TOKEN_CHARS]


def test_marks_are_noticed() -> None:
    assert has_marks("bão")
    assert has_marks("đi")
    assert not has_marks("bao so 5")
    assert not has_marks("“bao” – 5")


@given(text=vietnamese_text)
def test_folding_forgets_how_the_text_was_composed(text: str) -> None:
    assert fold(normalize("NFD", text)) == fold(text)
    assert canonical(normalize("NFD", text)) == canonical(text)
    assert fold(canonical(text)) == fold(text)


@given(text=any_text)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert canonical(canonical(text)) == canonical(text)


@given(text=st.one_of(any_text, vietnamese_text))
def test_streams_say_what_tokens_say(text: str) -> None:
    assert streams(text).exact.split() == forms(text)
    assert streams(text).folded.split() == [fold(form)[:MAX_TOKEN_CHARS] for form in forms(text)]
    assert len(streams(text).exact.split()) == len(streams(text).folded.split())


@given(text=st.one_of(any_text, vietnamese_text))
def test_tokens_hold_no_spaces_or_quotes(text: str) -> None:
    for token in tokens(text):
        assert token.text
        assert not set(token.text) & set(" \t\"'()*:\\")


@pytest.mark.parametrize("unit", ["a", "1/", "@", "a@", "1-", "/a", "á", "1 /a-", "a.b@c."])
def test_time_is_linear_whatever_is_sent(unit: str) -> None:
    started = time.process_time()
    streams(unit * 100_000)
    fold(unit * 100_000)
    assert time.process_time() - started < 5

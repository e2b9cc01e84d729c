"""Substrings as IMAP SEARCH means them."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.substring import contains


@pytest.mark.parametrize(
    ("haystack", "needle"),
    [
        ("Công điện ứng phó BÃO số 5", "bão"),
        ("Công điện ứng phó BÃO số 5", "bao so"),
        ("Công điện", "ông đi"),
        ("Công điện", normalize("NFD", "công đ")),
        (normalize("NFD", "Đạ Ròn"), "đạ ròn"),
        (normalize("NFD", "Đạ Ròn"), "DA RON"),
        ("hoàn toàn", "hoà"),
        ("hoà giải", "hòa giải"),
        ("Straße", "STRASSE"),
        ("Re: [ABC] x", "[abc]"),
        ("anything", ""),
    ],
)
def test_a_part_is_found_whatever_its_case(haystack: str, needle: str) -> None:
    assert contains(haystack, needle)


@pytest.mark.parametrize(
    ("haystack", "needle"), [("bảo vệ", "bão"), ("bao", "bão"), ("d", "đ"), ("ab", "abc")]
)
def test_marks_that_were_typed_count(haystack: str, needle: str) -> None:
    assert not contains(haystack, needle)


@given(
    before=st.text(max_size=20), needle=st.text("aáàâđĐoòuúyýhHqQ ", max_size=8), after=st.text(max_size=20)
)
def test_every_substring_between_letters_is_found(before: str, needle: str, after: str) -> None:
    haystack = f"{before} {needle} {after}"
    assert contains(haystack, needle)
    assert contains(haystack.upper(), needle)
    assert contains(normalize("NFD", haystack), needle)

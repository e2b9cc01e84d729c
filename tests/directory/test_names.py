import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.model import NameParts
from directory.names import (
    LocalParts,
    fold,
    local_part,
    name_fold,
    sort_key,
    split_name,
    text_fold,
    text_sort_key,
    unit_local_part,
)

LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặầẩẫấậềểễếệồổỗốộờởỡớợừửữứựÐ'"
NAMES = st.lists(
    st.text(LETTERS + LETTERS.upper() + "0123456789", min_size=1, max_size=7), min_size=1, max_size=5
).map(" ".join)


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("Nguyễn Văn An", "annv"),
        ("Đặng Thị Hướng", "huongdt"),
        ("Ðặng Thị Hướng", "huongdt"),  # the look-alike U+00D0
        ("Ka Thị Hoa", "hoakt"),
        ("K'Brếp", "kbrep"),
        ("K’Brếp", "kbrep"),
        ("Sơn", "son"),
        ("Tôn Nữ Thị Ninh", "ninhtnt"),
        ("Nguyễn Văn An 2", "annv2"),
        ("Cán bộ 0001", "boc0001"),
        ("NGUYỄN VĂN AN", "annv"),
        ("  Nguyễn   Văn\tAn ", "annv"),
        ("中文", "hopthu"),
    ],
)
def test_a_local_part_is_the_given_name_and_the_initials(name: str, local: str) -> None:
    assert local_part(split_name(name)) == local


def test_three_of_one_spelling_are_numbered_in_the_order_they_come() -> None:
    parts = LocalParts(taken=[])
    assert [parts.take("annv") for _ in range(3)] == ["annv", "annv2", "annv3"]


def test_a_number_that_was_ever_taken_is_passed_over() -> None:
    parts = LocalParts(taken=["annv", "annv3"])
    assert [parts.take("annv") for _ in range(2)] == ["annv2", "annv4"]


def test_a_base_that_ends_in_a_digit_is_numbered_after_a_dot() -> None:
    parts = LocalParts(taken=[])
    assert [parts.take("annv2") for _ in range(2)] == ["annv2", "annv2.2"]


def test_addresses_that_the_rfcs_keep_are_not_given_to_people() -> None:
    assert LocalParts(taken=[]).take("postmaster") == "postmaster2"


@given(st.lists(NAMES, max_size=60))
def test_local_parts_are_addresses_and_nobody_shares_one(names: list[str]) -> None:
    parts = LocalParts(taken=[])
    made = [parts.take(local_part(split_name(name))) for name in names]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"[a-z0-9]+(\.[0-9]+)?", local) and len(local) <= 64 for local in made)


@given(NAMES)
def test_a_name_is_the_sum_of_its_parts(name: str) -> None:
    assert split_name(name).full == " ".join(name.split())


@given(st.text(max_size=60))
def test_any_text_folds_sorts_and_splits(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert local_part(split_name(text))
    text_sort_key(text)


def test_a_list_is_sorted_by_given_name_then_family_in_the_vietnamese_alphabet() -> None:
    names = [
        "Lê Văn Đức",
        "Trần Ánh",
        "Lê Ân",
        "Lê Dũng",
        "Đỗ An",
        "Lê Ăn",
        "Dương An",
        "Lê An 10",
        "Lê An 2",
        "Lê Thị An",
    ]
    ordered = sorted(names, key=lambda name: sort_key(split_name(name)))
    assert ordered == [
        "Dương An",
        "Đỗ An",
        "Lê Thị An",
        "Lê An 2",
        "Lê An 10",
        "Trần Ánh",  # a before ă before â, whatever the tone
        "Lê Ăn",
        "Lê Ân",
        "Lê Dũng",
        "Lê Văn Đức",  # Đ after D
    ]


def test_tones_decide_only_between_equal_letters() -> None:
    assert sorted(["ma sát", "mạ", "má", "mã", "mả", "mà", "ma"], key=text_sort_key) == [
        "ma",
        "mà",
        "mả",
        "mã",
        "má",
        "mạ",
        "ma sát",
    ]


def test_parts_that_were_given_are_kept() -> None:
    assert local_part(NameParts("Ka", "", "Brếp Thị")) == "brepthik"


def test_a_unit_is_addressed_by_its_short_name() -> None:
    assert unit_local_part("STTTT", "Sở Thông tin và Truyền thông") == "stttt"
    assert unit_local_part("tamgiang.yenphong", "") == "tamgiang.yenphong"
    assert unit_local_part("", "Sở Y tế") == "soyte"


def test_an_office_is_found_by_its_letters_and_by_its_words() -> None:
    assert " uy ban nhan dan " in text_fold("UBND xã Đạ Ròn")
    assert " ubnd " in text_fold("Ủy ban nhân dân tỉnh")
    assert text_fold("Sở Y tế") == " so y te "


def test_completion_looks_for_the_given_name_first() -> None:
    assert name_fold(split_name("Nguyễn Thị Hòa")) == " hoa nguyen thi "

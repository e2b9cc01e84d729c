import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.address import Address, AddressError, parse_address


@pytest.mark.parametrize(
    "text",
    [
        "annv@lamdong.gov.vn",
        "tam.giang+tin@xa-da-ron.lamdong.gov.vn",
        '"hai chữ"@lamdong.gov.vn',
        '"a\\"b"@x.vn',
        "đặng@tỉnh.vn",
        "may-in@[192.0.2.1]",
        "x@[IPv6:2001:db8::1]",
        "!#$%&'*+/=?^_`{|}~-@x.vn",
    ],
)
def test_what_was_read_is_written_the_same(text: str) -> None:
    assert str(parse_address(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "annv",
        "@x.vn",
        "annv@",
        "a b@x.vn",
        ".a@x.vn",
        "a.@x.vn",
        "a..b@x.vn",
        "a@x..vn",
        "a@-x.vn",
        "a@x-.vn",
        'a"b@x.vn',
        '"a@x.vn',
        "a@x.vn\r\nRCPT TO:<b@x.vn>",
        "a\0@x.vn",
        "<a@x.vn>",
        "a@[x y]",
        f"{'a' * 65}@x.vn",
        f"a@{'b' * 64}.vn",
        f"a@{'b.' * 130}vn",
        "a\u200bb@x.vn",  # invisible
        "a\u00a0b@x.vn",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)


def test_addresses_that_differ_by_case_or_form_share_a_key() -> None:
    assert parse_address("AnNV@LamDong.gov.vn").key == "annv@lamdong.gov.vn"
    assert parse_address("Đa\u0323@x.vn").key == parse_address("đạ@X.VN").key  # NFD and NFC


def test_a_detail_does_not_change_the_box() -> None:
    assert parse_address("annv+tin@x.vn").without_detail() == Address("annv", "x.vn")
    assert parse_address("+tin@x.vn").without_detail() == Address("+tin", "x.vn")


@given(st.text(max_size=300))
def test_any_text_is_an_address_that_survives_or_an_address_error(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressError:
        return
    assert parse_address(str(address)) == address

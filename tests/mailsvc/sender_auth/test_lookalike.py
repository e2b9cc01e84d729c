"""What is drawn like one of our domains or names is found, and what is ours or merely similar is left alone."""

import pytest

from mailsvc.sender_auth.lookalike import looks_like_ours, name_key

OURS = ("lamdong.gov.vn", "tinhuy.vn")


@pytest.mark.parametrize(
    "domain",
    [
        "lаmdong.gov.vn",  # a Cyrillic а
        "xn--lmdong-3nf.gov.vn",
        "lamd0ng.gov.vn",
        "larndong.gov.vn",
        "1amdong.gov.vn",
        "lâmđồng.gov.vn",
        "lamdong.gov.vn.evil.com",
        "lamdong-gov-vn.com",
        "mail.lаmdong.gov.vn",
        "tinhuу.vn",
        "ｔinhuy.vn",
    ],
)
def test_a_domain_drawn_like_ours_is_told(domain: str) -> None:
    assert looks_like_ours(domain, OURS)


@pytest.mark.parametrize(
    "domain",
    ["lamdong.gov.vn", "mail.LAMDONG.gov.vn", "langson.gov.vn", "gov.vn", "gmail.com", "", "tinhuy.com"],
)
def test_others_are_not(domain: str) -> None:
    assert not looks_like_ours(domain, OURS)


def test_names_in_borrowed_letters_are_the_same_names() -> None:
    assert name_key("Trần Văn Hùng") == name_key("TRAN  VAN HUNG") == name_key("Тrần Văn Нùng")
    assert name_key("Trần Văn Hưng") == name_key("Trần Văn Hùng")
    assert name_key("Trần Thị Hùng") != name_key("Trần Văn Hùng")

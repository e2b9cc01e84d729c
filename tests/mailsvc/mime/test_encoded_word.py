"""Encoded words (RFC 2047) and extended values (RFC 2231)."""

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.mime.encoded_word import decode_extended, decode_words, encode_words


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300))
def test_what_is_encoded_is_decoded_again(text):
    import unicodedata

    words = encode_words(text)
    assert decode_words(b"\r\n ".join(words).replace(b"\r\n", b"")) == unicodedata.normalize("NFC", text)
    assert all(len(word) <= 75 and word.isascii() for word in words)


def test_white_space_between_encoded_words_goes_and_elsewhere_stays():
    assert decode_words(b"=?utf-8?q?a?= =?utf-8?Q?b_c?= d =?iso-8859-1?q?=E9?=") == "ab c d é"


def test_a_letter_cut_between_two_words_is_whole_again():
    assert decode_words(b"=?utf-8?q?=E1=BB?= =?utf-8?q?=A6y?=") == "Ủy"


def test_broken_words_are_borne():
    assert decode_words(b"=?utf-8?b?QsOjbw?= =?x?q") == "Bão =?x?q"
    assert decode_words(b"raw \xe1\xbb\xa6y =?utf-8?q?a\r\nb?=") == "raw Ủy a b"


def test_extended_values_name_their_charset():
    assert decode_extended(b"utf-8'vi'C%C3%B4ng%20v%C4%83n.pdf") == "Công văn.pdf"

"""The old Vietnamese charsets, and undeclared octets."""

import unicodedata

from mailsvc.mime.charsets import decode, guess, nfc

SENTENCE = "Ủy ban nhân dân xã Đạ Ròn: hỏa tốc ứng phó bão số 5, nghĩa vụ, kỹ thuật, đường, tỷ lệ"
CP1258 = "".join(
    unicodedata.normalize("NFC", base) + marks
    for letter in SENTENCE
    for full in [unicodedata.normalize("NFD", letter)]
    for base, marks in [
        ("".join(c for c in full if c not in "\u0300\u0301\u0303\u0309\u0323"), "".join(c for c in full if c in "\u0300\u0301\u0303\u0309\u0323"))
    ]
).encode("cp1258")  # fmt: skip


def test_windows_1258_is_composed():
    assert decode(CP1258, "windows-1258") == SENTENCE


def test_undeclared_octets_are_utf_8_or_vietnamese_or_latin():
    assert guess(SENTENCE.encode()) == SENTENCE
    assert guess(CP1258) == SENTENCE
    assert guess("déjà vu à Genève".encode("latin-1")) == "déjà vu à Genève"
    assert guess(SENTENCE.encode()[:-1]) == SENTENCE[:-1]


def test_tcvn3_viscii_vni_and_viqr_are_read():
    assert decode(b"\xa7\xb9 R\xdfn, b\xb7o s\xe8 5", "x-viet-tcvn5712") == "Đạ Ròn, bão số 5"
    assert decode(b"\xd0\xd5 R\xf2n, b\xe3o s\xaf 5", "VISCII") == "Đạ Ròn, bão số 5"
    assert decode("Ñaï Roøn, baõo soá 5, ñöôøng, UÛy ban, tænh".encode("latin-1"), "x-viet-vni") == (
        "Đạ Ròn, bão số 5, đường, Ủy ban, tỉnh"
    )
    assert decode(rb"DDa. Ro`n, ba~o so^' 5, ddu+o+`ng, xong\.", "VIQR") == "Đạ Ròn, bão số 5, đường, xong."


def test_names_that_are_no_charset_of_letters_are_not_used():
    for name in ("punycode", "unicode_escape", "base64", "rot13", "x-unknown", "undefined", ""):
        assert decode(SENTENCE.encode(), name) == SENTENCE


def test_long_runs_of_marks_cost_linear_time():
    assert len(nfc("e" + "\u0323\u0301" * 200_000)) > 200_000

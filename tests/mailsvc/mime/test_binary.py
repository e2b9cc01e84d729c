"""Binary parts become base64 and stay the same parts; nothing that is not a line is left (RFC 3030 §3)."""

import email
import email.policy

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.mime.binary import without_binary

HEAD = b"From: a@x.vn\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: binary\r\n\r\n"
TEXT = b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nxin ch\xc3\xa0o\r\n"


def letter(data):
    part = (
        b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: BINARY\r\n\r\n" + data + b"\r\n"
    )
    return HEAD + TEXT + part + b"--b--\r\n"


@given(st.binary(max_size=400).filter(lambda data: b"\n--" not in data and not data.startswith(b"--")))
def test_binary_parts_are_the_same_octets_afterwards(data):
    text = without_binary(letter(data))
    parsed = email.message_from_bytes(text, policy=email.policy.default)
    first, second = parsed.iter_parts()
    assert first.get_content().strip() == "xin chào"
    assert second.get_content() == data
    assert parsed["Content-Transfer-Encoding"] == "8bit"
    assert text.count(b"\n") == text.count(b"\r") == text.count(b"\r\n")


def test_a_letter_that_is_one_binary_part():
    text = without_binary(b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\n\r\r\n\n\0end")
    assert email.message_from_bytes(text).get_payload(decode=True) == b"\r\r\n\n\0end"


def test_other_letters_are_untouched():
    plain = b"Subject: x\r\n\r\n\xff\xfe\r\n"
    assert without_binary(plain) is plain

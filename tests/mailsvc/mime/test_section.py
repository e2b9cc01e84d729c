"""BODY[...] (RFC 9051 §6.4.5.1), with the letter of that section as the example."""

import pytest

from mailsvc.mime.parse import parse
from mailsvc.mime.section import header_fields, section

INNER = b"From: inner@x\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nX: 1\r\n\r\nfirst\r\n--i\r\n\r\nsecond\r\n--i--\r\n"
LETTER = (
    b"From: a@x\r\nTo: b@x,\r\n c@x\r\nSubject: s\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
    b"--o\r\nContent-Type: text/plain\r\n\r\nhello\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n"
    + INNER
    + b"\r\n--o--\r\n"
)


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ((), "", LETTER),
        ((1,), "", b"hello"),
        ((1,), "MIME", b"Content-Type: text/plain\r\n\r\n"),
        ((1,), "HEADER", None),
        ((2,), "", INNER),
        ((2,), "HEADER", INNER[: INNER.index(b"--i")]),
        ((2,), "TEXT", INNER[INNER.index(b"--i") :]),
        ((2, 1), "", b"first"),
        ((2, 1), "MIME", b"X: 1\r\n\r\n"),
        ((2, 2), "", b"second"),
        ((2, 3), "", None),
        ((1, 1), "", None),
        ((3,), "", None),
        ((0,), "", None),
        ((), "MIME", None),
    ],
)
def test_part_numbers_name_octets(path, kind, expected):
    assert section(LETTER, parse(LETTER), path, kind) == expected


def test_a_letter_without_multipart_has_itself_as_part_1():
    letter = b"Subject: x\r\n\r\nbody"
    assert section(letter, parse(letter), (1,)) == b"body"
    assert section(letter, parse(letter), (1,), "MIME") == b"Subject: x\r\n\r\n"
    assert section(letter, parse(letter), (2,)) is None


def test_an_enclosed_letter_without_multipart_has_a_part_1():
    letter = b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody"
    assert section(letter, parse(letter), (1,), "HEADER") == b"Subject: in\r\n\r\n"
    assert section(letter, parse(letter), (1, 1)) == b"body"


def test_header_fields_come_as_they_stand_with_the_blank_line():
    entity = parse(LETTER)
    assert (
        section(LETTER, entity, (), "HEADER.FIELDS", (b"to", b"SUBJECT"))
        == b"To: b@x,\r\n c@x\r\nSubject: s\r\n\r\n"
    )
    rest = section(LETTER, entity, (), "HEADER.FIELDS", (b"to", b"content-type"), negate=True)
    assert rest == b"From: a@x\r\nSubject: s\r\n\r\n"
    assert section(LETTER, entity, (2,), "HEADER.FIELDS", (b"from",)) == b"From: inner@x\r\n\r\n"
    assert header_fields(b"A: 1\r\nB: 2\r\n\r\n", (b"none",)) == b"\r\n"
    assert header_fields(b"A: 1", (b"a",)) == b"A: 1"

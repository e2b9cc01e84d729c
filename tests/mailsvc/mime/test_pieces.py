"""Attachments become the same piece whatever the wrapping; the letter comes back octet for octet."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.mime import pieces
from mailsvc.mime.parse import parse
from mailsvc.mime.pieces import cut, join

FILE = bytes(range(256)) * 200


def wrapped(data: bytes, columns: int, line_end: bytes) -> bytes:
    text = base64.b64encode(data)
    return line_end.join(text[at : at + columns] for at in range(0, len(text), columns))


def letter(body: bytes) -> bytes:
    return (
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + body + b"\r\n--b--\r\n"
    )


def test_the_same_file_wrapped_differently_is_one_piece():
    found = set()
    for columns in (60, 72, 76):
        for line_end in (b"\r\n", b"\n"):
            content = letter(wrapped(FILE, columns, line_end) + line_end)
            made = cut(content, parse(content))
            assert join(made) == content
            found.add(made[1].data)
            assert made[1].coding.startswith(f"base64/{columns}/")
    assert found == {FILE}


def test_large_plain_bodies_are_pieces_of_their_own_and_small_ones_are_not():
    content = b"Subject: x\r\n\r\n" + b"line\r\n" * 5000
    assert [piece.data for piece in cut(content, parse(content))] == [content[:14], content[14:]]
    assert len(cut(b"Subject: x\r\n\r\nshort", parse(b"Subject: x\r\n\r\nshort"))) == 1
    assert join(cut(b"", parse(b""))) == b""


def test_base64_that_does_not_come_back_the_same_stays_as_it_is():
    for body in (
        wrapped(FILE, 76, b"\r\n").replace(b"A", b"A ", 1),
        wrapped(FILE, 76, b"\r\n")[:-3],
        b"=" * 20_000,
    ):
        content = letter(body)
        made = cut(content, parse(content))
        assert join(made) == content
        assert {piece.coding for piece in made} == {""}


@given(
    data=st.binary(min_size=0, max_size=300),
    columns=st.integers(1, 90),
    line_end=st.sampled_from([b"\r\n", b"\n"]),
    tail=st.sampled_from([b"", b"\r\n", b"\n\n", b"x", b"="]),
)
def test_any_body_comes_back(data, columns, line_end, tail):
    content = letter(wrapped(data, columns, line_end) + tail)
    least, pieces.MIN_PIECE = pieces.MIN_PIECE, 1
    try:
        assert join(cut(content, parse(content))) == content
    finally:
        pieces.MIN_PIECE = least


def test_slices_of_a_large_file_are_one_piece_and_padding_in_the_middle_is_none(monkeypatch):
    monkeypatch.setattr(pieces, "_SLICE", 64)
    content = letter(wrapped(FILE[:-1], 76, b"\r\n") + b"\r\n")
    made = cut(content, parse(content))
    assert made[1].data == FILE[:-1]
    assert join(made) == content
    two = base64.b64encode(b"a" * 47) + base64.b64encode(
        b"b" * 30_000
    )  # the first ends in = at a slice's end
    content = letter(two)
    made = cut(content, parse(content))
    assert {piece.coding for piece in made} == {""}
    assert join(made) == content

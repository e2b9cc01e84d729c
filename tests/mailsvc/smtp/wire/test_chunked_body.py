"""DATA and BDAT give the same letter, or refuse it alike, however the network and the client cut it (RFC 3030 §2)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.smtp.wire.body import BodyFault, ChunkedBody, DataBody
from mailsvc.smtp.wire.chunk import Chunk, parse_bdat
from mailsvc.smtp.wire.outgoing import stuffed

LIMITS = {"max_octets": 200, "max_line_octets": 60}
LETTERS = st.lists(
    st.sampled_from(
        [b"a", b".", b"..", b"\r\n", b"\r\n.\r\n", b"\r", b"\n", b"\r\n.", b"x" * 20, b"\0", b"\xff"]
    ),
    max_size=14,
).map(b"".join)


def by_data(letter):
    body = DataBody(**LIMITS)
    assert body.feed(stuffed(letter)) == b""
    return body


def by_chunks(letter, cuts):
    body = ChunkedBody(**LIMITS, binary=False)
    places = [0, *sorted(cut % (len(letter) + 1) for cut in cuts), len(letter)]
    for start, end in pairwise(places):
        body.feed(letter[start:end])
    body.end()
    return body


@given(letter=LETTERS, cuts=st.lists(st.integers(0, 300), max_size=6))
def test_data_and_bdat_give_the_same_letter(letter, cuts):
    chunked = by_chunks(letter, cuts)
    pairs = letter.count(b"\r\n")
    if letter.count(b"\r") == letter.count(b"\n") == pairs:  # else DATA would not carry it unchanged
        data = by_data(letter)
        assert chunked.content == data.content
        assert (chunked.fault is None) == (data.fault is None)
    else:
        assert chunked.fault is BodyFault.BARE_NEWLINE


@given(
    letter=LETTERS,
    one=st.lists(st.integers(0, 300), max_size=6),
    other=st.lists(st.integers(0, 300), max_size=6),
)
def test_cuts_do_not_matter(letter, one, other):
    assert (by_chunks(letter, one).content, by_chunks(letter, one).fault) == (
        by_chunks(letter, other).content,
        by_chunks(letter, other).fault,
    )


def test_nothing_is_kept_of_what_is_too_large():
    body = ChunkedBody(max_octets=1000, max_line_octets=10**6, binary=True)
    for _ in range(1000):
        body.feed(b"\0" * 1000)
    body.end()
    assert body.fault is BodyFault.TOO_LARGE
    assert body.content == b""


def test_bdat_says_a_size_and_no_nonsense():
    assert parse_bdat("10") == Chunk(10, is_last=False)
    assert parse_bdat("0 last ") == Chunk(0, is_last=True)
    for words in ("", "LAST", "-1", "1e3", "１０", "10 LAST 5", "10 FIRST", "9" * 30, "0x10", "10LAST"):
        assert parse_bdat(words) is None

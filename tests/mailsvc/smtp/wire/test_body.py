"""DATA: only CRLF.CRLF ends it, dots are removed, splits do not matter (RFC 5321 §4.5.2)."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsvc.smtp.wire.body import BodyFault, DataBody


def read(chunks, *, max_octets=10**9, max_line_octets=100_000):
    """Content, fault and what followed the end; None if the end never came."""
    body = DataBody(max_octets=max_octets, max_line_octets=max_line_octets)
    rest = None
    for chunk in chunks:
        if rest is None:
            rest = body.feed(chunk)
        else:
            rest += chunk
    return body.content, body.fault, rest


def splits(data, cuts):
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


PIECES = st.sampled_from(
    [b"\r\n", b".", b"..", b"\r", b"\n", b"a", b"hello", b"\r\n.\r\n", b"\r\n..", b"\x00", b"\xff"]
)


@given(data=st.lists(PIECES, max_size=30).map(b"".join), cuts=st.lists(st.integers(0, 500), max_size=6))
def test_packet_boundaries_do_not_matter(data, cuts):
    assert read(splits(data, cuts), max_line_octets=12, max_octets=40) == read(
        [data], max_line_octets=12, max_octets=40
    )


@given(data=st.lists(PIECES, max_size=12).map(b"".join))
def test_byte_by_byte_is_the_same(data):
    assert read([data[i : i + 1] for i in range(len(data))]) == read([data])


@given(
    lines=st.lists(
        st.binary(max_size=20).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")), max_size=20
    )
)
def test_what_was_stuffed_comes_out_as_it_was(lines):
    letter = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)
    assert read([stuffed + b".\r\nQUIT\r\n"]) == (letter, None, b"QUIT\r\n")


def test_an_empty_letter_is_a_letter():
    assert read([b".\r\n"]) == (b"", None, b"")


SMUGGLES = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\r\n.\r\r\n", b"\r\n\x00.\r\n", b"\n.\r", b"\r.\n",
    b"\r\n.\r\r\n", b"\r\n\n.\r\n", b"\n\n.\n\n", b"\r\n.\n\r\n",
]  # fmt: skip


@pytest.mark.parametrize("smuggle", SMUGGLES)
def test_no_other_end_is_an_end_in_any_split(smuggle):
    hidden = b"MAIL FROM:<evil@x.vn>\r\nRCPT TO:<a@x.vn>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"
    data = b"Subject: a\r\n\r\nbody" + smuggle + hidden + b"\r\n.\r\n"
    for cut in range(len(data) + 1):
        content, fault, rest = read([data[:cut], data[cut:]])
        assert rest == b""
        if fault is None:  # an innocent one: CRLF NUL dot CRLF
            assert content == data[:-3]
        else:
            assert fault is BodyFault.BARE_NEWLINE
            assert content == b""


def test_a_line_may_reach_its_bound_and_not_pass_it():
    fits = b"x" * 98 + b"\r\n"
    assert read([b"a\r\n" + fits * 3 + b".\r\n"], max_line_octets=100)[1] is None
    for cut in range(120):
        data = b"a\r\n" + b"x" * 99 + b"\r\n.\r\n"
        assert read([data[:cut], data[cut:]], max_line_octets=100)[1] is BodyFault.LINE_TOO_LONG


def test_size_counts_the_letter_without_stuffing():
    letter = b"..\r\n" * 10  # 30 octets when the dots are removed
    assert read([letter + b".\r\n"], max_octets=30)[1] is None
    assert read([letter + b".\r\n"], max_octets=29)[1] is BodyFault.TOO_LARGE


def test_after_a_fault_nothing_is_kept():
    body = DataBody(max_octets=100, max_line_octets=1000)
    for _ in range(1000):
        assert body.feed(b"0123456789\r\n" * 100) is None
    assert body.fault is BodyFault.TOO_LARGE
    assert not body._parts
    assert body.feed(b".\r\nQUIT\r\n") == b"QUIT\r\n"


def test_a_large_body_runs_at_memory_speed():
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3\r\n"
    letter = line * 65_000
    chunks = [letter[i : i + 131_072] for i in range(0, len(letter), 131_072)]
    start = time.perf_counter()
    content, fault, _ = read([*chunks, b".\r\n"])
    assert time.perf_counter() - start < 1.0  # 5.4 MB; typically 0.02
    assert (content, fault) == (letter, None)


def test_hostile_dots_take_linear_time():
    letter = b"..\r\n" * 500_000
    start = time.perf_counter()
    content, _, _ = read([letter[i : i + 65_536] for i in range(0, len(letter), 65_536)] + [b".\r\n"])
    assert time.perf_counter() - start < 2.0
    assert len(content) == 1_500_000

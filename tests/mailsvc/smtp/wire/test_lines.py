"""Command lines end with CRLF and nothing else (RFC 5321 §2.3.8)."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.smtp.wire.lines import CommandLines, LineFault


def lines_of(chunks, limit=64):
    lines = CommandLines(limit)
    found = []
    for chunk in chunks:
        lines.feed(chunk)
        while (line := lines.next_line()) is not None:
            found.append(line)
    return found


@given(
    data=st.lists(st.sampled_from([b"NOOP", b"\r\n", b"\r", b"\n", b"x" * 30, b" "]), max_size=30).map(
        b"".join
    ),
    cuts=st.lists(st.integers(0, 400), max_size=5),
)
def test_packet_boundaries_do_not_matter(data, cuts):
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    assert lines_of([data[a:b] for a, b in itertools.pairwise(edges)]) == lines_of([data])


def test_bare_newlines_are_faults():
    assert lines_of([b"NOOP\nNOOP\r\nNO\rOP\r\nNOOP\r\r\n\r\n"]) == [
        LineFault.BARE_NEWLINE, b"NOOP", LineFault.BARE_NEWLINE, LineFault.BARE_NEWLINE, b"",
    ]  # fmt: skip


def test_an_endless_line_is_one_fault_in_bounded_memory():
    lines = CommandLines(100)
    for _ in range(1000):
        lines.feed(b"x" * 1000)
        assert lines.next_line() is None
        assert len(lines) <= 1000
    lines.feed(b"\r\nNOOP\r\n")
    assert lines.next_line() is LineFault.TOO_LONG
    assert lines.next_line() == b"NOOP"


def test_a_body_is_taken_and_its_rest_put_back():
    lines = CommandLines(100)
    lines.feed(b"DATA\r\nhello\r\n.\r\nQUIT\r\n")
    assert lines.next_line() == b"DATA"
    assert lines.take() == b"hello\r\n.\r\nQUIT\r\n"
    lines.put_back(b"QUIT\r\n")
    assert lines.next_line() == b"QUIT"


@given(
    data=st.lists(
        st.sampled_from([b"RCPT TO:<a@b>", b"RCPT ", b"\r\n", b"\r", b"\n", b"x" * 30, b"DATA"]), max_size=30
    ).map(b"".join)
)
def test_a_run_of_one_verb_is_read_as_line_by_line(data):
    """Where the quick look ahead gives a line, it is the one that comes anyway."""
    quick, plain = CommandLines(64), CommandLines(64)
    quick.feed(data)
    plain.feed(data)
    while True:
        ahead = quick.next_line_of(b"RCPT ")
        expected = plain.next_line()
        assert (quick.next_line() if ahead is None else ahead) == expected
        if expected is None:
            return

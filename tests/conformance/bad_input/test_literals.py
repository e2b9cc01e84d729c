"""Literals that are larger than they may be (RFC 3501 §4.3, RFC 7888 §4), before and after login."""

import pytest

from tests.conformance.bad_input.conftest import MAX_MESSAGE, MIB
from tests.conformance.bad_input.wire import Imap
from tests.support.service import Service

LETTER = b"Subject: x\r\n\r\nx\r\n"


def test_before_login_a_literal_that_waits_is_refused_at_once(service: Service) -> None:
    with Imap(service.address("imap")) as imap:
        for size in (5_000, 1 << 31, 1 << 32, 10**11):
            assert imap.asks(b"LOGIN {%d}" % size).startswith(b"a NO [TOOBIG]")
        assert imap.asks(b"LOGIN an Mat-khau-1").startswith(b"a OK")


def test_before_login_a_literal_that_does_not_wait_ends_the_connection(service: Service) -> None:
    with Imap(service.address("imap")) as imap:
        imap.say(b"a LOGIN {100000000+}\r\n")
        assert imap.line().startswith(b"* BYE")
        assert imap.is_closed()


def test_many_small_literals_before_login_are_bounded(service: Service) -> None:
    with Imap(service.address("imap")) as imap:
        try:
            imap.say(b"a LOGIN" + b" {900+}\r\n" * 1 + b"x" * 900)
            for _ in range(10_000):
                imap.say(b" {900+}\r\n" + b"x" * 900)
            imap.say(b"\r\n")
            assert imap.line().startswith((b"* BYE", b"a BAD", b"a NO"))
        except (BrokenPipeError, ConnectionResetError):
            pass


def test_append_of_more_than_the_limit_is_refused_and_the_session_goes_on(service: Service) -> None:
    with Imap(service.address("imap"), "an") as imap:
        size = MAX_MESSAGE + 1
        assert imap.asks(b"APPEND Archive {%d}" % size).startswith(b"a NO [TOOBIG]")  # never sent
        imap.say(b"a APPEND Archive {%d+}\r\n" % (3 * MAX_MESSAGE))
        for _ in range(3 * MAX_MESSAGE // MIB):
            imap.say(b"x" * MIB)
        imap.say(b"\r\n")
        assert imap.until()[1].startswith(b"a NO [TOOBIG]")
        assert imap.append(LETTER).startswith(b"a OK [APPENDUID")


def test_a_letter_of_exactly_the_limit_is_taken(service: Service) -> None:
    with Imap(service.address("imap"), "an") as imap:
        assert imap.append(LETTER + b"x" * (MAX_MESSAGE - len(LETTER))).startswith(b"a OK")


def test_a_literal_that_is_no_letter_has_a_small_limit(service: Service) -> None:
    with Imap(service.address("imap"), "an") as imap:
        for command in (b"SEARCH TEXT", b"SELECT", b"CREATE", b"NOOP", b"APPEND"):
            assert imap.asks(command + b" {%d}" % MIB).startswith((b"a NO [TOOBIG]", b"a BAD"))
            assert imap.asks(command + b" {%d+}\r\n" % MIB + b"x" * MIB).startswith(
                (b"a NO [TOOBIG]", b"a BAD")
            )
        assert imap.asks(b"NOOP").startswith(b"a OK")


@pytest.mark.parametrize(
    "literal", [b"{-1}", b"{}", b"{x}", b"{1 }", b"{999999999999999999999}", b"{0x10}", b"{1++}", b"{1}}"]
)
def test_what_announces_no_literal_is_bad(service: Service, literal: bytes) -> None:
    with Imap(service.address("imap"), "an") as imap:
        assert imap.asks(b"APPEND Archive " + literal).startswith(b"a BAD")
        assert imap.asks(b"NOOP").startswith(b"a OK")


def test_a_client_that_leaves_within_a_literal_has_kept_nothing(service: Service) -> None:
    with Imap(service.address("imap"), "p2") as watcher:
        for sent in (b"", b"Subject: x", LETTER):
            with Imap(service.address("imap"), "p2") as imap:
                imap.say(b"a APPEND Archive {%d+}\r\n" % len(LETTER) + sent)
                imap.half_close()
                assert not imap.until()[1]
        assert watcher.exists(b"Archive") == 0


BAD_DATES = [
    b'"32-Jan-2026 00:00:00 +0700"',
    b'"01-Foo-2026 00:00:00 +0700"',
    b'"01-Jan-2026 24:00:00 +0700"',
    b'"01-Jan-2026 00:00:00"',
    b'"01-Jan-2026"',
    b'"01-Jan-0000 00:00:00 +0000"',
    b'"01-Jan-2026 00:00:00 +9999"',
    b'"29-Feb-2025 00:00:00 +0700"',
    b'""',
    b'"x"',
    b'"01-Jan-20260 00:00:00 +0700"',
    b"01-Jan-2026",
]
BAD_FLAGS = [
    b"(\\Recent)",
    b"(\\Xyzzy)",
    b"(a b",
    b"a",
    b"(\xff)",
    b"(%)",
    b"(*)",
    b"(" + b"k" * 500 + b")",
    b"((a))",
    b"(\\)",
    b'("a")',
    b"(a  b)",
    b"(\\*)",
]


@pytest.mark.parametrize("more", [*BAD_DATES, *BAD_FLAGS])
def test_append_with_a_broken_date_or_flag_keeps_nothing(service: Service, more: bytes) -> None:
    with Imap(service.address("imap"), "p3") as imap:
        assert imap.append(LETTER, more=more + b" ").startswith((b"a BAD", b"a NO"))
        assert imap.exists(b"Archive") == 0
        assert imap.asks(b"NOOP").startswith(b"a OK")


@pytest.mark.parametrize(
    "date",
    [
        b'"01-Jan-0001 12:00:00 +0000"',
        b'"01-Jan-0001 00:00:00 +0700"',
        b'"31-Dec-9999 23:59:59 +0000"',
        b'"31-Dec-9999 23:59:59 -1200"',
        b'" 1-Jan-1900 00:00:00 +0000"',
        b'"31-Dec-2016 23:59:60 +0000"',
    ],
)
def test_a_date_at_the_end_of_time_can_be_read_again_or_is_refused(service: Service, date: bytes) -> None:
    with Imap(service.address("imap"), "p4") as imap:
        if imap.append(LETTER, more=date + b" ").startswith(b"a OK"):
            assert imap.asks(b"SELECT Archive").startswith(b"a OK")
            assert imap.asks(b"FETCH * INTERNALDATE").startswith(b"a OK")
            assert imap.asks(b"SEARCH SINCE 1-Jan-1970 BEFORE 1-Jan-2030 ON 31-Dec-9999").startswith(b"a OK")


def test_a_letter_with_nul_or_nothing_in_it_is_refused_or_kept_whole(service: Service) -> None:
    with Imap(service.address("imap"), "p5") as imap:
        assert imap.append(b"a\x00b").startswith(b"a BAD")
        assert imap.append(b"").startswith(b"a NO")  # RFC 3502 §6.3.11
        for content in (b"\r\n", b"\n", b"x", b"\r", b"\xff" * 100, b"a\rb\nc"):
            assert imap.append(content).startswith(b"a OK")
            assert imap.asks(b"SELECT Archive").startswith(b"a OK")
            lines, reply = imap.tells(b"FETCH * (ENVELOPE BODYSTRUCTURE BODY.PEEK[])")
            assert reply.startswith(b"a OK")
            assert content in lines[0]


def test_keywords_are_bounded_in_number(service: Service) -> None:
    with Imap(service.address("imap"), "p6") as imap:
        assert imap.append(LETTER).startswith(b"a OK")
        assert imap.asks(b"SELECT Archive").startswith(b"a OK")
        replies = [imap.asks(b"STORE 1 +FLAGS (k%d)" % number) for number in range(100)]
        assert replies[0].startswith(b"a OK")
        assert replies[-1].startswith(b"a NO [LIMIT]")
        assert imap.append(
            LETTER, more=b"(" + b" ".join(b"z%d" % number for number in range(100)) + b") "
        ).startswith(b"a NO [LIMIT]")
        assert imap.exists(b"Archive") == 1

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsvc.imap.wire.append import Append
from mailsvc.imap.wire.authenticate import Authenticate, SaslResponse
from mailsvc.imap.wire.command import Command, State
from mailsvc.imap.wire.errors import ProtocolError
from mailsvc.imap.wire.idle import Idle, IdleDone
from mailsvc.imap.wire.login import Login
from mailsvc.imap.wire.session import NEED_DATA, Continue, Event, ImapSession, Limits
from mailsvc.imap.wire.simple import Noop

SMALL = Limits(line_before_login=200, line=400, literal_before_login=50, literal=100, append=1000)
SCRIPT = (
    b"a1 CAPABILITY\r\n"
    b"a2 LOGIN {4}\r\nuser {4+}\r\npa\r\n\r\n"
    b"a3 SELECT inbox\r\n"
    b"a4 IDLE\r\nDONE\r\n"
    b"a5 APPEND x (\\Seen) {300}\r\n" + b"x" * 300 + b"\r\n"
    b"a6 APPEND x {3000+}\r\n" + b"y" * 3000 + b" {5+}\r\nzzzzz\r\n"
    b"a7 NOOP " + b"n" * 500 + b"{7+}\r\nNOOP\r\n \r\n"
    b'a8 SEARCH CHARSET UTF-8 SUBJECT {3+}\r\n\xc4\x91x OR FROM "a" TO {0+}\r\n\r\n'
    b"\r\n"
    b"garbage\r\n"
    b"a9 CLOSE\r\na9 LOGOUT\r\n"
)


def drain(session: ImapSession) -> list[Event]:
    events: list[Event] = []
    while (event := session.next_command()) is not NEED_DATA:
        events.append(event)
        if isinstance(event, Command):
            session.completed(event, succeeded=True)
            if isinstance(event, Authenticate) and event.initial_response is None:
                session.state = State.NOT_AUTHENTICATED
                session.expect_sasl_response(event.tag)
        if isinstance(event, ProtocolError) and event.fatal:
            break
    return events


def play(*pieces: bytes, state: State = State.NOT_AUTHENTICATED, limits: Limits = SMALL) -> list[Event]:
    session = ImapSession(limits)
    session.state = state
    events: list[Event] = []
    for piece in pieces:
        session.receive(piece)
        events += drain(session)
        assert session.buffered <= 2000 + 400
        if events and isinstance(events[-1], ProtocolError) and events[-1].fatal:
            break
    return events


@given(st.lists(st.integers(0, len(SCRIPT)), max_size=40))
def test_packet_boundaries_do_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(SCRIPT)]
    pieces = [SCRIPT[start:end] for start, end in pairwise(edges)]
    assert play(*pieces) == play(SCRIPT)


def test_one_octet_at_a_time_gives_the_same_commands() -> None:
    assert play(*[SCRIPT[i : i + 1] for i in range(len(SCRIPT))]) == play(SCRIPT)


def test_the_script_reads_as_meant() -> None:
    events = play(SCRIPT)
    tags = [(type(event).__name__, getattr(event, "tag", None)) for event in events]
    assert tags == [
        ("Capability", b"a1"),
        ("Continue", None),
        ("Login", b"a2"),
        ("Select", b"a3"),
        ("Idle", b"a4"),
        ("IdleDone", b"a4"),
        ("Continue", None),
        ("Append", b"a5"),
        ("ProtocolError", b"a6"),
        ("ProtocolError", b"a7"),
        ("Search", b"a8"),
        ("ProtocolError", b"garbage"),
        ("Close", b"a9"),
        ("Logout", b"a9"),
    ]


WORDS = [
     b"a ", b"LOGIN ", b"FETCH ", b"UID ", b"1:* ", b"{3}\r\n", b"{3+}\r\n", b"{999+}\r\n", b"(", b")", b'"', b"\\", b"\r\n",
     b"BODY[", b"HEADER.FIELDS ", b"]", b"SEARCH ", b"APPEND x ", b"NOT ", b"IDLE", b"DONE", b"AUTHENTICATE PLAIN", b"LIST ",
     b"STATUS ", b"ID ", b"\x00", b"\xff", b"abc", b" "]  # fmt: skip


@given(
    st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(WORDS), max_size=40).map(b"".join)),
    st.sampled_from([State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED]),
    st.integers(1, 50),
)
def test_any_octets_give_commands_or_errors(octets: bytes, state: State, size: int) -> None:
    pieces = [octets[i : i + size] for i in range(0, len(octets), size)]
    assert play(*pieces, state=state) == play(octets, state=state)


def test_a_literal_that_waits_is_asked_for_and_handed_over_whole() -> None:
    session = ImapSession(Limits())
    session.state = State.AUTHENTICATED
    session.receive(b"a APPEND INBOX {200000}\r\n")
    assert session.next_command() == Continue()
    for _ in range(20):
        assert session.next_command() is NEED_DATA
        session.receive(b"x" * 10_000)
    session.receive(b"\r\n")
    command = session.next_command()
    assert isinstance(command, Append)
    assert command.letters[0].parts[0] == b"x" * 200_000


def test_a_letter_that_is_too_large_is_refused_before_it_is_sent() -> None:
    session = ImapSession(SMALL)
    session.state = State.AUTHENTICATED
    session.receive(b"a APPEND INBOX {1001}\r\n")
    assert session.next_command() == ProtocolError(b"a", "Literal too large", "NO", "TOOBIG")
    session.receive(b"b NOOP\r\n")
    assert session.next_command() == Noop(b"b")


def test_a_too_large_literal_that_does_not_wait_is_passed_over() -> None:  # RFC 7888 §4
    session = ImapSession(SMALL)
    session.state = State.AUTHENTICATED
    session.receive(b"a APPEND INBOX {1000000+}\r\n")
    for _ in range(100):
        session.receive(b"x" * 10_000)
        assert session.next_command() is NEED_DATA
        assert session.buffered < 500
    session.receive(b"\r\nb NOOP\r\n")
    assert session.next_command() == ProtocolError(b"a", "Literal too large", "NO", "TOOBIG")
    assert session.next_command() == Noop(b"b")


@pytest.mark.parametrize("octets", [b"a LOGIN {51+}\r\n", b"a NOOP " + b"x" * 201, b"x" * 300 + b"\r\n"])
def test_before_login_what_is_too_large_ends_the_connection(octets: bytes) -> None:
    (event,) = play(octets)
    assert isinstance(event, ProtocolError)
    assert event.fatal


def test_an_endless_line_after_login_costs_no_memory() -> None:
    session = ImapSession(SMALL)
    session.state = State.AUTHENTICATED
    session.receive(b"a NOOP ")
    for _ in range(1000):
        session.receive(b"y" * 1000)
        assert session.next_command() is NEED_DATA
        assert session.buffered < 100
    session.receive(b"\r\nb NOOP\r\n")
    assert session.next_command() == ProtocolError(b"a", "Command too long", "BAD", "TOOBIG")
    assert session.next_command() == Noop(b"b")


def test_the_sasl_exchange_takes_whole_lines() -> None:
    assert play(b"a AUTHENTICATE plain\r\n", b"AHUAcA==\r\n") == [
        Authenticate(b"a", "PLAIN", None),
        SaslResponse(b"a", b"\0u\0p"),
    ]
    assert play(b"a AUTHENTICATE plain\r\n*\r\n")[-1] == SaslResponse(b"a", None)
    assert play(b"a AUTHENTICATE plain =\r\n") == [Authenticate(b"a", "PLAIN", b"")]
    assert play(b"a AUTHENTICATE plain\r\n?\r\n")[-1] == ProtocolError(b"a", "Invalid base64")


def test_only_done_ends_idle() -> None:  # RFC 2177 §3
    events = play(b"a IDLE\r\nb NOOP\r\nc NOOP\r\n", state=State.AUTHENTICATED)
    assert events == [Idle(b"a"), ProtocolError(b"a", "Expected DONE"), Noop(b"c")]
    assert play(b"a IDLE\r\ndone\r\n", state=State.AUTHENTICATED) == [Idle(b"a"), IdleDone(b"a")]


def test_what_came_in_clear_text_behind_starttls_is_forgotten() -> None:  # RFC 3501 §6.2.1
    session = ImapSession(SMALL)
    session.receive(b"a STARTTLS\r\nb LOGIN x y\r\n")
    session.next_command()
    session.discard_buffered()
    assert session.next_command() is NEED_DATA


def test_passwords_are_not_shown_in_logs() -> None:
    assert "geheim" not in repr(Login(b"a", "u", "geheim"))

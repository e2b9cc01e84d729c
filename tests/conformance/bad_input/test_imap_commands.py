"""Commands that are broken, too long, too deep or out of turn: BAD or NO, and the connection goes on (RFC 3501 §7.1)."""

import pytest

from tests.conformance.bad_input.conftest import MIB, work
from tests.conformance.bad_input.wire import Imap
from tests.support.service import Service

BAD, NO, OK = b"a BAD", b"a NO", b"a OK"


def test_an_endless_line_before_login_is_cut_off(service: Service) -> None:
    with Imap(service.address("imap")) as imap:
        try:
            for _ in range(64):
                imap.say(b"x" * MIB)
        except (BrokenPipeError, ConnectionResetError):
            return  # it hung up on us; the BYE may be lost with that
        assert imap.line().startswith(b"* BYE")


def test_a_long_line_before_login_gets_bye(service: Service) -> None:
    with Imap(service.address("imap")) as imap:
        imap.say(b"a LOGIN " + b"x" * 9_000)
        assert imap.line().startswith(b"* BYE")
        assert imap.is_closed()


def test_a_long_line_after_login_is_bad_and_the_session_goes_on(service: Service) -> None:
    with Imap(service.address("imap"), "an") as imap:
        for _ in range(3):
            assert imap.asks(b"SEARCH " + b"x" * (2 * MIB)).startswith(BAD)
        assert imap.asks(b"NOOP").startswith(OK)


BROKEN = [
    b"", b" ", b"NOOP ", b"NOOP x", b"XYZZY", b"\xff\xfe", b"SELECT", b"SELECT ", b"SELECT INBOX x", b'SELECT "INBOX', b"SELECT \xff", b"SELECT INB\x00X", b"FETCH", b"FETCH 1", b"FETCH 1 (", b"FETCH 1 (FLAGS",
    b"FETCH 1 FLAGS)", b"FETCH 1 BODY[", b"FETCH 1 BODY[0]", b"FETCH 1 BODY[TEXT.1]", b"FETCH 1 BODY[]<-1.5>", b"FETCH 1 BODY[]<1.0>", b"FETCH 1 BODY[HEADER.FIELDS ()]", b"FETCH 1 XYZZY", b"FETCH a FLAGS", b"FETCH 0 FLAGS", b"FETCH 4294967296 FLAGS",
    b"FETCH 1: FLAGS", b"FETCH :1 FLAGS", b"FETCH 1,,2 FLAGS", b"FETCH -1 FLAGS", b"FETCH 1:2:3 FLAGS", b"FETCH " + b"9" * 50_000 + b" FLAGS", b"STORE 1", b"STORE 1 FLAGS", b"STORE 1 +FLAGS (\\Recent)", b"STORE 1 FLAGS (\\Xyzzy)",
    b"STORE 1 FLAGS (a b", b"STORE 1 FLAGS (\xff)", b"STORE 1 ++FLAGS (a)", b"SEARCH", b"SEARCH XYZZY", b"SEARCH NOT", b"SEARCH OR ALL", b"SEARCH ()", b"SEARCH (", b"SEARCH SINCE 32-Jan-2026", b"SEARCH SINCE 1-Foo-2026", b"SEARCH SINCE 29-Feb-2025",
    b"SEARCH LARGER -1", b"SEARCH LARGER 99999999999999999999999", b"SEARCH UID", b"SEARCH MODSEQ x", b"SEARCH CHARSET", b"SEARCH TEXT", b"UID", b"UID NOOP", b"UID EXPUNGE", b"COPY 1", b"COPY x INBOX", b"MOVE 1", b"LIST", b"LIST x", b"STATUS INBOX", b"STATUS INBOX ()",
    b"STATUS INBOX (XYZZY)", b"ENABLE", b"ID x", b"ID (a)", b"LOGIN an", b"AUTHENTICATE", b"IDLE now", b"SETQUOTA", b"GETQUOTA", b"RENAME INBOX", b"APPEND", b"APPEND INBOX", b"APPEND INBOX {x}", b"APPEND INBOX x", b"SELECT INBOX (XYZZY", b"FETCH 1 (FLAGS) (CHANGEDSINCE x)",
]  # fmt: skip


@pytest.mark.parametrize("command", BROKEN)
def test_a_broken_command_is_bad_and_changes_nothing(service: Service, command: bytes) -> None:
    with Imap(service.address("imap"), "an") as imap:
        assert imap.asks(b"SELECT INBOX").startswith(OK)
        imap.say(b"a " + command + b"\r\n")
        lines, reply = imap.until()
        assert reply.startswith(BAD), reply
        assert lines == []
        assert imap.asks(b"NOOP").startswith(OK)


@pytest.mark.parametrize(
    "line",
    [
        b"a",
        b"*",
        b"+ x",
        b"* NOOP",
        b"( NOOP",
        b"a\x00 NOOP",
        b"\xff NOOP",
        b"{5",
        b"%a NOOP",
        b"a+b NOOP",
        b"\x00" * 100,
        b'"a" NOOP',
        b"GET / HTTP/1.1",
        b"EHLO x",
    ],
)
def test_a_line_without_tag_is_bad_untagged(service: Service, line: bytes) -> None:  # RFC 3501 §7.1.3
    with Imap(service.address("imap"), "an") as imap:
        imap.say(line + b"\r\na NOOP\r\n")
        replies = [imap.line()]
        while not replies[-1].startswith(b"a OK"):
            replies.append(imap.line())
        assert len(replies) == 2
        assert b" BAD" in replies[0]


def test_garbage_before_login_ends_soon(service: Service) -> None:
    with Imap(service.address("imap")) as imap:
        imap.say(b"\xff\xfe\x00 garbage\r\n" * 1000)
        lines = []
        try:
            while line := imap.line():
                lines.append(line)
        except ConnectionResetError:
            pass
        assert len(lines) <= 25


def test_pipelined_garbage_is_answered_line_by_line(service: Service) -> None:
    with Imap(service.address("imap"), "an") as imap:
        imap.say(b"x \xff\xfe\r\n" * 5_000 + b"a NOOP\r\n")
        lines, reply = imap.until()
        assert len(lines) == 5_000
        assert all(line.startswith(b"x BAD") for line in lines)
        assert reply.startswith(OK)


NESTED = {
    "parentheses": b"SEARCH " + b"(" * 10_000 + b"ALL" + b")" * 10_000,
    "open parentheses": b"SEARCH " + b"(" * 30_000,
    "not": b"SEARCH " + b"NOT " * 10_000 + b"ALL",
    "or": b"SEARCH " + b"OR ALL " * 8_000 + b"ALL",
    "or to the left": b"SEARCH " + b"OR " * 8_000 + b"ALL " * 8_001,
    "list": b"LIST " + b"(" * 30_000,
    "fetch": b"FETCH 1 " + b"(" * 30_000,
    "id": b"ID " + b"(" * 30_000,
    "flags": b"STORE 1 FLAGS " + b"(" * 30_000,
}


@pytest.mark.parametrize("name", NESTED)
def test_what_is_nested_too_deep_is_bad(service: Service, name: str) -> None:
    with Imap(service.address("imap"), "an") as imap:
        assert imap.asks(b"SELECT INBOX").startswith(OK)
        assert imap.asks(NESTED[name]).startswith(BAD)


HEAVY = {
    "many keys": b"SEARCH " + b" ".join([b"ALL"] * 4_900),
    "many texts": b"SEARCH " + b" ".join([b"NOT BODY zzz%d" % number for number in range(300)]),
    "ranges that overlap": b"FETCH " + b",".join([b"1:*"] * 10_000) + b" (UID)",
    "ranges out of reach": b"UID FETCH " + b",".join(b"%d:%d" % (at, at + 1) for at in range(4_000_000_000, 4_000_002_000)) + b" (UID)",
    "wildcards": b'LIST "" "' + b"*a" * 500 + b'"',
    "per cents": b'LIST "" "' + b"%/" * 500 + b'%"',
    "many items": b"FETCH 1 (" + b" ".join([b"ENVELOPE"] * 5_000) + b")",
    "many fields": b"FETCH 1:* (BODY.PEEK[HEADER.FIELDS (" + b" ".join(b"x%d" % number for number in range(8_000)) + b")])",
    "many flags": b"STORE 1 +FLAGS (" + b" ".join(b"k%d" % number for number in range(5_000)) + b")",
}  # fmt: skip


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_command_is_answered_in_time(service: Service, name: str) -> None:
    with Imap(service.address("imap"), "an") as imap:
        assert imap.asks(b"APPEND Junk {12+}\r\nSubject: x\r\n").startswith(OK)
        assert imap.asks(b"SELECT Junk").startswith(OK)
        before = work(service)
        assert imap.asks(HEAVY[name])[:4] in {b"a OK", b"a BA", b"a NO"}
        assert work(service) - before < 5


@pytest.mark.parametrize("numbers", [b"999", b"5:9", b"4294967295", b"999,1000"])
def test_numbers_out_of_range_touch_nothing(service: Service, numbers: bytes) -> None:
    """RFC 3501 §9, seq-number: BAD or nothing; by UID they are no fault (§6.4.8)."""
    with Imap(service.address("imap"), "binh") as imap:
        assert imap.asks(b"SELECT Trash").startswith(OK)
        for command in (
            b"FETCH %b FLAGS",
            b"STORE %b +FLAGS (\\Deleted)",
            b"COPY %b INBOX",
            b"MOVE %b INBOX",
        ):
            lines, reply = imap.tells(command % numbers)
            assert reply.startswith((OK, NO, BAD))
            assert lines == []
            lines, reply = imap.tells(b"UID " + command % numbers)
            assert reply.startswith(OK)
            assert lines == []


def test_commands_are_refused_in_the_wrong_state(service: Service) -> None:  # RFC 3501 §3
    with Imap(service.address("imap")) as imap:
        for command in (
            b"SELECT INBOX",
            b'LIST "" "*"',
            b"FETCH 1 FLAGS",
            b"IDLE",
            b"STATUS INBOX (MESSAGES)",
            b"CREATE x",
            b"ENABLE CONDSTORE",
        ):
            assert imap.asks(command).startswith(BAD)
    with Imap(service.address("imap"), "an") as imap:
        for command in (
            b"FETCH 1 FLAGS",
            b"SEARCH ALL",
            b"EXPUNGE",
            b"CLOSE",
            b"UNSELECT",
            b"UID FETCH 1 FLAGS",
            b"CHECK",
            b"COPY 1 INBOX",
            b"LOGIN binh Mat-khau-1",
            b"AUTHENTICATE PLAIN",
            b"STARTTLS",
            b"DONE",
        ):
            assert imap.asks(command).startswith(BAD)
        assert imap.asks(b"EXAMINE INBOX").startswith(OK)
        assert imap.asks(b"SELECT Nirgendwo").startswith(NO)
        assert imap.asks(b"FETCH 1 FLAGS").startswith(
            BAD
        )  # a failed SELECT closes the mailbox: RFC 3501 §6.3.1


def test_a_mailbox_open_for_reading_is_not_changed(service: Service) -> None:
    with Imap(service.address("imap"), "an") as imap:
        assert imap.append(b"Subject: x\r\n\r\nx", b"Sent").startswith(OK)
        assert imap.asks(b"EXAMINE Sent").startswith(OK)
        for command in (b"STORE 1 +FLAGS (\\Deleted)", b"EXPUNGE", b"MOVE 1 Trash"):
            assert imap.asks(command).startswith((NO, BAD))
        assert imap.asks(b"CLOSE").startswith(OK)
        assert imap.exists(b"Sent") == 1


def test_idle_is_ended_by_anything_but_done_with_bad(service: Service) -> None:  # RFC 2177 §3
    with Imap(service.address("imap"), "an") as imap:
        imap.say(b"a IDLE\r\n")
        assert imap.line().startswith(b"+")
        imap.say(b"b NOOP\r\n")
        assert imap.until()[1].startswith(BAD)
        assert imap.asks(b"NOOP").startswith(OK)

from datetime import date

import pytest

from mailsvc.imap.wire.append import Append, NewLetter
from mailsvc.imap.wire.command import Command, State
from mailsvc.imap.wire.copy import Copy, Move
from mailsvc.imap.wire.enable import Enable
from mailsvc.imap.wire.errors import ProtocolError
from mailsvc.imap.wire.expunge import Expunge
from mailsvc.imap.wire.fetch import Attribute, Fetch, Portion, Section
from mailsvc.imap.wire.id import Id
from mailsvc.imap.wire.list import ListMailboxes, ListSubscribed
from mailsvc.imap.wire.mailbox import Create, Rename
from mailsvc.imap.wire.quota import GetQuota, GetQuotaRoot, SetQuota
from mailsvc.imap.wire.search import (
    And,
    Arrived,
    Body,
    HasFlag,
    Header,
    ModSeqFrom,
    Not,
    Numbers,
    Or,
    Search,
    SearchKey,
    Sent,
    Uids,
    When,
)
from mailsvc.imap.wire.select import Select
from mailsvc.imap.wire.sequence import STAR, resolve, write_sequence_set
from mailsvc.imap.wire.session import NEED_DATA, Continue, ImapSession, Limits
from mailsvc.imap.wire.status import Status, StatusItem
from mailsvc.imap.wire.store import Store, StoreMode


def read(line: bytes, state: State = State.SELECTED) -> Command:
    session = ImapSession(Limits())
    session.state = state
    session.receive(line + b"\r\n")
    event = session.next_command()
    while isinstance(event, Continue):
        event = session.next_command()
    assert isinstance(event, Command), event
    assert session.next_command() is NEED_DATA
    return event


def refuse(line: bytes, state: State = State.SELECTED) -> ProtocolError:
    session = ImapSession(Limits())
    session.state = state
    session.receive(line + b"\r\n")
    event = session.next_command()
    assert isinstance(event, ProtocolError), event
    return event


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"a select inbox", Select(b"a", "INBOX", read_only=False, condstore=False)),
        (b'a EXAMINE "C&APQ-ng" (CONDSTORE)', Select(b"a", "Công", read_only=True, condstore=True)),
        (b"a CREATE x/y/", Create(b"a", "x/y")),
        (b'a RENAME {1+}\r\nx "y\\"z"', Rename(b"a", "x", 'y"z')),
        (b'a LSUB "" %', ListSubscribed(b"a", "", "%")),
        (
            b'a LIST "" (INBOX "D*")',
            ListMailboxes(b"a", "", ("INBOX", "D*"), frozenset(), frozenset(), (), extended=True),
        ),
        (
            b'a LIST (SUBSCRIBED) "" * RETURN (CHILDREN STATUS (MESSAGES UNSEEN))',
            ListMailboxes(
                b"a",
                "",
                ("*",),
                frozenset({"SUBSCRIBED"}),
                frozenset({"CHILDREN"}),
                (StatusItem.MESSAGES, StatusItem.UNSEEN),
                extended=True,
            ),
        ),
        (b"a STATUS x (uidnext SIZE)", Status(b"a", "x", (StatusItem.UIDNEXT, StatusItem.SIZE))),
        (b"a COPY 2:4 x", Copy(b"a", False, ((2, 4),), "x")),
        (b"a UID MOVE 5,* x", Move(b"a", True, ((5, 5), (STAR, STAR)), "x")),
        (b"a UID EXPUNGE 1:9", Expunge(b"a", ((1, 9),))),
        (b"a ENABLE condstore X", Enable(b"a", (b"CONDSTORE", b"X"))),
        (b'a ID ("name" "mutt" "x" NIL)', Id(b"a", (("name", "mutt"), ("x", None)))),
        (b"a ID NIL", Id(b"a", ())),
        (b'a GETQUOTA ""', GetQuota(b"a", "")),
        (b"a GETQUOTAROOT INBOX", GetQuotaRoot(b"a", "INBOX")),
        (b'a SETQUOTA "" (STORAGE 512)', SetQuota(b"a", "")),
        (
            b'a APPEND Sent (\\seen $Label) " 7-Feb-1994 21:52:25 -0800" {3}\r\nx\r\n',
            Append(b"a", "Sent", (NewLetter(("\\Seen", "$Label"), 760686745, (b"x\r\n",)),)),
        ),
        (
            b"a STORE 1 (UNCHANGEDSINCE 12) +flags.silent \\Deleted x",
            Store(b"a", False, ((1, 1),), StoreMode.ADD, True, ("\\Deleted", "x"), 12),
        ),
    ],
)
def test_commands_are_read_as_their_rfc_writes_them(line: bytes, command: Command) -> None:
    assert read(line) == command


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (b"FAST", (Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.RFC822_SIZE)),
        (b"(UID flags)", (Attribute.UID, Attribute.FLAGS)),
        (b"BODY[]", (Section((), Portion.ALL, (), None, peek=False, label=b"BODY[]"),)),
        (
            b"body.peek[1.2.mime]<10.20>",
            (Section((1, 2), Portion.MIME, (), (10, 20), peek=True, label=b"BODY[1.2.MIME]<10>"),),
        ),
        (
            b"(BODY[HEADER.FIELDS (From to)] UID)",
            (
                Section(
                    (),
                    Portion.FIELDS,
                    (b"FROM", b"TO"),
                    None,
                    peek=False,
                    label=b"BODY[HEADER.FIELDS (FROM TO)]",
                ),
                Attribute.UID,
            ),
        ),
        (b"RFC822.HEADER", (Section((), Portion.HEADER, (), None, peek=True, label=b"RFC822.HEADER"),)),
    ],
)
def test_fetch_items_are_those_of_rfc_3501_6_4_5(text: bytes, items: tuple[object, ...]) -> None:
    command = read(b"a FETCH 1:* " + text)
    assert isinstance(command, Fetch)
    assert command.items == items


def test_fetch_may_ask_for_what_changed_only() -> None:
    command = read(b"a UID FETCH 1:* (FLAGS) (CHANGEDSINCE 17)")
    assert isinstance(command, Fetch)
    assert command.changed_since == 17


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b"ALL", And(())),
        (b"UNSEEN", Not(HasFlag("\\Seen"))),
        (b"CC x", Header("cc", "x")),
        (b"CHARSET utf-8 SUBJECT {5}\r\n\xc4\x91\xc3\xa8n", Header("subject", "đèn")),
        (b"2,4:7 NOT UID 5:*", And((Numbers(((2, 2), (4, 7))), Not(Uids(((5, STAR),)))))),
        (b"OR (FROM a BODY b) SENTSINCE 1-Feb-1994", Or(And((Header("from", "a"), Body("b"))), Sent(When.SINCE, date(1994, 2, 1)))),
        (b'BEFORE "09-Mar-2020"', Arrived(When.BEFORE, date(2020, 3, 9))),
        (b'MODSEQ "/flags/\\\\draft" all 620162338', ModSeqFrom(620162338)),
    ],
)  # fmt: skip
def test_search_keys_are_those_of_rfc_3501_6_4_4(text: bytes, key: SearchKey) -> None:
    command = read(b"a SEARCH " + text)
    assert isinstance(command, Search)
    assert command.key == key


@pytest.mark.parametrize(
    "line",
    [
        b"a",
        b"a ",
        b" a NOOP",
        b"a NOOP x",
        b"a NOOP ",
        b"a  NOOP",
        b"a BOGUS",
        b"a UID NOOP",
        b"a FETCH 0 FLAGS",
        b"a FETCH 1:4294967296 FLAGS",
        b"a FETCH 1 BODY[0]",
        b"a FETCH 1 BODY[1.]",
        b"a FETCH 1 BODY[MIME]",
        b"a FETCH 1 BODY[]<0.0>",
        b"a FETCH 1 BODY[HEADER.FIELDS ()]",
        b"a FETCH 1 ()",
        b'a LOGIN "unended x',
        b"a SEARCH ON 31-Feb-2020",
        b"a SEARCH " + b"(" * 60 + b"ALL" + b")" * 60,
        b"a SEARCH " + b"NOT " * 5000 + b"ALL",
        b"a STORE 1 FLAGS (\\Recent)",
        b'a APPEND x "99-Feb-1994 21:52:25 -0800" {1+}\r\nx',
        b"a APPEND x {3+}\r\na\x00b",
        b"a SELECT \xff",
        b"a+b NOOP",
    ],
)
def test_what_the_grammar_does_not_allow_is_bad(line: bytes) -> None:
    assert refuse(line).condition == "BAD"


def test_a_name_that_can_never_exist_is_answered_no() -> None:
    error = refuse(b"a SELECT &ii-")
    assert (error.tag, error.condition, error.code) == (b"a", "NO", "CANNOT")


def test_an_unknown_charset_names_those_that_are_known() -> None:  # RFC 3501 §6.4.4
    error = refuse(b"a SEARCH CHARSET KOI8-R TEXT x")
    assert (error.condition, error.code) == ("NO", "BADCHARSET (US-ASCII UTF-8)")


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (b"a SELECT x", State.NOT_AUTHENTICATED),
        (b"a IDLE", State.NOT_AUTHENTICATED),
        (b"a LOGIN x y", State.AUTHENTICATED),
        (b"a STARTTLS", State.AUTHENTICATED),
        (b"a FETCH 1 FLAGS", State.AUTHENTICATED),
    ],
)
def test_a_command_out_of_its_state_is_bad(line: bytes, state: State) -> None:  # RFC 3501 §3
    assert refuse(line, state).condition == "BAD"


def test_a_sequence_set_is_put_in_order_and_merged() -> None:
    assert resolve(((9, 3), (STAR, 7), (1, 1), (10, 12)), 8) == ((1, 1), (3, 12))
    assert resolve(((5, STAR),), 3) == ((3, 5),)


def test_numbers_are_written_as_the_shortest_set() -> None:
    assert write_sequence_set([1, 2, 3, 5, 7, 8]) == b"1:3,5,7:8"

"""Mailbox names that are no names (RFC 3501 §5.1): refused with a code, nothing made."""

import pytest

from tests.conformance.bad_input.wire import Imap
from tests.support.service import Service

INVALID = [
    b'"\xff\xfe"', b'"\xc3\xa9"', b'"&"', b'"&A"', b'"&AOk"', b'"&AGE-"', b'"&!-"', b'"&2AA-"', b'"&AOkA-"', b'"&AOk-&AOk-"', b'"a\x7fb"', b'"a\x01b"', b'"&AAA-"', b'"&AAo-"', b'""', b'"/"', b'"//"', b'"a//b"', b'"/a"', b'"a*b"', b'"a%b"', b'" "', b'"a/ /b"',
    b'"' + b"a" * 2_000 + b'"', b'"' + b"/".join([b"a"] * 50) + b'"', b'"' + b"a" * 60_000 + b'"', b'"INBOX"', b'"inbox"', b'"a&ICg-b"', b'"&ICk-"',
]  # fmt: skip
MEANT = [
    b"CREATE %b",
    b"DELETE %b",
    b"RENAME Junk %b",
    b"RENAME %b Junk",
    b"SELECT %b",
    b"STATUS %b (MESSAGES)",
    b"SUBSCRIBE %b",
    b"COPY 1 %b",
    b"APPEND %b {1+}\r\nx",
]


@pytest.mark.parametrize("name", INVALID)
def test_what_is_no_name_is_refused_everywhere(service: Service, name: bytes) -> None:
    with Imap(service.address("imap"), "binh") as imap:
        before = imap.tells(b'LIST "" "*"')[0]
        for command in MEANT:
            reply = imap.asks(command % name)
            if name.upper() != b'"INBOX"':
                assert reply.startswith((b"a NO", b"a BAD")), (command, reply)
        imap.asks(b'LIST "" ' + name)
        imap.asks(b"LIST " + name + b' "%"')
        assert imap.tells(b'LIST "" "*"')[0] == before


def test_a_literal_name_with_line_ends_or_nul_is_refused(service: Service) -> None:
    with Imap(service.address("imap"), "binh") as imap:
        for name in (b"a\r\nb", b"a\nb", b"a\x00b", b"\r\n* OK forged"):
            assert imap.asks(b"CREATE {%d+}\r\n%b" % (len(name), name)).startswith((b"a NO", b"a BAD"))


def test_odd_but_good_names_are_kept_as_they_are(service: Service) -> None:
    with Imap(service.address("imap"), "binh") as imap:
        for name in (b'"&AOk-"', b'"a&-b"', b'"a\\\\b"', b'"a\\"b"', b"x.y", b"{7+}\r\nso 1(a)"):
            assert imap.asks(b"CREATE " + name).startswith(b"a OK"), name
            assert imap.asks(b"CREATE " + name).startswith(b"a NO [ALREADYEXISTS]")
            assert imap.asks(b"SELECT " + name).startswith(b"a OK")
            assert imap.asks(b"DELETE " + name).startswith(b"a OK")


def test_the_boxes_of_others_do_not_exist(service: Service) -> None:
    with Imap(service.address("imap"), "binh") as imap:
        shared = "&ARAAoQFu- v&HssA-"
        for name in (
            "an@lamdong.example/INBOX",
            "../an/INBOX",
            "user/an",
            f"{shared}/an@lamdong.example/INBOX",
            "~an/INBOX",
        ):
            assert imap.asks(f'SELECT "{name}"'.encode()).startswith(b"a NO")


def test_mailboxes_are_bounded_in_number(service: Service) -> None:
    with Imap(service.address("imap"), "p1") as imap:
        imap.say(
            b"".join(b"x CREATE m%d/a/b/c/d/e/f/g/h/i\r\n" % number for number in range(1_200))
            + b"a NOOP\r\n"
        )
        lines, reply = imap.until()
        assert reply.startswith(b"a OK")
        assert any(b"NO [LIMIT]" in line for line in lines)
        assert len(imap.tells(b'LIST "" "*"')[0]) <= 10_100

"""A full box: told in each protocol's words, at the right moment, and emptied by the person (RFC 9208, RFC 5321 §3.6)."""

import json
from collections.abc import Iterator

import pytest

from tests.conformance.bad_input.conftest import SMALL, SMALL_QUOTA
from tests.conformance.bad_input.wire import Imap, Smtp
from tests.support.service import Service

LETTER = b"Subject: day\r\n\r\n" + b"x" * 70 + b"\r\n"
MAIL = b"MAIL FROM:<x@world.example>"


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """Boxes with a small quota, a fresh one for each who asks."""
    return iter(SMALL)


def filled(octets: int) -> bytes:
    lines = (octets - 14) // 72 + 1
    return (b"Subject: x\r\n\r\n" + (b"x" * 70 + b"\r\n") * lines)[:octets]


def fill(service: Service, name: str, left: int = 0) -> None:
    """Use up the quota but for so many octets."""
    with Imap(service.address("imap"), name) as imap:
        assert imap.append(filled(SMALL_QUOTA - left)).startswith(b"a OK")


def rcpt(name: str) -> bytes:
    return f"RCPT TO:<{name}@lamdong.example>".encode()


def queued(service: Service) -> list[str]:
    """Addresses that letters wait for."""
    return [item["recipient"] for item in json.loads(service.must("--json", "queue", "list"))]


def test_a_full_box_is_told_at_rcpt_and_the_others_get_the_letter(
    service: Service, names: Iterator[str]
) -> None:
    name = next(names)
    fill(service, name)
    with Smtp(service.address("smtp")) as smtp:
        assert smtp.asks(MAIL).startswith(b"250")
        assert smtp.asks(rcpt(name)).startswith(b"452 4.2.2")
        assert smtp.asks(rcpt("an")).startswith(b"250")
        assert smtp.asks(b"DATA").startswith(b"354")
        assert smtp.asks(LETTER + b".").startswith(b"250")
    with Imap(service.address("imap"), name) as imap:
        assert imap.exists() == 0


def test_a_box_that_fills_after_rcpt_waits_and_nobody_gets_the_letter_twice(
    service: Service, names: Iterator[str]
) -> None:
    name = next(names)
    with Imap(service.address("imap"), "p7") as imap:
        before = imap.exists()
    with Smtp(service.address("smtp")) as smtp:
        assert smtp.asks(MAIL).startswith(b"250")
        assert smtp.asks(rcpt(name)).startswith(b"250")
        assert smtp.asks(rcpt("p7")).startswith(b"250")
        assert smtp.asks(b"DATA").startswith(b"354")
        fill(service, name)
        assert smtp.asks(LETTER + b".").startswith(b"250")
    with Imap(service.address("imap"), "p7") as imap:
        assert imap.exists() == before + 1
    with Imap(service.address("imap"), name) as imap:
        assert imap.exists() == 0
    assert queued(service).count(f"{name}@lamdong.example") == 1


def test_lmtp_says_it_for_each_recipient(service: Service, names: Iterator[str]) -> None:  # RFC 2033 §4.2
    name = next(names)
    with Smtp(service.address("lmtp"), b"LHLO x") as lmtp:
        assert lmtp.asks(MAIL).startswith(b"250")
        assert lmtp.asks(rcpt(name)).startswith(b"250")
        assert lmtp.asks(rcpt("an")).startswith(b"250")
        assert lmtp.asks(b"DATA").startswith(b"354")
        fill(service, name)
        assert lmtp.asks(LETTER + b".").startswith(b"452 4.2.2")
        assert lmtp.reply().startswith(b"250")


def test_a_letter_larger_than_the_whole_quota_is_refused_and_the_session_goes_on(
    service: Service, names: Iterator[str]
) -> None:
    with Imap(service.address("imap"), next(names)) as imap:
        assert imap.append(filled(SMALL_QUOTA * 2)).startswith(b"a NO [OVERQUOTA]")
        assert imap.append(LETTER).startswith(b"a OK")
        assert imap.exists(b"Archive") == 1


def test_append_and_copy_are_refused_at_the_limit_and_deleting_works(
    service: Service, names: Iterator[str]
) -> None:
    with Imap(service.address("imap"), next(names)) as imap:
        for _ in range(3):
            assert imap.append(filled(SMALL_QUOTA // 4)).startswith(b"a OK")
        assert imap.asks(b"SELECT Archive").startswith(b"a OK")
        assert imap.asks(b"COPY 1:3 Junk").startswith(b"a NO [OVERQUOTA]")
        assert imap.exists(b"Junk") == 0  # all or none: RFC 3501 §6.4.7
        assert imap.append(filled(SMALL_QUOTA // 4)).startswith(b"a OK")
        assert imap.append(b"Subject: x\r\n\r\n").startswith(b"a NO [OVERQUOTA]")
        assert imap.asks(b"COPY 1 Junk").startswith(b"a NO [OVERQUOTA]")
        assert imap.asks(b"MOVE 1 Trash").startswith(b"a OK")  # at 100 %: nothing is added by it
        assert imap.asks(b"STORE 1:* +FLAGS (\\Deleted \\Seen)").startswith(b"a OK")
        assert imap.asks(b"CREATE moi").startswith(b"a OK")
        assert imap.asks(b"EXPUNGE").startswith(b"a OK")
        lines, reply = imap.tells(b"GETQUOTAROOT INBOX")
        assert reply.startswith(b"a OK")
        assert any(b"STORAGE" in line for line in lines)
        assert imap.append(LETTER).startswith(b"a OK")


def test_two_who_fill_the_box_at_once_do_not_pass_the_limit(service: Service, names: Iterator[str]) -> None:
    name = next(names)
    with Imap(service.address("imap"), name) as first, Imap(service.address("imap"), name) as second:
        letter = filled(SMALL_QUOTA // 10)
        appended = b"a APPEND Archive {%d+}\r\n" % len(letter) + letter + b"\r\n"
        for imap in (first, second) * 8:
            imap.say(appended)
        replies = [imap.until()[1][:4] for imap in (first, second) for _ in range(8)]
        assert replies.count(b"a OK") == 10
        assert replies.count(b"a NO") == 6
        assert first.exists(b"Archive") == 10

"""Letters that are too large, broken or hostile: one clear reply each, and the connection goes on (RFC 5321 §4.5.3)."""

import pytest

from tests.conformance.bad_input.conftest import MAX_MESSAGE, MIB, work
from tests.conformance.bad_input.wire import Imap, Smtp
from tests.support.service import Service

AN, BINH = "an@lamdong.example", "binh@lamdong.example"
HEAD = b"From: x@world.example\r\nSubject: thu\r\n"
PATIENCE = 5.0


def timed_letter(service: Service, smtp: Smtp, content: bytes) -> bytes:
    before = work(service)
    reply = smtp.letter(content, AN)
    assert work(service) - before < PATIENCE
    return reply


def test_a_letter_that_announces_too_much_is_refused_at_mail(service: Service) -> None:  # RFC 1870 §6.1
    with Smtp(service.address("smtp")) as smtp:
        reply = smtp.asks(b"MAIL FROM:<x@world.example> SIZE=%d" % (MAX_MESSAGE + 1))
        assert reply.startswith(b"552 5.3.4")
        assert smtp.letter(HEAD + b"\r\nvua", AN).startswith(b"250")


def test_a_letter_that_lied_about_its_size_is_refused_at_its_end(service: Service) -> None:
    with Smtp(service.address("smtp")) as smtp:
        assert smtp.asks(b"MAIL FROM:<x@world.example> SIZE=100").startswith(b"250")
        assert smtp.asks(f"RCPT TO:<{AN}>".encode()).startswith(b"250")
        assert smtp.asks(b"DATA").startswith(b"354")
        line = b"x" * 78 + b"\r\n"
        for _ in range(3 * MAX_MESSAGE // MIB):
            smtp.say(line * (MIB // len(line)))
        assert smtp.asks(b".").startswith(b"552 5.3.4")
        assert smtp.letter(HEAD + b"\r\nvua", AN).startswith(b"250")


def test_a_size_that_is_no_number_is_refused(service: Service) -> None:
    with Smtp(service.address("smtp")) as smtp:
        for size in (b"-1", b"x", b"", b"1" * 100, b"0x10", "٣".encode()):
            assert smtp.asks(b"MAIL FROM:<x@world.example> SIZE=" + size)[:2] in {b"50", b"55"}


@pytest.mark.parametrize(
    "end",
    [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r", b"\r\r\n.\r\r\n", b"\n\n.\n\n", b"\r\n.\r\r\n", b"\r\n.\n\r\n"],
)  # fmt: skip
def test_only_crlf_dot_crlf_ends_a_letter(service: Service, end: bytes) -> None:  # RFC 5321 §2.3.8, §4.1.1.4
    with Imap(service.address("imap"), "binh") as imap, Smtp(service.address("smtp")) as smtp:
        before = imap.exists()
        hidden = f"MAIL FROM:<e@x.example>\r\nRCPT TO:<{BINH}>\r\nDATA\r\nSubject: e\r\n\r\nx".encode()
        assert smtp.letter(HEAD + b"\r\nx" + end + hidden, AN).startswith(b"550 5.6.0")
        assert smtp.asks(b"NOOP").startswith(b"250")
        assert imap.exists() == before


@pytest.mark.parametrize("octets", [b"a\rb", b"a\nb", b"\r", b"\n", b"a\r\r\nb", b"\n\r"])
def test_bare_line_ends_refuse_the_letter(service: Service, octets: bytes) -> None:
    with Smtp(service.address("smtp")) as smtp:
        for content in (HEAD + b"\r\n" + octets, b"Subject: " + octets + b"\r\n\r\nx", octets):
            assert smtp.letter(content, AN).startswith(b"550 5.6.0")


def test_a_line_of_one_megabyte_is_refused(service: Service) -> None:
    with Smtp(service.address("smtp")) as smtp:
        assert timed_letter(service, smtp, HEAD + b"\r\n" + b"x" * MIB).startswith(b"554 5.6.0")
        assert timed_letter(service, smtp, b"Subject: " + b"x" * MIB + b"\r\n\r\nx").startswith(b"554 5.6.0")
        assert smtp.letter(HEAD + b"\r\nvua", AN).startswith(b"250")


def boundaries(depth: int) -> bytes:
    """multipart in multipart, each with a boundary of its own."""
    outer = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(depth)
    )
    return outer + b"\r\nsau\r\n" + b"".join(b"--b%d--\r\n" % level for level in range(depth - 1, -1, -1))


HOSTILE = {
    "100,000 header fields": b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + b"\r\nx",
    "100,000 fields of one name": b"To: a@x.example\r\n" * 100_000 + b"\r\nx",
    "a field of 100,000 lines": b"Subject: a\r\n" + b" b\r\n" * 100_000 + b"\r\nx",
    "100,000 references": b"References: a\r\n" + b" <1@x.example>\r\n" * 100_000 + b"\r\nx",
    "100,000 addresses": b"To: a@x.example,\r\n" + b" a@x.example,\r\n" * 100_000 + b" b@x.example\r\n\r\nx",
    "groups in groups": b"To: " + b"a: " * 20_000 + b";" * 3000 + b"\r\n\r\nx",
    "nested comments": b"To: " + b"(" * 60_000 + b"\r\n\r\nx",
    "encoded words": b"Subject: a\r\n" + b" =?utf-8?b?YQ==?=\r\n" * 100_000 + b"\r\nx",
    "parameters": b"Content-Type: text/plain;\r\n" + b" a*0*=x;\r\n" * 100_000 + b" b=c\r\n\r\nx",
    "MIME nested 1,000 deep": boundaries(1_000),
    "MIME nested 20,000 deep": boundaries(20_000),
    "letters in letters 1,000 deep": b"Content-Type: message/rfc822\r\n\r\n" * 1_000 + b"\r\nx",
    "10,000 parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 10_000
    + b"--b--\r\n",
    "100,000 empty parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 100_000,
    "one boundary for every level": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 5_000,
    "multiparts that are never closed": b"Content-Type: multipart/mixed; boundary=o\r\n\r\n"
    + b"".join(b"--o\r\nContent-Type: multipart/mixed; boundary=u%d\r\n\r\n" % number for number in range(9_000))
    + (b"-" * 70 + b"\r\n") * 80_000,
    "lines that look like boundaries": b"".join(
        b"Content-Type: multipart/mixed; boundary=%b\r\n\r\n--%b\r\n" % (b"b" * level, b"b" * level)
        for level in range(1, 80)
    )
    + b"--x\r\n" * 1_000_000,
    "colons": b":\r\n" * 100_000 + b"\r\nx",
    "no header at all": b"\r\nx",
    "nothing": b"",
    "control characters": bytes(octet for octet in range(256) if octet not in b"\r\n") * 40 + b"\r\n\r\nx",
    "base64 that is none": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"=x=!\r\n" * 100_000,
    "html of tags": b"Content-Type: text/html\r\n\r\n" + (b"<div><b><!--" * 200 + b"\r\n") * 400,
    "a charset nobody has": b"Content-Type: text/plain; charset=x-\xff-nobody\r\n\r\n\xff\xfe\xfd",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_letter_is_taken_or_refused_in_time_and_can_be_read(service: Service, name: str) -> None:
    with Smtp(service.address("smtp")) as smtp, Imap(service.address("imap"), "an") as imap:
        before = imap.exists()
        reply = timed_letter(service, smtp, HOSTILE[name])
        assert reply.startswith((b"250", b"552", b"554")), reply
        if not reply.startswith(b"250"):
            return
        assert imap.exists() == before + 1
        assert imap.asks(b"SELECT INBOX").startswith(b"a OK")
        before_reading = work(service)
        for item in (
            b"ENVELOPE",
            b"BODYSTRUCTURE",
            b"BODY",
            b"BODY.PEEK[HEADER.FIELDS (TO X-1)]",
            b"BODY.PEEK[1.1.1.1]",
        ):
            assert imap.asks(b"FETCH * (" + item + b")").startswith(b"a OK"), item
        assert imap.asks(b"FETCH * BODY.PEEK[" + b"1." * 9_000 + b"1]")[:4] in {b"a OK", b"a BA", b"a NO"}
        assert imap.asks(b"UID SEARCH UID * TEXT zzzz").startswith(b"a OK")
        assert work(service) - before_reading < PATIENCE


def test_a_letter_with_nul_is_taken_whole_or_refused(service: Service) -> None:
    with Smtp(service.address("smtp")) as smtp:
        assert smtp.letter(HEAD + b"X: a\x00b\r\n\r\na\x00b\r\n\x00", AN)[:3] in {b"250", b"550", b"554"}


def test_a_client_that_leaves_in_the_middle_of_a_letter_has_sent_nothing(service: Service) -> None:
    with Imap(service.address("imap"), "binh") as imap:
        before = imap.exists()
        for rest in (b"", b"\r\n", b"\r\n.", b"\r\n.\r"):
            with Smtp(service.address("smtp")) as smtp:
                smtp.envelope(BINH)
                smtp.say(HEAD + b"\r\nx" + rest)
                smtp.half_close()
                assert not smtp.line().startswith(b"250")
        assert imap.exists() == before

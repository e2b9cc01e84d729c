"""Who is not known, who may not relay, and a letter for a thousand (RFC 5321 §3.3, §4.5.3.1.8)."""

import pytest

from tests.conformance.bad_input.conftest import CROWD
from tests.conformance.bad_input.wire import Imap, Smtp, plain
from tests.support.service import Service

MAIL = b"MAIL FROM:<x@world.example>"


def test_unknown_users_are_refused_at_rcpt(service: Service) -> None:
    for listener, hello in (("smtp", b"EHLO x"), ("lmtp", b"LHLO x")):
        with Smtp(service.address(listener), hello) as smtp:
            assert smtp.asks(MAIL).startswith(b"250")
            assert smtp.asks(b"RCPT TO:<nobody@lamdong.example>").startswith(b"550 5.1.1")
            assert smtp.asks(b"DATA").startswith(b"503")
            assert smtp.asks(b"RCPT TO:<an@lamdong.example>").startswith(b"250")
            assert smtp.asks(b"DATA").startswith(b"354")
            assert smtp.asks(b"Subject: x\r\n\r\nx\r\n.").startswith(b"250")


@pytest.mark.parametrize(
    "path",
    [b"a@world.example", b"a@sub.lamdong.example", b"a%world.example@elsewhere.example", b"@lamdong.example:a@world.example", b'"a@lamdong.example"@world.example', b"a@[127.0.0.1]"],
)  # fmt: skip
def test_strangers_do_not_relay(service: Service, path: bytes) -> None:
    with Smtp(service.address("smtp")) as smtp:
        assert smtp.asks(MAIL).startswith(b"250")
        assert smtp.asks(b"RCPT TO:<" + path + b">").startswith(b"550 5.7.1")
        assert smtp.asks(b"DATA").startswith(b"503")


@pytest.mark.parametrize(
    "path",
    [
        b"an%world.example@lamdong.example",
        b"world.example!an@lamdong.example",
        b'"an@world.example"@lamdong.example',
    ],
)
def test_old_ways_to_relay_are_unknown_users(service: Service, path: bytes) -> None:
    with Smtp(service.address("smtp")) as smtp:
        assert smtp.asks(MAIL).startswith(b"250")
        assert smtp.asks(b"RCPT TO:<" + path + b">").startswith(b"550 5.1.1")


@pytest.mark.parametrize(
    "path",
    [b"", b"<", b"<>", b"<an>", b"<@>", b"<an@>", b"<@lamdong.example>", b"an@lamdong.example x", b"<an@lamdong.example", b"<an@@lamdong.example>", b"<an@lamdong..example>", b"<a b@lamdong.example>",
     b"<an@lamdong.example> XYZZY=1", b"<" + b"a" * 65 + b"@lamdong.example>", b"<an@" + b"a." * 200 + b"example>", b"<" + b"x" * 5000 + b"@lamdong.example>", b"<an\x00@lamdong.example>", b"<\xff\xfe@lamdong.example>", "<ân@lamdong.example>".encode(), b"<an@lamdong.example\xc3>", b'<"\x01"@lamdong.example>', b"<an@[999.1.1.1]>", b"<an@xn--\xff>"],
)  # fmt: skip
def test_broken_paths_are_refused_and_the_session_goes_on(service: Service, path: bytes) -> None:
    with Smtp(service.address("smtp")) as smtp:
        assert smtp.asks(MAIL).startswith(b"250")
        assert smtp.asks(b"RCPT TO:" + path)[:1] == b"5"
        assert smtp.asks(b"MAIL FROM:<x@world.example>").startswith(b"503")
        assert smtp.asks(b"RSET").startswith(b"250")
        reply = smtp.asks(b"MAIL FROM:" + path)
        assert reply[:1] == b"5" or path == b"<>"


def test_a_letter_to_a_thousand_reaches_each_once(service: Service) -> None:
    with Smtp(service.address("smtp")) as smtp:
        commands = [MAIL, *(b"RCPT TO:<p%d@lamdong.example>" % number for number in range(CROWD)), b"DATA"]
        smtp.say(b"".join(command + b"\r\n" for command in commands))  # RFC 2920: all at once
        assert [smtp.reply()[:3] for _ in range(CROWD + 1)] == [b"250"] * (CROWD + 1)
        assert smtp.reply().startswith(b"354")
        assert smtp.asks(b"Subject: hoa toc\r\n\r\nx\r\n.").startswith(b"250")
    for number in range(0, CROWD, 97):
        with Imap(service.address("imap"), f"p{number}") as imap:
            assert imap.exists() == 1


def test_one_too_many_is_told_to_try_again_and_the_others_get_it(
    service: Service,
) -> None:  # RFC 5321 §4.5.3.1.10
    with Smtp(service.address("smtp")) as smtp:
        assert smtp.asks(MAIL).startswith(b"250")
        smtp.say(b"RCPT TO:<an@lamdong.example>\r\n" * (CROWD + 5))
        replies = [smtp.reply() for _ in range(CROWD + 5)]
        assert all(reply.startswith(b"250") for reply in replies[:CROWD])
        assert all(reply.startswith(b"452 4.5.3") for reply in replies[CROWD:])
        assert smtp.asks(b"DATA").startswith(b"354")
        assert smtp.asks(b"Subject: x\r\n\r\nx\r\n.").startswith(b"250")


def test_somebody_signed_in_may_not_use_the_address_of_another(service: Service) -> None:
    with Smtp(service.address("submission")) as smtp:
        assert smtp.asks(b"MAIL FROM:<an@lamdong.example>").startswith(b"530 5.7.0")
        assert smtp.asks(b"AUTH PLAIN " + plain("an", "Mat-khau-1")).startswith(b"235")
        for sender in (b"binh@lamdong.example", b"x@world.example", b"an@world.example"):
            assert smtp.asks(b"MAIL FROM:<" + sender + b">").startswith(b"550 5.7.1")
        assert smtp.asks(b"MAIL FROM:<an@lamdong.example>").startswith(b"250")


COMMANDS = [
    b"DATA", b"RCPT TO:<an@lamdong.example>", b"BDAT 0 LAST", b"EXPN staff", b"TURN", b"XYZZY", b"DATA now", b"RSET now", b"QUIT now", b"AUTH PLAIN AGEAYg==", b"STARTTLS now", b"EHLO", b"HELO \xff", b"\x00\x00", b"MAIL", b"MAIL FROM", b"MAIL TO:<a@b.example>", b"RCPT", b"\xff\xfb\x01",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_out_of_their_turn_are_refused_and_the_session_goes_on(
    service: Service, command: bytes
) -> None:
    with Smtp(service.address("smtp")) as smtp:
        assert smtp.asks(command)[:2] in {b"50", b"53", b"55"}
        assert smtp.letter(b"Subject: x\r\n\r\nx", "an@lamdong.example").startswith(b"250")


def test_an_endless_command_line_is_refused_in_bounded_memory(service: Service) -> None:
    with Smtp(service.address("smtp")) as smtp:
        for _ in range(64):
            smtp.say(b"x" * (1 << 20))
        assert smtp.asks(b"").startswith(b"500 5.5.2")
        assert smtp.asks(b"NOOP").startswith(b"250")


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\n\r"])
def test_commands_with_bare_line_ends_are_refused(service: Service, end: bytes) -> None:
    with Smtp(service.address("smtp")) as smtp:
        smtp.say(b"NOOP" + end + b"NOOP\r\n")
        assert smtp.reply().startswith(b"500 5.5.2")
        assert smtp.asks(b"NOOP")[:3] in {b"250", b"500"}

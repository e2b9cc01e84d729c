"""Sessions on real sockets: order, replies, splits, TLS, AUTH and what goes wrong (RFC 5321, RFC 2033, RFC 3207)."""

import base64
import smtplib
import socket
import ssl
from dataclasses import replace

import pytest

from mailsvc.smtp.rules import Language
from tests.mailsvc.smtp.support import LIMITS, NOBODY, OpenRules, Wire, make_tls, serving

MAIL = b"MAIL FROM:<b@y.vn>\r\n"
RCPT = b"RCPT TO:<an@x.vn>\r\n"
LETTER = b"Subject: x\r\n\r\nhello\r\n"


def plain(login, password, authzid=""):
    return b"AUTH PLAIN " + base64.b64encode(f"{authzid}\0{login}\0{password}".encode()) + b"\r\n"


@pytest.fixture
def rules():
    return OpenRules()


@pytest.fixture
def port(rules):
    with serving(rules) as port:
        yield port


def test_a_letter_is_taken(rules, port):
    with smtplib.SMTP("127.0.0.1", port) as client:
        assert client.sendmail("b@y.vn", ["an@x.vn", "bo@x.vn"], LETTER) == {
            "bo@x.vn": (550, b"5.1.1 no such recipient")
        }
    assert rules.letters == [LETTER]


def test_what_the_server_can_do_is_announced(port):
    with Wire(port) as wire:
        assert wire.hello().split(b"\r\n")[1:-1] == [
            b"250-PIPELINING", b"250-SIZE 1000000", b"250-8BITMIME", b"250-SMTPUTF8", b"250-ENHANCEDSTATUSCODES",
            b"250-CHUNKING", b"250-BINARYMIME", b"250-DSN", b"250 AUTH PLAIN LOGIN",
        ]  # fmt: skip


def test_replies_to_a_pipeline_come_in_one_segment(rules, port):
    with Wire(port) as wire:
        wire.hello()
        wire.say(MAIL + RCPT * 20 + b"DATA\r\n")
        first = wire.sock.recv(65536)
        assert first.count(b"\r\n") == 22
        assert first.endswith(b"354 End data with <CR><LF>.<CR><LF>\r\n")
        assert wire.asks(LETTER + b".\r\nQUIT\r\n").startswith(b"250 2.0.0")
        assert wire.reply().startswith(b"221 2.0.0")
        assert wire.reply() == b""


def test_packet_boundaries_do_not_matter(rules, port):
    script = (
        b"EHLO a\r\n"
        + MAIL
        + RCPT
        + b"DATA\r\n"
        + LETTER
        + b".\r\n"
        + MAIL
        + RCPT
        + b"DATA\r\n..\r\n.\r\nQUIT\r\n"
    )
    for size in (1, 2, 3, 7, 1000):
        with Wire(port) as wire:
            for at in range(0, len(script), size):
                wire.say(script[at : at + size])
            replies = []
            while reply := wire.reply():
                replies.append(reply[:3])
        assert replies == [
            b"220",
            b"250",
            b"250",
            b"250",
            b"354",
            b"250",
            b"250",
            b"250",
            b"354",
            b"250",
            b"221",
        ]
    assert rules.letters == [LETTER, b".\r\n"] * 5


def test_a_client_that_closes_its_half_is_still_answered(rules, port):
    with Wire(port) as wire:
        wire.say(b"EHLO a\r\n" + MAIL + RCPT + b"DATA\r\n" + LETTER + b".\r\n")
        wire.sock.shutdown(socket.SHUT_WR)
        assert [wire.reply()[:3] for _ in range(6)] == [b"220", b"250", b"250", b"250", b"354", b"250"]
        assert wire.reply() == b""
    assert rules.letters == [LETTER]


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        (MAIL, [b"503 5.5.1"]),
        (b"EHLO\r\n", [b"501 5.5.4"]),
        (b"EHLO a\r\n" + RCPT + b"DATA\r\n", [b"250", b"503 5.5.1", b"503 5.5.1"]),
        (b"EHLO a\r\n" + MAIL + MAIL, [b"250", b"250 2.1.0", b"503 5.5.1"]),
        (b"EHLO a\r\n" + MAIL + b"RSET\r\n" + RCPT, [b"250", b"250 2.1.0", b"250 2.0.0", b"503 5.5.1"]),
        (b"EHLO a\r\n" + MAIL + b"EHLO a\r\n" + RCPT, [b"250", b"250 2.1.0", b"250", b"503 5.5.1"]),
        (b"EHLO a\r\n" + MAIL + b"DATA\r\n", [b"250", b"250 2.1.0", b"503 5.5.1"]),
        (b"EHLO a\r\nMAIL FROM:<a b>\r\n", [b"250", b"501 5.1.7"]),
        (b"EHLO a\r\n" + MAIL + b"RCPT TO:<>\r\n", [b"250", b"250", b"501 5.1.3"]),
        (b"EHLO a\r\nMAIL FROM:<a@x.vn> FOO=1\r\n", [b"250", b"555 5.5.4"]),
        (b"EHLO a\r\nMAIL FROM:<a@x.vn> SIZE=1000001\r\n", [b"250", b"552 5.3.4"]),
        ("EHLO a\r\nMAIL FROM:<ạ@x.vn>\r\n".encode(), [b"250", b"553 5.6.7"]),
        ("EHLO a\r\nMAIL FROM:<ạ@x.vn> SMTPUTF8\r\nRCPT TO:<aạ@x.vn>\r\n".encode(), [b"250", b"250", b"250"]),
        (b"EHLO a\r\nMAIL FROM:<\xff@x.vn> SMTPUTF8\r\n", [b"250", b"501 5.1.7"]),
        (b"EHLO a\r\n" + MAIL + b"RCPT TO:<Postmaster>\r\n", [b"250", b"250", b"550 5.1.1"]),
        (b"NOOP x\r\nVRFY a\r\nHELP\r\nEXPN a\r\nLHLO a\r\nRSET x\r\n",
         [b"250 2.0.0", b"252 2.1.5", b"214 2.0.0", b"500 5.5.2", b"500 5.5.2", b"501 5.5.4"]),
        (b"\r\nX\xff\r\n", [b"500 5.5.2", b"500 5.5.2"]),
        (b"NOOP\nNOOP\r\nNO\rOP\r\nNOOP\r\n", [b"500 5.5.2", b"250", b"500 5.5.2", b"250"]),
        (b"NOOP " + b"x" * 20_000 + b"\r\nNOOP\r\n", [b"500 5.5.2", b"250"]),
        (b"EHLO a\r\nSTARTTLS\r\n", [b"250", b"500 5.5.2"]),
    ],
)  # fmt: skip
def test_commands_out_of_order_or_grammar_are_refused_and_the_session_lives(port, script, codes):
    with Wire(port) as wire:
        wire.reply()
        wire.say(script)
        for code in codes:
            assert wire.reply().startswith(code)
        assert wire.asks(b"NOOP\r\n").startswith(b"250 2.0.0")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"a\nb\r\n.\r\n", b"550 5.6.0"),
        (b"a\rb\r\n.\r\n", b"550 5.6.0"),
        (b"x" * 50_001 + b"\r\n.\r\n", b"554 5.6.0"),
        (b"x" * 998 + b"\r\n" + (b"x" * 998 + b"\r\n") * 1100 + b".\r\n", b"552 5.3.4"),
        (b"x" * 1_100_000 + b"\r\n.\r\n", b"554 5.6.0"),
    ],
)
def test_a_bad_body_is_drained_refused_and_the_session_lives(rules, port, body, code):
    with Wire(port) as wire:
        wire.hello()
        wire.say(MAIL + RCPT + b"DATA\r\n")
        assert [wire.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert wire.asks(body).startswith(code)
        assert wire.asks(b"NOOP\r\n").startswith(b"250 2.0.0")
    assert rules.letters == []


def test_a_bug_is_a_451_and_the_session_lives(rules, port):
    rules.explode = True
    with Wire(port) as wire:
        wire.hello()
        wire.say(MAIL + RCPT + b"DATA\r\n.\r\n")
        assert [wire.reply()[:9] for _ in range(4)][3] == b"451 4.3.0"
        assert wire.asks(b"NOOP\r\n").startswith(b"250 2.0.0")


def test_a_thousand_recipients_fit_and_one_more_does_not(rules, port):
    with Wire(port) as wire:
        wire.hello()
        wire.say(
            MAIL
            + b"".join(b"RCPT TO:<a%d@x.vn>\r\n" % n for n in range(1001))
            + b"DATA\r\n"
            + LETTER
            + b".\r\n"
        )
        replies = [wire.reply() for _ in range(1004)]
        assert all(reply.startswith(b"250") for reply in replies[:1001])
        assert replies[1001].startswith(b"452 4.5.3")
        assert replies[1003].startswith(b"250")
    assert len(rules.taken[0][1]) == 1000


def test_lmtp_answers_for_each_recipient():
    rules = OpenRules(Language.LMTP)
    with serving(rules) as port, Wire(port) as wire:
        assert b"AUTH" not in wire.hello(b"LHLO test")
        assert wire.asks(b"EHLO test\r\n").startswith(b"500 5.5.2")
        wire.say(MAIL + b"RCPT TO:<an@x.vn>\r\nRCPT TO:<no@x.vn>\r\nRCPT TO:<afull@x.vn>\r\nDATA\r\n")
        assert [wire.reply()[:3] for _ in range(5)] == [b"250", b"250", b"550", b"250", b"354"]
        wire.say(LETTER + b".\r\nNOOP\r\n")
        assert wire.reply() == b"250 2.0.0 an@x.vn stored\r\n"
        assert wire.reply() == b"452 4.2.2 full\r\n"
        assert wire.reply() == b"250 2.0.0 OK\r\n"
        rules.explode = True
        wire.say(MAIL + RCPT * 3 + b"DATA\r\n" + LETTER + b".\r\n")
        assert [wire.reply()[:3] for _ in range(8)] == [b"250"] * 4 + [b"354"] + [b"451"] * 3


def test_a_name_is_proved_by_plain_and_login(rules, port):
    with Wire(port) as wire:
        wire.hello()
        assert wire.asks(plain("an@x.vn", "wrong")).startswith(b"535 5.7.8")
        assert wire.asks(plain("an@x.vn", "mật khẩu", authzid="bo@x.vn")).startswith(b"501 5.5.2")
        assert wire.asks(b"AUTH PLAIN\r\n") == b"334 \r\n"
        assert wire.asks(b"*\r\n").startswith(b"501")
        assert wire.asks(b"AUTH PLAIN !!!\r\n").startswith(b"501 5.5.2")
        assert wire.asks(b"AUTH CRAM-MD5\r\n").startswith(b"504 5.5.4")
        assert wire.asks(b"AUTH\r\n").startswith(b"504 5.5.4")
        assert wire.asks(b"auth login\r\n") == b"334 VXNlcm5hbWU6\r\n"
        assert wire.asks(base64.b64encode(b"an@x.vn") + b"\r\n") == b"334 UGFzc3dvcmQ6\r\n"
        assert wire.asks(base64.b64encode("mật khẩu".encode()) + b"\r\n").startswith(b"235 2.7.0")
        assert wire.asks(plain("an@x.vn", "mật khẩu")).startswith(b"503 5.5.1")


def test_five_wrong_passwords_end_the_session(port):
    with Wire(port) as wire:
        wire.hello()
        for _ in range(5):
            assert wire.asks(plain("an@x.vn", "wrong")).startswith(b"535")
        assert wire.reply().startswith(b"421 4.7.0")
        assert wire.reply() == b""


def test_submission_wants_a_name_before_mail():
    with serving(OpenRules(requires_auth=True)) as port, Wire(port) as wire:
        wire.hello()
        assert wire.asks(MAIL).startswith(b"530 5.7.0")
        wire.asks(plain("an@x.vn", "mật khẩu"))
        assert wire.asks(MAIL).startswith(b"250")


def test_strangers_sign_in_under_tls_only(rules, tmp_path):
    context = make_tls(tmp_path)
    with serving(rules, trusted=NOBODY, context=context) as port:
        with Wire(port) as wire:
            assert b"AUTH" not in wire.hello()
            assert wire.asks(plain("an@x.vn", "mật khẩu")).startswith(b"538 5.7.11")
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.starttls(context=ssl._create_unverified_context())
            client.ehlo()
            assert client.has_extn("auth")
            assert not client.has_extn("starttls")
            client.sendmail("b@y.vn", ["an@x.vn"], LETTER)
    assert rules.letters == [LETTER]


def test_commands_injected_before_tls_are_forgotten(rules, tmp_path):
    with serving(rules, context=make_tls(tmp_path)) as port, Wire(port) as wire:
        wire.hello()
        wire.say(b"STARTTLS\r\n" + b"EHLO evil\r\n" + MAIL + RCPT)
        assert wire.reply().startswith(b"220 2.0.0")
        secure = ssl._create_unverified_context().wrap_socket(wire.sock)
        secure.sendall(RCPT + b"NOOP\r\n")
        answer = b""
        while answer.count(b"\r\n") < 2:
            answer += secure.recv(1000)
        assert answer.startswith(b"503 5.5.1 Say hello")  # nothing said before TLS counts, RFC 3207 §4.2
        assert answer.endswith(b"250 2.0.0 OK\r\n")
        secure.close()


def test_garbage_instead_of_a_handshake_ends_the_connection(rules, tmp_path):
    with serving(rules, context=make_tls(tmp_path)) as port:
        with Wire(port) as wire:
            wire.hello()
            wire.asks(b"STARTTLS\r\n")
            wire.say(b"EHLO still in clear\r\n" * 10)
            while wire.sock.recv(1000):
                pass
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.noop()


def test_tls_from_the_first_octet(rules, tmp_path):
    big = LETTER + b"x" * 990 + (b"\r\n" + b"y" * 990) * 900 + b"\r\n"
    with (
        serving(rules, trusted=NOBODY, context=make_tls(tmp_path), implicit_tls=True) as port,
        smtplib.SMTP_SSL("127.0.0.1", port, context=ssl._create_unverified_context()) as client,
    ):
        client.login("an@x.vn", "ascii only")
        client.sendmail("b@y.vn", ["an@x.vn"], big)
    assert rules.letters == [big]


def test_a_stranger_with_many_errors_is_sent_away(rules):
    with serving(rules, trusted=NOBODY) as port, Wire(port) as wire:
        wire.hello()
        wire.say(RCPT * 50)
        replies = []
        while reply := wire.reply():
            replies.append(reply[:3])
        assert replies == [b"503"] * 21 + [b"421"]


def test_a_slow_command_and_a_slow_letter_run_out_of_time():
    rules = OpenRules(limits=replace(LIMITS, command_seconds=1.0, data_seconds=1.0))
    with serving(rules) as port:
        with Wire(port) as wire:
            wire.hello()
            wire.say(b"NOO")
            assert wire.reply().startswith(b"421 4.4.2")
            assert wire.reply() == b""
        with Wire(port) as wire:
            wire.hello()
            wire.say(MAIL + RCPT + b"DATA\r\nhello\r\n")
            assert [wire.reply()[:9] for _ in range(4)][3] == b"421 4.4.2"
            assert wire.reply() == b""
    assert rules.letters == []
    assert rules.open == 0


def test_stopping_tells_idle_sessions(rules):
    with serving(rules) as port:
        wire = Wire(port)
        wire.hello()
    assert wire.reply().startswith(b"421 4.3.2")
    wire.sock.close()

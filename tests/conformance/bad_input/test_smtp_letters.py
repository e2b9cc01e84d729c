"""Letters and sessions of strangers that are meant to hurt: time stays linear, memory bounded, the next one is served."""

import resource
import smtplib
import time

import pytest

from tests.mailsvc.sender_auth.zone import Zone
from tests.mailsvc.smtp.service import service
from tests.mailsvc.smtp.support import Wire
from tests.support.mail import DOMAIN

SECONDS = 8.0
"""For one letter on a busy machine; what grows with the square takes minutes."""
BO = f"bo@{DOMAIN}"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("strangers"), trusted=False, resolver=Zone({})) as running:
        yield running


FROM = b"From: x@w.example\r\n"
MANY_HEADERS = b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + FROM + b"\r\nhi\r\n"
SAME_HEADERS = FROM * 100_000 + b"\r\nhi\r\n"
SIGNATURES = (
    b"DKIM-Signature: v=1; a=rsa-sha256; d=w.example; s=a; h=from; bh=YQ==; b=YQ==\r\n" * 5_000
    + FROM
    + b"\r\nhi\r\n"
)
SEALS = b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=w.example; s=a; b=YQ==\r\n" * 5_000 + FROM + b"\r\nhi\r\n"
RESULTS = (
    b"Authentication-Results: (((((((((( mail.lamdong.example; dkim=pass\r\n" * 10_000 + FROM + b"\r\nhi\r\n"
)
PARTS = (
    FROM + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 10_000 + b"--b--\r\n"
)  # fmt: skip
NESTED = FROM + b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(5_000)
)
FOLDED = b"Subject: x\r\n" + b" y\r\n" * 200_000 + FROM + b"\r\nhi\r\n"
AUTHORS = (
    b"From: " + b",\r\n ".join(b"a%d@w.example" % number for number in range(30_000)) + b"\r\n\r\nhi\r\n"
)
QUOTES = b'From: "' + b"\\" * 40_000 + b"\r\n\r\nhi\r\n"
BLANKS = FROM + b"\r\n" + (b" " * 50_000 + b"\r\n") * 60


@pytest.mark.parametrize(
    "content",
    [MANY_HEADERS, SAME_HEADERS, SIGNATURES, SEALS, RESULTS, PARTS, NESTED, FOLDED, AUTHORS, QUOTES, BLANKS],
    ids=[
        "headers",
        "froms",
        "signatures",
        "seals",
        "results",
        "parts",
        "nested",
        "folded",
        "authors",
        "quotes",
        "blanks",
    ],
)
def test_a_letter_that_is_meant_to_hurt_costs_seconds_at_most(running, content):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", running.ports["smtp.listen"], timeout=60) as client:
        client.ehlo()
        client.mail("x@w.example")
        client.rcpt(BO)
        code, text = client.data(content)
    assert time.perf_counter() - started < SECONDS
    assert code in {250, 550, 554}, text
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


@pytest.mark.parametrize("recipient", [b"nobody%d@lamdong.example", b"bo+%d@lamdong.example"])
def test_a_flood_of_recipients_is_ended(running, recipient):
    """Guessing who exists, or writing to one box under ten thousand names."""
    with Wire(running.ports["smtp.listen"]) as wire:
        wire.hello()
        assert wire.asks(b"MAIL FROM:<x@w.example>\r\n").startswith(b"250")
        replies = []
        for start in range(0, 20_000, 100):
            wire.say(
                b"".join(b"RCPT TO:<" + recipient % number + b">\r\n" for number in range(start, start + 100))
            )
            replies += [wire.reply()[:3] for _ in range(100)]
            if b"" in replies or b"421" in replies:
                break
        assert b"421" in replies
        assert len(replies) < 10_000
    with Wire(running.ports["smtp.listen"]) as wire:
        assert wire.hello().startswith(b"250")


def test_commands_put_in_before_tls_are_forgotten(running):
    """RFC 3207 §4.2, in either way: pipelined behind STARTTLS, or as a chunk."""
    for smuggled in (b"MAIL FROM:<evil@x.vn>\r\n", b"BDAT 5 LAST\r\nhello", b"EHLO b\r\nMAIL FROM:<>\r\n"):
        with Wire(running.ports["smtp.listen"]) as wire:
            wire.hello()
            wire.say(b"STARTTLS\r\n" + smuggled)
            assert wire.reply().startswith(b"220")
            wire.sock.settimeout(0.2)
            with pytest.raises(TimeoutError):  # nothing is answered in clear any more
                wire.sock.recv(100)


@pytest.mark.parametrize("end", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n\0.\r\n", b"\r.\r"])
def test_nothing_is_smuggled_by_chunks(running, end):
    hidden = (
        b"Subject: a\r\n\r\nx" + end + b"MAIL FROM:<evil@x.vn>\r\nRCPT TO:<bo@lamdong.example>\r\nDATA\r\n"
    )
    before = len(running.letters("bo"))
    for cut in range(len(b"Subject: a\r\n\r\nx") - 1, len(b"Subject: a\r\n\r\nx") + len(end) + 2):
        with Wire(running.ports["smtp.listen"]) as wire:
            wire.hello()
            wire.say(b"MAIL FROM:<x@w.example>\r\nRCPT TO:<bo@lamdong.example>\r\n")
            parts = [hidden[:cut], hidden[cut:]]
            wire.say(
                b"BDAT %d\r\n%bBDAT %d LAST\r\n%bNOOP\r\n"
                % (len(parts[0]), parts[0], len(parts[1]), parts[1])
            )
            codes = [wire.reply()[:3] for _ in range(5)]
            assert codes[:2] == [b"250", b"250"]
            assert codes[-1] == b"250"
            assert codes[3] in {b"550", b"503"} or end == b"\r\n\0.\r\n"
    allowed = 0 if end != b"\r\n\0.\r\n" else len(running.letters("bo")) - before
    assert len(running.letters("bo")) == before + allowed

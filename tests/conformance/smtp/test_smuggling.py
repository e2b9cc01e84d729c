"""SMTP smuggling (CVE-2023-51764 and its kin): no octets but CRLF.CRLF end a letter, in any split, in or out."""

import pytest

from tests.mailsvc.smtp.support import Wire
from tests.support.mail import DOMAIN

ENDS = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r.\n", b"\n.\r", b"\r\r\n.\r\r\n", b"\r\n.\r\r\n",
    b"\n\n.\n\n", b"\r\n\n.\r\n", b"\r\n.\n\r\n", b"\x00\n.\n", b"\r\n\x00.\r\n", b"\r\n.\x00\r\n", b"\r\n. \r\n", b"\r\n.\x1a\r\n",
    b"\x0b.\x0b", b"\x85.\x85", b"\xc2\x85.\xc2\x85", "\u2028.\u2028".encode(),
]  # fmt: skip


def script(end):
    hidden = f"MAIL FROM:<evil@x.vn>\r\nRCPT TO:<bo@{DOMAIN}>\r\nDATA\r\nSubject: smuggled\r\n\r\nx".encode()
    return b"Subject: visible\r\n\r\nfirst" + end + hidden + b"\r\n.\r\n"


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_smuggled_in(running, end):
    before = len(running.letters("bo"))
    body = script(end)
    around = len(b"Subject: visible\r\n\r\nfirst")
    cuts = [None, *range(around - 1, around + len(end) + 2)]
    with Wire(running.ports["smtp.listen"]) as wire:
        wire.hello()
        for cut in cuts:
            wire.say(f"MAIL FROM:<x@world.example>\r\nRCPT TO:<an@{DOMAIN}>\r\nDATA\r\n".encode())
            assert [wire.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
            for part in [body] if cut is None else [body[:cut], body[cut:]]:
                wire.say(part)
            answer = wire.reply()
            assert answer.startswith((b"550 5.6.0", b"250 2.0.0"))
            assert answer.startswith(b"550") == (
                b"\n" in end.replace(b"\r\n", b"") or b"\r" in end.replace(b"\r\n", b"")
            )
        assert wire.asks(b"NOOP\r\n").startswith(b"250")  # one answer for one letter, and nothing more
    assert len(running.letters("bo")) == before


def test_commands_in_one_packet_behind_the_end_are_commands(running):
    """Pipelining after the final dot is the client's own right (RFC 2920 §3.1); it is no smuggling."""
    with Wire(running.ports["smtp.listen"]) as wire:
        wire.hello()
        envelope = f"MAIL FROM:<x@world.example>\r\nRCPT TO:<an@{DOMAIN}>\r\nDATA\r\n".encode()
        wire.say((envelope + b"Subject: a\r\n\r\n.\r\n") * 2)
        assert [wire.reply()[:3] for _ in range(8)] == [b"250", b"250", b"354", b"250"] * 2

"""BDAT on the wire: every octet that was announced is read and none of them is a command (RFC 3030 §2)."""

import pytest

from mailsvc.smtp.rules import Language
from tests.mailsvc.smtp.support import LIMITS, NOBODY, OpenRules, Wire, serving

LETTER = b"Subject: x\r\n\r\n.dot\r\nMAIL FROM:<evil@x.vn>\r\n.\r\nQUIT\r\n"
ENVELOPE = b"MAIL FROM:<bo@x.vn>\r\nRCPT TO:<an@x.vn>\r\n"


@pytest.fixture
def rules():
    return OpenRules()


@pytest.fixture
def port(rules):
    with serving(rules) as port:
        yield port


def chunk(octets, last=b""):
    return b"BDAT %d%b\r\n%b" % (len(octets), last, octets)


def codes(wire, count):
    return [wire.reply()[:3] for _ in range(count)]


@pytest.mark.parametrize("cut", [0, 1, 14, 20, len(LETTER)])
def test_the_letter_is_what_was_announced(rules, port, cut):
    with Wire(port) as wire:
        wire.hello()
        wire.say(ENVELOPE + chunk(LETTER[:cut]) + chunk(LETTER[cut:], b" LAST") + b"NOOP\r\n")
        assert codes(wire, 5) == [b"250"] * 5
    assert rules.letters == [LETTER]


def test_packet_boundaries_do_not_matter(rules, port):
    script = ENVELOPE + chunk(LETTER[:9]) + chunk(LETTER[9:]) + chunk(b"", b" LAST") + b"QUIT\r\n"
    for size in (1, 7):
        with Wire(port) as wire:
            wire.hello()
            for at in range(0, len(script), size):
                wire.say(script[at : at + size])
            assert codes(wire, 6) == [b"250"] * 5 + [b"221"]
    assert rules.letters == [LETTER] * 2


@pytest.mark.parametrize("before", [b"", b"MAIL FROM:<bo@x.vn>\r\n"])
def test_chunks_out_of_turn_are_read_and_refused(rules, port, before):
    with Wire(port) as wire:
        wire.hello()
        wire.say(before + chunk(ENVELOPE + b"DATA\r\n", b" LAST") + b"NOOP\r\n")
        if before:
            assert wire.reply().startswith(b"250")
        assert wire.reply().startswith(b"503 5.5.1")
        assert wire.reply().startswith(b"250 2.0.0")
    assert rules.letters == []


@pytest.mark.parametrize(
    "words",
    [b"BDAT\r\n", b"BDAT x\r\n", b"BDAT -5 LAST\r\n", b"BDAT 5 FIRST\r\n", b"BDAT 99999999999999999999\r\n"],
)
def test_a_size_that_is_none_ends_the_session(rules, port, words):
    """What follows would be taken for commands, or commands for a letter."""
    with Wire(port) as wire:
        wire.hello()
        wire.say(ENVELOPE + words + b"RCPT TO:<ap@x.vn>\r\nDATA\r\n")
        assert codes(wire, 2) == [b"250"] * 2
        assert wire.reply().startswith(b"501 5.5.4")
        assert wire.reply() == b""
    assert rules.letters == []


def test_a_client_that_announces_more_than_it_sends_gives_no_letter(rules, port):
    with Wire(port) as wire:
        wire.hello()
        wire.say(ENVELOPE + b"BDAT 1000 LAST\r\nSubject: x\r\n\r\n")
        assert codes(wire, 2) == [b"250"] * 2
    assert rules.letters == []


def test_a_slow_sender_has_the_time_that_data_has_for_all_chunks_together(rules):
    rules.limits = type(LIMITS)(1_000_000, 50_000, 1000, command_seconds=20, data_seconds=0.3)
    with serving(rules, trusted=NOBODY) as port, Wire(port) as wire:
        wire.hello()
        wire.say(ENVELOPE + chunk(b"Subject: x\r\n"))
        assert codes(wire, 3) == [b"250"] * 3
        wire.say(b"BDAT 100 LAST\r\nx")
        assert wire.reply().startswith(b"421 4.4.2")
    assert rules.letters == []


def test_bare_newlines_are_refused_and_a_refused_letter_needs_rset(rules, port):
    with Wire(port) as wire:
        wire.hello()
        wire.say(
            ENVELOPE
            + chunk(b"Subject: x\n\r\n")
            + chunk(b"more\r\n", b" LAST")
            + b"RSET\r\n"
            + ENVELOPE
            + chunk(LETTER, b" LAST")
        )
        assert codes(wire, 8) == [b"250", b"250", b"550", b"503", b"250", b"250", b"250", b"250"]
        wire.say(ENVELOPE + chunk(b"Subject: x\r", b"") + chunk(b"\n\r\nhi\r\n", b" LAST"))
        assert codes(wire, 4) == [b"250"] * 4
        wire.say(ENVELOPE + chunk(b"Subject: x\r", b" LAST"))
        assert codes(wire, 3) == [b"250", b"250", b"550"]
    assert rules.letters == [LETTER, b"Subject: x\r\n\r\nhi\r\n"]


def test_data_and_bdat_do_not_mix(rules, port):
    with Wire(port) as wire:
        wire.hello()
        wire.say(
            ENVELOPE
            + chunk(b"Subject: x\r\n")
            + b"DATA\r\nRCPT TO:<ap@x.vn>\r\nMAIL FROM:<>\r\nNOOP\r\n"
            + chunk(b"\r\nhi\r\n", b" LAST")
        )
        assert codes(wire, 8) == [b"250", b"250", b"250", b"503", b"503", b"503", b"250", b"250"]
        wire.say(b"MAIL FROM:<bo@x.vn> BODY=BINARYMIME\r\nRCPT TO:<an@x.vn>\r\nDATA\r\n")
        assert codes(wire, 3) == [b"250", b"250", b"503"]
    assert rules.letters == [b"Subject: x\r\n\r\nhi\r\n"]


def test_binary_parts_are_stored_as_text(rules, port):
    head = b"MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    with Wire(port) as wire:
        wire.hello()
        wire.say(
            b"MAIL FROM:<bo@x.vn> BODY=BINARYMIME\r\nRCPT TO:<an@x.vn>\r\n"
            + chunk(head + b"\x89PNG\r\n\x1a\n\0.\r\n.", b" LAST")
        )
        assert codes(wire, 3) == [b"250"] * 3
        wire.say(
            b"MAIL FROM:<bo@x.vn> BODY=BINARYMIME\r\nRCPT TO:<an@x.vn>\r\n"
            + chunk(b"Subject: x\n\r\nbare\n", b" LAST")
        )
        assert codes(wire, 3) == [b"250", b"250", b"550"]
    assert rules.letters == [head.replace(b"binary", b"base64") + b"iVBORw0KGgoALg0KLg==\r\n"]


def test_lmtp_answers_for_each_recipient():
    rules = OpenRules(Language.LMTP)
    with serving(rules) as port, Wire(port) as wire:
        wire.hello(b"LHLO a")
        wire.say(
            b"MAIL FROM:<>\r\nRCPT TO:<an@x.vn>\r\nRCPT TO:<afull@x.vn>\r\n"
            + chunk(LETTER[:5])
            + chunk(LETTER[5:], b" LAST")
        )
        assert codes(wire, 6) == [b"250"] * 5 + [b"452"]

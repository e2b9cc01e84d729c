"""Any octets, in any split: every line has one reply, nothing is unexpected, the next client is served."""

import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsvc.smtp.rules import Language
from tests.mailsvc.smtp.support import OpenRules, Wire, serving

WORDS = [
    b"EHLO a", b"HELO a", b"LHLO a", b"EHLO", b"MAIL FROM:<b@y.vn>", b"MAIL FROM:<>", b"MAIL FROM:<b@y.vn> SIZE=9 BODY=8BITMIME",
    b"MAIL FROM:<\xc3\xa1@y.vn> SMTPUTF8", b"MAIL FROM:", b"MAIL", b"RCPT TO:<an@x.vn>", b"RCPT TO:<no@x.vn>", b"RCPT TO:<Postmaster>",
    b"RCPT TO:<an@x.vn> NOTIFY=NEVER", b"RCPT", b"RSET", b"NOOP", b"VRFY x", b"HELP", b"AUTH PLAIN AGEAYg==", b"AUTH PLAIN ====",
    b"AUTH LOGIN YQ==", b"AUTH", b"DATA x", b"STARTTLS", b"", b"\xff\xfe", b"NOOP\n", b"NO\rOP", b"x" * 13_000, b"mail from:<a@b>",
    b"BDAT 4 LAST\r\nx\r\n.", b"BDAT 0 LAST", b"BDAT 7\r\nQUIT\r\n.", b"BDAT 3\r\n\r\n\n", b"MAIL FROM:<b@y.vn> BODY=BINARYMIME",
    b"MAIL FROM:<b@y.vn> REQUIRETLS RET=FULL ENVID=a", b"BDAT x",
]  # fmt: skip
LINES = st.lists(
    st.sampled_from(WORDS) | st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=25
)


def codes_of(wire):
    """The codes of all replies until the server closes."""
    codes = []
    while reply := wire.reply():
        assert reply[:3].isdigit()
        codes.append(int(reply[:3]))
    return codes


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=LINES, language=st.sampled_from(Language), cut=st.integers(1, 3000))
def test_any_lines_are_answered_and_nothing_is_unexpected(lines, language, cut):
    rules = OpenRules(language)
    script = b"".join(line + b"\r\n" for line in lines) + b"*\r\nQUIT\r\n"
    with structlog.testing.capture_logs() as logs, serving(rules) as port:
        with Wire(port) as wire:
            try:
                for at in range(0, len(script), cut):
                    wire.say(script[at : at + cut])
            except (BrokenPipeError, ConnectionResetError):
                pass  # sent away after too many bad commands
            codes = codes_of(wire)
        assert codes[0] == 220
        assert codes[-1] in {221, 421, 502, 500, 501}
        with Wire(port) as wire:
            assert wire.asks(b"QUIT\r\n").startswith(b"220")
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert rules.open == 0


@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=300), language=st.sampled_from(Language))
def test_any_body_is_taken_or_refused_as_a_whole(body, language):
    rules = OpenRules(language)
    hello = b"LHLO a\r\n" if language is Language.LMTP else b"EHLO a\r\n"
    with structlog.testing.capture_logs() as logs, serving(rules) as port, Wire(port) as wire:
        wire.say(hello + b"MAIL FROM:<>\r\nRCPT TO:<an@x.vn>\r\nDATA\r\n" + body + b"\r\n.\r\nQUIT\r\n")
        codes = codes_of(wire)
    assert codes[:5] == [220, 250, 250, 250, 354]
    taken = bool(rules.letters)
    assert codes[5] == (250 if taken else 550)
    assert len(rules.letters) <= 1
    assert [entry for entry in logs if entry["log_level"] == "error"] == []

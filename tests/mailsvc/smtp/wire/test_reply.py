"""Replies on the wire (RFC 5321 §4.2, RFC 2034)."""

import pytest

from mailsvc.smtp.wire.reply import Reply, parse_reply, reply_from_text


def test_each_line_carries_both_codes():
    assert (
        Reply(550, "5.1.1", "no such\nrecipient").encode() == b"550-5.1.1 no such\r\n550 5.1.1 recipient\r\n"
    )


def test_text_from_strangers_stays_in_its_line():
    assert Reply(550, "5.1.1", "<a\r@x>\x1b[2J").encode() == b"550 5.1.1 <a?@x>?[2J\r\n"


def test_the_librarys_sentences_gain_enhanced_codes():
    assert reply_from_text("500 Command line too long") == Reply(500, "5.5.2", "Command line too long")
    assert reply_from_text("421 4.7.0 NOOP sent") == Reply(421, "4.7.0", "NOOP sent")
    assert reply_from_text("220 mx ESMTP") == Reply(220, "", "mx ESMTP")


def test_what_another_server_says_is_understood():
    assert parse_reply([b"550-5.1.1 no", b"550 5.1.1 such"]) == Reply(550, "5.1.1", "no\nsuch")
    assert (
        parse_reply([b"250-mx.x.vn", b"250-SIZE 100", b"250 8BITMIME"]).text == "mx.x.vn\nSIZE 100\n8BITMIME"
    )
    assert parse_reply([b"250"]) == Reply(250, "", "")


@pytest.mark.parametrize(
    "lines", [[b""], [b"hello"], [b"250 a", b"250 b"], [b"250-a", b"251 b"], [b"999 x"], [b"25"]]
)
def test_nonsense_is_no_reply(lines):
    with pytest.raises(ValueError, match="not a reply"):
        parse_reply(lines)

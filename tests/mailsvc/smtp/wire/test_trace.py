"""Fields a server adds, and loops (RFC 5321 §4.4, §6.3; RFC 6409 §8)."""

import time

import pytest

from directory.address import Address
from mailsvc.smtp.wire import trace
from mailsvc.smtp.wire.trace import Hop

AN = Address("an", "x.vn")
HOP = Hop("mua.y.vn", "192.0.2.1", "mx.x.vn", "ESMTPS", "s-1.1", AN, "Sun, 22 Nov 2026 12:00:00 +0700")


def test_received_names_both_ends_the_protocol_and_the_only_recipient():
    assert trace.received(HOP) == (
        b"Received: from mua.y.vn ([192.0.2.1])\r\n\tby mx.x.vn with ESMTPS id s-1.1\r\n\tfor <an@x.vn>;\r\n"
        b"\tSun, 22 Nov 2026 12:00:00 +0700\r\n"
    )


@pytest.mark.parametrize("name", ["a b", "x\ty", "evil;for <x@y>", "(", "tên", ""])
def test_a_name_that_could_be_read_as_more_is_not_repeated(name):
    assert trace.received(Hop(name, "::1", "m", "SMTP", "1", None, "d")).startswith(
        b"Received: from unknown ([IPv6:::1])\r\n"
    )


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ((True, True, True, False), "ESMTPSA"),
        ((True, False, False, False), "ESMTP"),
        ((False, False, False, False), "SMTP"),
        ((True, True, False, True), "UTF8SMTPS"),
    ],
)
def test_protocols_are_named_as_registered(flags, name):
    extended, secure, authenticated, utf8 = flags
    assert (
        trace.protocol_name("SMTP", extended=extended, secure=secure, authenticated=authenticated, utf8=utf8)
        == name
    )


def test_only_fields_of_the_header_count_as_hops():
    letter = b"Received: a\r\nRECEIVED : b\r\n c\r\nSubject: Received: x\r\n\r\nReceived: body\r\n"
    assert trace.hops(trace.header_of(letter)) == 2


def test_a_letter_that_was_in_this_box_before_is_found():
    header = b"Delivered-To: <AN@x.vn>\r\nDelivered-To: bo@x.vn\r\n"
    assert trace.delivered_before(header, [AN, Address("cuc", "x.vn")]) == {"an@x.vn"}


def test_date_and_message_id_are_added_once_and_bcc_goes():
    letter = b"Subject: x\r\nBcc: secret@x.vn,\r\n other@x.vn\r\nResent-BCC: z@x.vn\r\nTo: a@x.vn\r\n\r\nBcc: in the text\r\n"
    done = trace.completed(letter, date="D", message_id="M@h")
    assert done == b"Date: D\r\nMessage-ID: <M@h>\r\nSubject: x\r\nTo: a@x.vn\r\n\r\nBcc: in the text\r\n"
    assert trace.completed(done, date="E", message_id="N@h") == done


def test_a_letter_without_header_becomes_its_text():
    assert (
        trace.completed(b"hello\r\n", date="D", message_id="M")
        == b"Date: D\r\nMessage-ID: <M>\r\n\r\nhello\r\n"
    )
    assert (
        trace.completed(b"\r\nhello\r\n", date="D", message_id="M")
        == b"Date: D\r\nMessage-ID: <M>\r\n\r\nhello\r\n"
    )


def test_a_hundred_thousand_fields_are_scanned_in_linear_time():
    header = b"Received: x\r\n" * 100_000 + b"Bcc:\r\n" * 10_000
    start = time.perf_counter()
    assert trace.hops(trace.header_of(header + b"\r\n")) == 100_000
    trace.completed(header + b"\r\nx", date="D", message_id="M")
    assert time.perf_counter() - start < 2.0

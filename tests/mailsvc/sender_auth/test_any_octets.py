"""What strangers write into headers, records, policies and reports is read or refused; nothing else happens."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.mime.authors import MAX_AUTHORS, authors_of
from mailsvc.model.marks import marks_of
from mailsvc.queue.sts import PolicyError, parse_policy, record_id
from mailsvc.sender_auth.aggregate import ReportError, from_file, from_xml
from mailsvc.sender_auth.lookalike import looks_like_ours, name_key, skeleton
from mailsvc.smtp.wire.trace import completed, values_of, without_field

WORDS = st.lists(
    st.sampled_from([b"From", b"from", b":", b" ", b"\t", b"\r\n", b"\n", b"<", b">", b"@", b"a", b'"', b"(", b")", b",", b"\\", b"=?utf-8?Q?", b"?=", b"\xff"]),
    max_size=40,
).map(b"".join)  # fmt: skip


@given(st.binary(max_size=300) | WORDS)
def test_any_header_has_authors_or_none(header: bytes) -> None:
    found = authors_of(header)
    assert len(found.people) <= MAX_AUTHORS
    assert marks_of(header) is not None
    values_of(header, b"from")


@given(WORDS)
def test_a_field_that_is_taken_out_is_out_and_the_rest_is_as_it_was(text: bytes) -> None:
    letter = b"Subject: x\r\nFrom: a\r\n b\r\n" + text.replace(b"\r\n\r\n", b"") + b"\r\n\r\nFrom: body\r\n"
    cut = without_field(letter, b"from")
    assert cut.endswith(b"\r\n\r\nFrom: body\r\n")
    assert authors_of(cut.partition(b"\r\n\r\n")[0] + b"\r\n").from_fields == 0
    whole = completed(letter, date="d", message_id="m", sender=b"Sender: x <a@b>\r\n")
    assert whole.endswith(b"From: body\r\n")


@given(st.binary(max_size=300))
def test_any_octets_are_a_policy_or_refused(octets: bytes) -> None:
    with contextlib.suppress(PolicyError):
        parse_policy(octets)
    record_id((octets,))


@given(
    st.binary(max_size=300)
    | st.binary(max_size=100).map(lambda tail: b"\x1f\x8b\x08" + tail)
    | st.binary(max_size=100).map(lambda tail: b"PK\x03\x04" + tail)
)
def test_any_octets_are_a_report_or_refused(octets: bytes) -> None:
    for read in (from_file, from_xml):
        with contextlib.suppress(ReportError):
            read(octets)


@given(st.text(max_size=80))
def test_any_text_has_a_look(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text) or text
    name_key(text)
    looks_like_ours(text, ("lamdong.gov.vn",))

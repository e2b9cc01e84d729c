"""The letter that goes out is the draft without what is not told, dated when it goes."""

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.mime.as_sent import as_sent

DRAFT = (
    b"From: a@x.example\r\nDate: Mon, 01 Jan 2024 07:00:00 +0700\r\nBcc: b@x.example,\r\n c@x.example\r\n"
    b"Subject: Bcc: \r\n\r\nBcc: in the text\r\n"
)


def test_bcc_is_left_out_and_the_date_is_of_now() -> None:
    """RFC 5322 §3.6.3 and §3.6.1."""
    assert as_sent(DRAFT, 1_795_000_000, 420) == (
        b"From: a@x.example\r\nDate: Wed, 18 Nov 2026 18:06:40 +0700\r\nSubject: Bcc: \r\n\r\nBcc: in the text\r\n"
    )


@given(st.binary(max_size=400))
def test_the_text_is_left_as_it_is(body: bytes) -> None:
    assert (
        as_sent(DRAFT.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body, 0, 0).partition(b"\r\n\r\n")[2] == body
    )

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsvc.imap.wire.utf7 import MailboxNameError, decode_mailbox, encode_mailbox

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30).map(
    lambda text: unicodedata.normalize("NFC", text)
)


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),  # RFC 3501 §5.1.3
        (b"A&-B", "A&B"),
        (b"&AOk-&-", "é&"),
        (b"C&APQ-ng v&AQM-n &AREebw-n", "Công văn đ\u1e6fn"),
        (b"inbox", "INBOX"),
        (b"Inbox/x", "INBOX/x"),
        (b"Inboxes", "Inboxes"),
        (b"&2D3eAA-", "😀"),
    ],
)
def test_modified_utf7_is_read_as_rfc_3501_5_1_3_says(octets: bytes, name: str) -> None:
    assert decode_mailbox(octets) == name


def test_decomposed_names_come_in_composed() -> None:
    assert decode_mailbox(encode_mailbox("Tha\u0300nh")) == "Thành"


@pytest.mark.parametrize(
    "octets",
    [
        b"&",
        b"a&b",
        b"&AOk",
        b"&2D0-",
        b"&AGE-",
        b"&AOl-",
        b"&AO-",
        b"\xc3\xa9",
        b"a\x00",
        b"&AOk-&AOk-",
        b"&AAA-",
    ],
)
def test_what_is_no_modified_utf7_is_refused(octets: bytes) -> None:
    with pytest.raises(MailboxNameError):
        decode_mailbox(octets)


@given(NAMES)
def test_every_name_survives_the_wire(name: str) -> None:
    again = decode_mailbox(encode_mailbox(name))
    assert again == name or again.upper().startswith("INBOX")


@given(st.binary(max_size=30))
def test_any_octets_are_a_name_or_refused_and_have_one_encoding(octets: bytes) -> None:
    try:
        name = decode_mailbox(octets)
    except MailboxNameError:
        return
    assert decode_mailbox(encode_mailbox(name)) == name

"""From the draft in Drafts to the letter that goes out."""

from typing import Final

from mailsvc.mime.header_write import date_text
from mailsvc.mime.parse import parse

_UNTOLD: Final = frozenset({b"bcc"})


def as_sent(draft: bytes, at: int, utc_offset_minutes: int) -> bytes:
    """The same letter without Bcc (RFC 5322 §3.6.3), dated when it goes and not when it was written (§3.6.1)."""
    entity = parse(draft)
    lines = [
        b"Date: " + date_text(at, utc_offset_minutes).encode()
        if field.lower == b"date"
        else field.name + b":" + draft[field.start : field.end]
        for field in entity.fields
        if field.lower not in _UNTOLD
    ]
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + draft[entity.body_start :]

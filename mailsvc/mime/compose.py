"""A letter from typed values (RFC 5322 §3.6, RFC 2045): strict, with no way to smuggle a header line in."""

import re
from dataclasses import dataclass
from typing import Final

from mailsvc.mime.header_write import (
    ComposeError,
    Mailbox,
    date_text,
    field_line,
    mailbox_words,
    message_id,
    parameter_words,
    text_words,
)
from mailsvc.mime.mime_write import MIME_VERSION, binary_part, message_part, multipart, text_part

__all__ = ["ComposeError", "Draft", "Mailbox", "OutgoingPart", "compose"]

VIETNAM_OFFSET: Final = 7 * 60  # minutes; Vietnam keeps no summer time
MAX_REFERENCES: Final = 100

EXTRA_FIELDS: Final = frozenset(
    {
        "auto-submitted",
        "comments",
        "disposition-notification-to",
        "expires",
        "importance",
        "keywords",
        "organization",
        "priority",
        "reply-by",
        "sensitivity",
        "user-agent",
        "x-auto-response-suppress",
        "x-mailer",
        "x-priority",
    }
)  # and everything that begins with x-congvu-
_MEDIA_TYPE = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63})/([A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126})\Z"
)


@dataclass(frozen=True, slots=True)
class OutgoingPart:
    """A file to send. With a `content_id` it can be shown inside the HTML (`cid:`, RFC 2392)."""

    file_name: str
    media_type: str
    data: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a letter is to say. `date` is epoch seconds; ids have their angle brackets or not."""

    from_: tuple[Mailbox, ...]
    message_id: str
    date: int
    subject: str = ""
    text: str = ""
    html: str | None = None
    sender: Mailbox | None = None
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[OutgoingPart, ...] = ()
    inline: tuple[OutgoingPart, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    utc_offset_minutes: int = VIETNAM_OFFSET


def compose(draft: Draft, *, with_bcc: bool = False) -> bytes:
    """The letter in CRLF lines of 78 octets where possible. Raises ComposeError for what cannot be written.

    Bcc is written only when asked for: in a draft that is kept, never in what is sent (RFC 5322 §3.6.3).
    """
    return b"".join((*_header(draft, with_bcc=with_bcc), MIME_VERSION, _body(draft)))


def _header(draft: Draft, *, with_bcc: bool) -> list[bytes]:
    if not draft.from_:
        raise ComposeError("a letter needs a From address")  # RFC 5322 §3.6
    if len(draft.from_) > 1 and draft.sender is None:
        raise ComposeError("several authors need a Sender")  # RFC 5322 §3.6.2
    lines = [
        field_line("Date", date_text(draft.date, draft.utc_offset_minutes).encode("ascii").split(b" ")),
        field_line("From", mailbox_words(draft.from_)),
    ]
    if draft.sender is not None:
        lines.append(field_line("Sender", mailbox_words((draft.sender,))))
    for name, boxes in (("Reply-To", draft.reply_to), ("To", draft.to), ("Cc", draft.cc)):
        if boxes:
            lines.append(field_line(name, mailbox_words(boxes)))
    if with_bcc and draft.bcc:
        lines.append(field_line("Bcc", mailbox_words(draft.bcc)))
    lines.append(field_line("Subject", text_words(draft.subject, "Subject")))
    lines.append(field_line("Message-ID", (message_id(draft.message_id),)))
    if draft.in_reply_to:
        lines.append(field_line("In-Reply-To", (message_id(draft.in_reply_to),)))
    if draft.references:
        ids = draft.references
        if len(ids) > MAX_REFERENCES:
            ids = (ids[0], *ids[1 - MAX_REFERENCES :])
        lines.append(field_line("References", map(message_id, ids)))
    for name, value in draft.extra:
        if name.lower() not in EXTRA_FIELDS and not name.lower().startswith("x-congvu-"):
            raise ComposeError(f"header field not allowed: {name!r}")
        lines.append(field_line(name, text_words(value, name)))
    return lines


def _body(draft: Draft) -> bytes:
    """text, or alternative(text, html), html with its pictures in related, all in mixed with the files (RFC 2046, RFC 2387)."""
    body = text_part(draft.text, "plain")
    loose = draft.attachments
    if draft.html is not None:
        rich = text_part(draft.html, "html")
        if draft.inline:
            pictures = [_file_part(part, inline=True) for part in draft.inline]
            rich = multipart("related", [rich, *pictures], b'type="text/html"')
        body = multipart("alternative", [body, rich])
    else:
        loose = draft.inline + loose
    if loose:
        body = multipart("mixed", [body, *(_file_part(part, inline=False) for part in loose)])
    return body


def _file_part(part: OutgoingPart, *, inline: bool) -> bytes:
    match = _MEDIA_TYPE.match(part.media_type)
    media_type = part.media_type if match is not None else "application/octet-stream"
    fields = [_disposition(part, inline=inline)]
    if part.content_id:
        fields.append(field_line("Content-ID", (message_id(part.content_id),)))
    if media_type.lower() == "message/rfc822":
        as_it_is = message_part(part.data, *fields)
        if as_it_is is not None:
            return as_it_is
    if media_type.lower().startswith(("message/", "multipart/")):
        # Those may not be encoded in base64 (RFC 2045 §6.4); as a plain file they arrive whole.
        media_type = "application/octet-stream"
    return binary_part(part.data, (media_type.encode("ascii"),), *fields)


def _disposition(part: OutgoingPart, *, inline: bool) -> bytes:
    word = b"inline" if inline else b"attachment"
    if not part.file_name.strip():
        return field_line("Content-Disposition", (word,))
    return field_line("Content-Disposition", (word + b";", *parameter_words("filename", part.file_name)))

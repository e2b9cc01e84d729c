"""Everything about a letter that its row keeps, so that lists and FETCH never open the letter again."""

import re
from dataclasses import dataclass
from typing import Final

from mailsvc.mime.address_list import ListedAddress
from mailsvc.mime.base_subject import base_subject
from mailsvc.mime.body_structure import body_structure
from mailsvc.mime.charsets import guess
from mailsvc.mime.dates import date_epoch
from mailsvc.mime.encoded_word import decode_words
from mailsvc.mime.header_envelope import HeaderEnvelope, header_envelope
from mailsvc.mime.html_text import html_to_text
from mailsvc.mime.parse import Entity, field_value
from mailsvc.mime.text import has_attachments, part_text, walk

MAX_SUBJECT: Final = 2_000
MAX_NAME: Final = 300
MAX_TO_LINE: Final = 500
MAX_ADDRESSES: Final = 4_000
MAX_MESSAGE_ID: Final = 998  # a line, RFC 5322 §2.1.1
MAX_REFERENCES: Final = 50
MAX_PREVIEW: Final = 200
_PREVIEW_FIRST: Final = 1024  # encoded octets looked at first for a preview: mostly they are enough
_PREVIEW_PLAIN: Final = 4 * 1024
_PREVIEW_HTML: Final = 16 * 1024

_MAILINGS: Final = frozenset({b"bulk", b"junk", b"list"})
_MESSAGE_ID = re.compile(rb"<[^<>\s]{1,996}>")


@dataclass(frozen=True, slots=True)
class Summary:
    """The row of a letter. Texts are decoded, NFC and on one line; message ids keep their angle brackets."""

    envelope: bytes
    body: bytes
    body_structure: bytes
    header_size: int
    subject: str
    base_subject: str
    from_name: str
    from_address: str
    to_line: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    sent_at: int | None
    has_attachments: bool
    preview: str
    addresses: tuple[str, str, str, str]
    """From, To, Cc and Bcc, every name and address, each cut at MAX_ADDRESSES characters."""
    is_automatic: bool
    """No person wrote it: a report, an automatic answer, a mailing (RFC 3834 §5, and Precedence before it)."""


def summarise(content: bytes, entity: Entity) -> Summary:
    """The summary of a parsed letter; never raises, whatever the letter is."""
    envelope = header_envelope(content, entity)
    subject = decode_words(envelope.subject or b"").strip()[:MAX_SUBJECT]
    sender = next((address for address in envelope.from_ if not address.is_group_mark), None)
    return Summary(
        envelope=envelope.imap(),
        body=body_structure(content, entity, extended=False),
        body_structure=body_structure(content, entity, extended=True),
        header_size=entity.body_start - entity.header_start,
        subject=subject,
        base_subject=base_subject(subject)[0].casefold(),
        from_name="" if sender is None else _name(sender),
        from_address="" if sender is None else address_text(sender),
        to_line=_to_line(envelope),
        message_id=_one_id(envelope.message_id),
        in_reply_to=_one_id(envelope.in_reply_to),
        references=_references(content, entity),
        sent_at=None if envelope.date is None else date_epoch(envelope.date.decode("latin-1")),
        has_attachments=has_attachments(entity),
        preview=_preview(content, entity),
        addresses=(
            _addresses(envelope.from_),
            _addresses(envelope.to),
            _addresses(envelope.cc),
            _addresses(envelope.bcc),
        ),
        is_automatic=_is_automatic(content, entity),
    )


def address_text(address: ListedAddress) -> str:
    """mailbox@domain, or "" where the letter had no whole address."""
    mailbox, domain = address.mailbox or b"", address.domain or b""
    if (
        not mailbox
        or not domain
        or mailbox == b"MISSING_MAILBOX"
        or domain in {b"MISSING_DOMAIN", b"SYNTAX_ERROR"}
    ):
        return ""
    return guess(mailbox + b"@" + domain)[:MAX_NAME]


def _addresses(listed: tuple[ListedAddress, ...]) -> str:
    shown: list[str] = []
    length = 0
    for address in listed:
        text = f"{_name(address)} <{address_text(address)}>"
        shown.append(text)
        length += len(text)
        if length > MAX_ADDRESSES:
            break
    return ", ".join(shown)[:MAX_ADDRESSES]


def _name(address: ListedAddress) -> str:
    return decode_words(address.name).strip()[:MAX_NAME] if address.name else ""


def _to_line(envelope: HeaderEnvelope) -> str:
    """Names, or addresses where there are none, of To and Cc; a group by its name."""
    shown: list[str] = []
    length = 0
    for address in envelope.to + envelope.cc:
        if address.is_group_mark:
            text = decode_words(address.mailbox).strip() if address.mailbox else ""
        else:
            text = _name(address) or address_text(address)
        if not text:
            continue
        shown.append(text)
        length += len(text) + 2
        if length > MAX_TO_LINE:
            break
    line = ", ".join(shown)
    return line if len(line) <= MAX_TO_LINE else line[: MAX_TO_LINE - 1].rstrip(", ") + "…"


def _is_automatic(content: bytes, entity: Entity) -> bool:
    submitted = entity.field(b"auto-submitted")
    if submitted is not None:
        return field_value(content, submitted).partition(b";")[0].strip().lower() != b"no"
    precedence = entity.field(b"precedence")
    return precedence is not None and field_value(content, precedence).strip().lower() in _MAILINGS


def _one_id(value: bytes | None) -> str:
    if value is None:
        return ""
    match = _MESSAGE_ID.search(value)
    found = match.group() if match is not None else value.strip()[:MAX_MESSAGE_ID]
    return decode_words(found)


def _references(content: bytes, entity: Entity) -> tuple[str, ...]:
    """The ids of References, the first (the thread's root) and the last ones (RFC 5322 §3.6.4)."""
    field = entity.field(b"references")
    if field is None:
        return ()
    found = _MESSAGE_ID.findall(field_value(content, field))
    if len(found) > MAX_REFERENCES:
        found = [found[0], *found[1 - MAX_REFERENCES :]]
    return tuple(map(guess, found))


def _preview(content: bytes, entity: Entity) -> str:
    """The beginning of the first readable text; only the first few kilobytes of it are ever decoded."""
    rich: Entity | None = None
    text = ""
    for number, (_, part) in enumerate(walk(entity, into_messages=False)):
        if number > 20 or text:
            break
        if part.media_type != "text":
            continue
        if part.subtype == "plain":
            text = _beginning(content, part)
        elif part.subtype == "html" and rich is None:
            rich = part
    if not text and rich is not None:
        text = html_to_text(part_text(content, rich, _PREVIEW_HTML)[0])
    text = " ".join(text.replace("\ufffd", "").split())
    return text if len(text) <= MAX_PREVIEW else text[: MAX_PREVIEW - 1].rstrip() + "…"


def _beginning(content: bytes, part: Entity) -> str:
    text, is_cut = part_text(content, part, _PREVIEW_FIRST)
    if is_cut and (
        ">" in text or len(text) < 2 * MAX_PREVIEW or len(" ".join(text.split())) <= MAX_PREVIEW + 8
    ):
        text = part_text(content, part, _PREVIEW_PLAIN)[0]
    return _without_quotes(text)


def _without_quotes(text: str) -> str:
    """Replies that stand below what they quote are previewed by their own words."""
    if ">" not in text:
        return text
    own = "\n".join(line for line in text.split("\n") if not line.startswith(">"))
    return own if own.strip() else text

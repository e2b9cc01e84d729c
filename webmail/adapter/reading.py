"""From stored octets to what a page shows of a letter."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mailsvc.mime.encoded_word import decode_words
from mailsvc.mime.header_envelope import header_envelope
from mailsvc.mime.parse import parse
from mailsvc.mime.summary import address_text, summarise
from mailsvc.mime.text import readable_parts
from mailsvc.mime.transfer import decode_body
from mailsvc.model import flags
from mailsvc.model.errors import LetterMissing
from mailsvc.model.marks import marks_of
from webmail.ports import Attachment, Body, Letter, Part, Party, Row

if TYPE_CHECKING:
    from mailsvc.mime.address_list import ListedAddress
    from mailsvc.model.message import ListedLetter

MAX_PEOPLE = 2_000
HIDDEN_TYPES = frozenset({"application/pkcs7-signature", "application/pgp-signature"})


def row_of(listed: ListedLetter, count: int = 1) -> Row:
    """A line of the list."""
    held = listed.entry
    return Row(
        mailbox_id=listed.mailbox_id,
        uid=held.uid,
        sender=Party(listed.from_name, listed.from_address),
        to_line=listed.to_line,
        subject=listed.subject,
        preview=listed.preview,
        date=held.internal_date,
        seen=bool(held.flags & flags.SEEN),
        flagged=bool(held.flags & flags.FLAGGED),
        answered=bool(held.flags & flags.ANSWERED),
        draft=bool(held.flags & flags.DRAFT),
        has_attachments=listed.has_attachments,
        keywords=listed.keywords,
        count=count,
    )


def letter_of(listed: ListedLetter, content: bytes, *, from_outside: bool = False) -> Letter:
    """A letter opened: its people and its files."""
    entity = parse(content)
    envelope = header_envelope(content, entity)
    readable = readable_parts(content, entity)
    summary = summarise(content, entity)
    sender = _people(envelope.sender)
    shown_inline = set(readable.cids.values()) if any(block.html for block in readable.blocks) else set()
    return Letter(
        row=row_of(listed),
        to=_people(envelope.to),
        cc=_people(envelope.cc),
        bcc=_people(envelope.bcc),
        reply_to=_people(envelope.reply_to),
        sender=sender[0]
        if sender and sender[0].address.casefold() != listed.from_address.casefold()
        else None,
        message_id=summary.message_id,
        references=summary.references,
        attachments=tuple(
            Attachment(one.path, one.file_name, one.media_type, one.size)
            for one in readable.attachments
            if one.media_type not in HIDDEN_TYPES
            and not (one.path in shown_inline and one.media_type.startswith("image/"))
        ),
        size=listed.entry.size,
        from_outside=from_outside,
        marks=marks_of(listed.entry.trace),
    )


def _people(listed: tuple[ListedAddress, ...]) -> tuple[Party, ...]:
    found: list[Party] = []
    for one in listed[:MAX_PEOPLE]:
        address = address_text(one)
        name = decode_words(one.name).strip() if one.name else ""
        if address or name:
            found.append(Party(name, address))
    return tuple(found)


def body_of(content: bytes) -> Body:
    """The text to show: HTML where the letter has any, with its plain stretches escaped among it."""
    readable = readable_parts(content, parse(content))
    if not any(block.html for block in readable.blocks):
        return Body("text", "\n\n".join(block.plain or "" for block in readable.blocks))
    stretches = [
        block.html if block.html is not None else f"<pre>{escape(block.plain or '')}</pre>"
        for block in readable.blocks
    ]
    return Body("html", "\n".join(stretches), readable.cids)


def part_of(content: bytes, section: str) -> Part:
    """One attachment, decoded; LetterMissing when the letter has no such part."""
    for one in readable_parts(content, parse(content)).attachments:
        if one.path == section:
            return Part(one.file_name or f"tep-{section}", one.media_type, decode_body(content, one.entity))
    raise LetterMissing(section)


def files_of(content: bytes) -> list[tuple[str, Part]]:
    """All attachments with their part numbers."""
    return [
        (one.path, Part(one.file_name or f"tep-{one.path}", one.media_type, decode_body(content, one.entity)))
        for one in readable_parts(content, parse(content)).attachments
    ]

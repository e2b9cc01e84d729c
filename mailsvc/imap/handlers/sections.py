"""BODY[section] of one letter (RFC 3501 §6.4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.wire.fetch import Portion
from mailsvc.mime.section import header_fields, section
from mailsvc.model.ids import ModSeq, Uid
from mailsvc.model.message import Entry
from mailsvc.services import letters

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.imap.wire.fetch import Section
    from mailsvc.model.ids import MessageId


_HEADERS = frozenset({Portion.HEADER, Portion.FIELDS, Portion.FIELDS_NOT})


def needs_content(asked: Section) -> bool:
    """Whether more than the letter's header must be read."""
    return bool(asked.part) or asked.portion not in _HEADERS


def section_reply(ctx: Context, asked: Section, message: MessageId, trace: bytes) -> bytes:
    """`BODY[…] {n}` and the octets; NIL where the letter has no such part."""
    octets = _octets(ctx, asked, message, trace)
    if octets is None:
        return asked.label + b" NIL"
    if asked.partial is not None:
        first, count = asked.partial
        octets = octets[first : first + count]
    return b"%b {%d}\r\n%b" % (asked.label, len(octets), octets)


def _octets(ctx: Context, asked: Section, message: MessageId, trace: bytes) -> bytes | None:
    reader = ctx.parts.bridge.reader
    portion = asked.portion
    if not needs_content(asked):
        header = letters.header(reader, Entry(Uid(0), message, 0, ModSeq(0), 0, trace, 0))
        if portion is Portion.HEADER:
            return header
        return header_fields(header, asked.fields, negate=portion is Portion.FIELDS_NOT)
    content = ctx.parts.contents.of(reader, message)
    if not asked.part and portion is Portion.ALL:
        return trace + content.octets
    negate = portion is Portion.FIELDS_NOT
    kind = Portion.FIELDS.value if negate else portion.value
    return section(
        content.octets, content.entity, asked.part, kind.decode("ascii"), asked.fields, negate=negate
    )

"""BODY[section] and BINARY[part] of one letter (RFC 3501 §6.4.5, RFC 3516 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.imap.handlers.context import RefusedError
from mailsvc.imap.wire.fetch import Binary, BinarySize, Portion, Section
from mailsvc.mime.section import find_part, header_fields, section
from mailsvc.model.ids import ModSeq, Uid
from mailsvc.model.message import Entry
from mailsvc.services import letters

if TYPE_CHECKING:
    from mailsvc.imap.handlers.context import Context
    from mailsvc.model.ids import MessageId
    from mailsvc.services.permissions import Place

Octets = Section | Binary | BinarySize
"""Items that are about octets of the letter itself."""

_HEADERS = frozenset({Portion.HEADER, Portion.FIELDS, Portion.FIELDS_NOT})
_KNOWN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary", "quoted-printable", "base64"})


def needs_content(asked: Octets) -> bool:
    """Whether more than the letter's header must be read."""
    return bool(asked.part) or not isinstance(asked, Section) or asked.portion not in _HEADERS


def marks_seen(asked: Octets) -> bool:
    r"""Whether who asks for it has read the letter (RFC 3501 §6.4.5, RFC 3516 §4.2)."""
    return not isinstance(asked, BinarySize) and not asked.peek


def section_reply(ctx: Context, asked: Octets, message: MessageId, trace: bytes) -> bytes:
    """`BODY[…] {n}` and the octets; NIL where the letter has no such part."""
    octets = (
        _octets(ctx, asked, message, trace)
        if isinstance(asked, Section)
        else _decoded(ctx, asked, message, trace)
    )
    if isinstance(asked, BinarySize):
        return b"%b %d" % (asked.label, len(octets or b""))
    if octets is None:
        return asked.label + b" NIL"
    if asked.partial is not None:
        first, count = asked.partial
        octets = octets[first : first + count]
    # RFC 3516 §4.2: a literal may not hold NUL, a literal8 may
    mark = b"~" if isinstance(asked, Binary) and b"\x00" in octets else b""
    return b"%b %b{%d}\r\n%b" % (asked.label, mark, len(octets), octets)


def part_of_letter(ctx: Context, place: Place, uid: Uid, asked: Section) -> bytes | None:
    """The octets of a section of a letter in any mailbox; None where there is no such letter or part."""
    held = letters.entry(ctx.parts.bridge.reader, place, uid)
    octets = None if held is None else _octets(ctx, asked, held.message_id, held.trace)
    if octets is None or asked.partial is None:
        return octets
    first, count = asked.partial
    return octets[first : first + count]


def _decoded(ctx: Context, asked: Binary | BinarySize, message: MessageId, trace: bytes) -> bytes | None:
    """A part out of its transfer encoding; NO [UNKNOWN-CTE] where that is none we know (RFC 3516 §4.3)."""
    content = ctx.parts.contents.of(ctx.parts.bridge.reader, message)
    if not asked.part:
        return trace + content.octets
    part = find_part(content.entity, asked.part)
    if part is None:
        return None
    if part.transfer_encoding not in _KNOWN_ENCODINGS:
        raise RefusedError("The transfer encoding of this part is not known", "UNKNOWN-CTE")
    return content.decoded(part)


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

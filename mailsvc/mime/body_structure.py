"""BODY and BODYSTRUCTURE: the shape of a letter without its contents (RFC 9051 §7.5.2, RFC 3501 §7.4.2)."""

from mailsvc.mime.address_list import Allowance
from mailsvc.mime.header_envelope import header_envelope, unfolded
from mailsvc.mime.imap_string import imap_nstring, imap_string
from mailsvc.mime.media_type import Parameterized
from mailsvc.mime.parse import Entity
from mailsvc.mime.tokens import BROKEN, END, Cursor

# A multipart has at least one part (RFC 3501 §9, body-type-mpart); for one without any, an empty text is said.
_NO_PARTS = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0'


def body_structure(content: bytes, entity: Entity, *, extended: bool) -> bytes:
    """BODYSTRUCTURE, or BODY where not `extended`; sizes and lines are those of the octets in `content`."""
    out: list[bytes] = []
    _write(content, entity, out, Allowance(), extended=extended)
    return b"".join(out)


def _write(content: bytes, entity: Entity, out: list[bytes], allowance: Allowance, *, extended: bool) -> None:
    out.append(b"(")
    if entity.is_multipart:
        if entity.children:
            for child in entity.children:
                _write(content, child, out, allowance, extended=extended)
        else:
            out.append(_NO_PARTS + (b" NIL NIL NIL NIL)" if extended else b")"))
        written = entity.content_type or Parameterized(b"")
        out.extend((b" ", imap_string(written.value.partition(b"/")[2])))
        if extended:
            out.extend((b" ", _params(written.params, is_text=False)))
            out.append(_common(content, entity))
    else:
        _write_leaf(content, entity, out, allowance, extended=extended)
    out.append(b")")


def _write_leaf(
    content: bytes, entity: Entity, out: list[bytes], allowance: Allowance, *, extended: bool
) -> None:
    written = entity.content_type
    is_text = False
    if entity.is_message:
        out.append(b'"message" "rfc822"')
    elif written is None:
        is_text = True
        out.append(b'"text" "plain"')
    elif entity.media_type in {"application", "text"} and written.value[:9].lower() in {
        b"multipart",
        b"message/r",
    }:
        # Not taken apart: without a boundary, or nested too deep. A multipart here would promise parts.
        is_text = entity.media_type == "text"
        out.append(f'"{entity.media_type}" "{entity.subtype}"'.encode("ascii"))
    else:
        major, _, minor = written.value.partition(b"/")
        is_text = major.lower() == b"text"
        out.append(imap_string(major) + b" " + imap_string(minor))
    encoding = _encoding(content, entity)
    out.append(
        b" %b %b %b %b %d"
        % (
            _params(() if written is None else written.params, is_text=is_text),
            _text(content, entity, b"content-id"),
            _text(content, entity, b"content-description"),
            b'"7bit"' if encoding is None else imap_string(encoding),
            entity.end - entity.body_start,
        )
    )
    if is_text:
        out.append(b" %d" % content.count(b"\n", entity.body_start, entity.end))
    elif entity.is_message:
        child = entity.children[0]
        out.extend((b" ", header_envelope(content, child, allowance).imap(), b" "))
        _write(content, child, out, allowance, extended=extended)
        out.append(b" %d" % content.count(b"\n", entity.body_start, entity.end))
    if extended:
        out.extend((b" ", _text(content, entity, b"content-md5")))
        out.append(_common(content, entity))


def _common(content: bytes, entity: Entity) -> bytes:
    """Disposition, language and location (RFC 2183, RFC 3282, RFC 2557)."""
    disposition = b"NIL"
    if entity.disposition is not None:
        disposition = b"(%b %b)" % (
            imap_string(entity.disposition.value),
            _params(entity.disposition.params, is_text=False),
        )
    return b" %b %b %b" % (
        disposition,
        _languages(content, entity),
        _text(content, entity, b"content-location"),
    )


def _params(params: tuple[tuple[bytes, bytes], ...], *, is_text: bool) -> bytes:
    """Parameters in order; text without a charset is us-ascii (RFC 2046 §4.1.2)."""
    said = [imap_string(name) + b" " + imap_string(value) for name, value in params]
    if is_text and not any(name.lower() == b"charset" for name, _ in params):
        said.append(b'"charset" "us-ascii"')
    return b"(" + b" ".join(said) + b")" if said else b"NIL"


def _text(content: bytes, entity: Entity, name: bytes) -> bytes:
    field = entity.field(name)
    return b"NIL" if field is None else imap_nstring(unfolded(content[field.start : field.end]))


def _encoding(content: bytes, entity: Entity) -> bytes | None:
    """The transfer encoding as written; None when there is no word that could be one (RFC 2045 §6.1)."""
    field = entity.field(b"content-transfer-encoding")
    if field is None:
        return None
    cursor = Cursor(content[field.start : field.end])
    words: list[bytes] = []
    if cursor.skip() == BROKEN or cursor.mime_token(words) != END:
        return None
    return words[0] or None


def _languages(content: bytes, entity: Entity) -> bytes:
    field = entity.field(b"content-language")
    if field is None:
        return b"NIL"
    cursor = Cursor(content[field.start : min(field.end, field.start + 1_000)])
    cursor.skip()
    tags: list[bytes] = []
    while cursor.atom(tags) != BROKEN and cursor.peek() == 0x2C:
        cursor.pos += 1
        cursor.skip()
    said = [imap_string(tag) for tag in tags if tag]
    return b"(" + b" ".join(said) + b")" if said else b"NIL"

"""A letter with binary parts written as text, so that any server and any client can have it (RFC 3030 §3, RFC 2045 §6)."""

from base64 import b64encode

from mailsvc.mime.parse import Entity, parse

_LINE = 57  # octets that make 76 characters, RFC 2045 §6.8


def without_binary(content: bytes) -> bytes:
    """The letter with every binary part in base64; the parts around them are then 8bit."""
    edits: list[tuple[int, int, bytes]] = []
    _collect(content, parse(content), edits)
    if not edits:
        return content
    pieces: list[bytes] = []
    at = 0
    for start, end, text in sorted(edits):
        pieces += (content[at:start], text)
        at = end
    pieces.append(content[at:])
    return b"".join(pieces)


def _collect(content: bytes, entity: Entity, edits: list[tuple[int, int, bytes]]) -> None:
    if entity.transfer_encoding == "binary":
        field = entity.field(b"content-transfer-encoding")
        assert field is not None
        if entity.is_multipart or entity.is_message:
            edits.append((field.start, field.end, b" 8bit"))
        else:
            edits.append((field.start, field.end, b" base64"))
            body = content[entity.body_start : entity.end]
            lines = (b64encode(body[at : at + _LINE]) for at in range(0, len(body), _LINE))
            end = b"\r\n" if entity.end == len(content) else b""  # else the delimiter brings its own
            edits.append((entity.body_start, entity.end, b"\r\n".join(lines) + end))
    for child in entity.children:
        _collect(content, child, edits)

"""Bodies out of their transfer encoding (RFC 2045 §6), as much as can be had of broken ones."""

import binascii
import re

from mailsvc.mime.parse import Entity

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_PADDED_END = re.compile(rb"=+[^=]*\Z")


def decode_body(content: bytes, entity: Entity, limit: int | None = None) -> bytes:
    """The octets a body stands for (RFC 2045 §6.7, §6.8); of `limit` encoded octets at most.

    Multiparts and enclosed letters are given as they are: only identity encodings are allowed for them (§6.4).
    """
    end = entity.end if limit is None else min(entity.end, entity.body_start + limit)
    body = content[entity.body_start : end]
    if entity.children:
        return body
    if entity.transfer_encoding == "base64":
        return decode_base64(body)
    if entity.transfer_encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return body


def decode_base64(text: bytes) -> bytes:
    """Base64 with whatever else is between, up to its padding; a cut last group gives the octets it still holds."""
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        letters = _PADDED_END.sub(b"", _NOT_BASE64.sub(b"", text)).replace(b"=", b"")
        if len(letters) % 4 == 1:
            letters = letters[:-1]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def decoded_size(content: bytes, entity: Entity) -> int:
    """How large the body is when decoded; for large base64 bodies reckoned from line lengths, without decoding."""
    size = entity.end - entity.body_start
    if entity.transfer_encoding == "base64":
        end = entity.end
        while end > entity.body_start and content[end - 1] in b"\r\n \t":
            end -= 1
        line_ends = content.count(b"\n", entity.body_start, end) + content.count(
            b"\r", entity.body_start, end
        )
        padding = content.count(b"=", max(end - 2, entity.body_start), end)
        return max((end - entity.body_start - line_ends) * 3 // 4 - padding, 0)
    if entity.transfer_encoding == "quoted-printable":
        return len(decode_body(content, entity))
    return size

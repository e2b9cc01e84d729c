"""The octets that a FETCH of BODY[...] means (RFC 9051 §6.4.5.1, RFC 3501 §6.4.5)."""

import re
from collections.abc import Collection

from mailsvc.mime.parse import Entity

_FIELD = re.compile(rb"([^:\n]*+)(:?)[^\n]*+(?:\n[ \t][^\n]*+)*+\n?+")


def section(
    content: bytes,
    entity: Entity,
    path: tuple[int, ...] = (),
    kind: str = "",
    fields: Collection[bytes] = (),
    *,
    negate: bool = False,
) -> bytes | None:
    """The octets of a section; None where the letter has no such part.

    `kind` is "", "HEADER", "HEADER.FIELDS", "TEXT" or "MIME"; `fields` and `negate` are for HEADER.FIELDS and
    HEADER.FIELDS.NOT. HEADER and TEXT exist for the letter and for enclosed letters only, MIME for parts only.
    """
    if not path:
        if kind == "":
            return content[entity.header_start : entity.end]
        return None if kind == "MIME" else _of_letter(content, entity, kind, fields, negate=negate)
    part = find_part(entity, path)
    if part is None:
        return None
    if kind == "":
        return content[part.body_start : part.end]
    if kind == "MIME":
        return content[part.header_start : part.body_start]
    return _of_letter(content, part.children[0], kind, fields, negate=negate) if part.is_message else None


def find_part(entity: Entity, path: tuple[int, ...]) -> Entity | None:
    """The part with this number. A letter that is no multipart has itself as its part 1; so has an enclosed one."""
    part = letter = entity
    is_letter = True  # whether the numbers go on below a letter, and not below a part of a multipart
    for number in path:
        if part.is_message and not is_letter:
            letter, is_letter = part.children[0], True
        elif not is_letter and not part.is_multipart:
            return None
        inner = letter if is_letter else part
        if inner.is_multipart:
            if not 1 <= number <= len(inner.children):
                return None
            part = inner.children[number - 1]
        elif number == 1:
            part = inner
        else:
            return None
        is_letter = False
    return part


def header_fields(header: bytes, names: Collection[bytes], *, negate: bool = False) -> bytes:
    """The fields of a header with these names, in the header's order, each as it stands; or all others.

    The blank line stays, unless the header had none (RFC 3501 §6.4.5).
    """
    wanted = frozenset(name.lower() for name in names)
    if header.endswith(b"\n\r\n") or header == b"\r\n":
        end, blank = len(header) - 2, b"\r\n"
    elif header.endswith(b"\n\n") or header == b"\n":
        end, blank = len(header) - 1, b"\n"
    else:
        end, blank = len(header), b""
    kept = [
        match.group()
        for match in _FIELD.finditer(header, 0, end)
        if match.end() > match.start() and (match.group(1).rstrip(b" \t\r").lower() in wanted) is not negate
    ]
    return b"".join(kept) + blank


def _of_letter(
    content: bytes, letter: Entity, kind: str, fields: Collection[bytes], *, negate: bool
) -> bytes | None:
    if kind == "TEXT":
        return content[letter.body_start : letter.end]
    header = content[letter.header_start : letter.body_start]
    if kind == "HEADER":
        return header
    return header_fields(header, fields, negate=negate) if kind == "HEADER.FIELDS" else None

"""FETCH and UID FETCH: what may be asked of a letter (RFC 3501 §6.4.5, RFC 7162 §3.1.4, §3.2.6, RFC 3516 §4, RFC 8474, RFC 8514, RFC 8970)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailsvc.imap.wire.command import Command
from mailsvc.imap.wire.errors import MalformedError
from mailsvc.imap.wire.page import parse_page

if TYPE_CHECKING:
    from mailsvc.imap.wire.grammar import Cursor
    from mailsvc.imap.wire.page import Page
    from mailsvc.imap.wire.sequence import SequenceSet

MAX_PART_DEPTH = 100
MAX_FIELDS = 1_000
MAX_ITEMS = 200


class Attribute(Enum):
    """Items without a section; the value is the name in the reply."""

    ENVELOPE = b"ENVELOPE"
    FLAGS = b"FLAGS"
    INTERNALDATE = b"INTERNALDATE"
    RFC822_SIZE = b"RFC822.SIZE"
    BODY = b"BODY"
    BODYSTRUCTURE = b"BODYSTRUCTURE"
    UID = b"UID"
    MODSEQ = b"MODSEQ"
    EMAILID = b"EMAILID"
    THREADID = b"THREADID"
    SAVEDATE = b"SAVEDATE"
    PREVIEW = b"PREVIEW"


class Portion(Enum):
    """Which octets of a part a section names (RFC 3501 §6.4.5)."""

    ALL = b""
    HEADER = b"HEADER"
    FIELDS = b"HEADER.FIELDS"
    FIELDS_NOT = b"HEADER.FIELDS.NOT"
    TEXT = b"TEXT"
    MIME = b"MIME"


@dataclass(frozen=True, slots=True)
class Section:
    """`BODY[section]<partial>` or one of the RFC822 items that mean the same."""

    part: tuple[int, ...]
    portion: Portion
    fields: tuple[bytes, ...]
    partial: tuple[int, int] | None
    """First octet and how many."""
    peek: bool
    label: bytes
    """What the reply calls it."""


@dataclass(frozen=True, slots=True)
class Binary:
    """`BINARY[part]<partial>`: a part out of its transfer encoding (RFC 3516 §4.2)."""

    part: tuple[int, ...]
    partial: tuple[int, int] | None
    """First octet and how many."""
    peek: bool
    label: bytes
    """What the reply calls it."""


@dataclass(frozen=True, slots=True)
class BinarySize:
    """`BINARY.SIZE[part]`: how many octets that is (RFC 3516 §4.2)."""

    part: tuple[int, ...]
    label: bytes


FetchItem = Attribute | Section | Binary | BinarySize


@dataclass(frozen=True, slots=True)
class Fetch(Command):
    """Items of letters by message number, or by UID."""

    uid: bool
    messages: SequenceSet
    items: tuple[FetchItem, ...]
    changed_since: int | None
    vanished: bool = False
    """Tell also which of these UIDs are gone since (RFC 7162 §3.2.6)."""
    partial: Page | None = None
    """Only these of the letters that are there (RFC 9394 §3.2)."""


_MACROS: dict[bytes, tuple[FetchItem, ...]] = {
    b"FAST": (Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.RFC822_SIZE),
    b"ALL": (Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.RFC822_SIZE, Attribute.ENVELOPE),
    b"FULL": (
        Attribute.FLAGS,
        Attribute.INTERNALDATE,
        Attribute.RFC822_SIZE,
        Attribute.ENVELOPE,
        Attribute.BODY,
    ),
}
_ATTRIBUTES: dict[bytes, Attribute | Section] = {attribute.value: attribute for attribute in Attribute} | {
    b"RFC822": Section((), Portion.ALL, (), None, peek=False, label=b"RFC822"),
    b"RFC822.HEADER": Section((), Portion.HEADER, (), None, peek=True, label=b"RFC822.HEADER"),
    b"RFC822.TEXT": Section((), Portion.TEXT, (), None, peek=False, label=b"RFC822.TEXT"),
}


def parse_fetch(tag: bytes, cursor: Cursor, *, uid: bool = False) -> Fetch:
    """FETCH SP sequence-set SP items [SP ( modifiers )]."""
    cursor.space()
    messages = cursor.sequence_set()
    cursor.space()
    items: tuple[FetchItem, ...]
    if cursor.peek() == b"(":
        items = cursor.list_of(lambda: _item(cursor, cursor.keyword()))
        if len(items) > MAX_ITEMS:
            raise MalformedError("Too many FETCH items", code="LIMIT")
    else:
        word = cursor.keyword()
        items = _MACROS.get(word) or (_item(cursor, word),)
    changed_since, vanished, partial = (
        _modifiers(cursor, uid=uid) if cursor.skip(b" ") else (None, False, None)
    )
    return Fetch(tag, uid, messages, tuple(dict.fromkeys(items)), changed_since, vanished, partial)


def parse_fetch_items(cursor: Cursor) -> tuple[FetchItem, ...]:
    """Items of letters that come later, behind `(`: none of them marks a letter as read (RFC 5465 §5.2)."""
    items = tuple(dict.fromkeys(cursor.rest_of_list(lambda: _item(cursor, cursor.keyword()))))
    if len(items) > MAX_ITEMS:
        raise MalformedError("Too many FETCH items", code="LIMIT")
    if any(isinstance(item, Section | Binary) and not item.peek for item in items):
        raise MalformedError("Only what leaves letters unread can be asked for beforehand")
    return items


def _modifiers(cursor: Cursor, *, uid: bool) -> tuple[int | None, bool, Page | None]:
    """`(CHANGEDSINCE n VANISHED PARTIAL a:b)`, in any order (RFC 4466 §2.4, RFC 7162 §3.2.6, RFC 9394 §3.2)."""
    cursor.expect(b"(")
    changed_since = None
    vanished = False
    partial: Page | None = None
    while True:
        word = cursor.keyword()
        if word == b"CHANGEDSINCE" and changed_since is None:
            cursor.space()
            changed_since = cursor.number64()
        elif word == b"VANISHED" and uid and not vanished:
            vanished = True
        elif word == b"PARTIAL" and uid and partial is None:
            cursor.space()
            partial = parse_page(cursor)
        else:
            raise MalformedError("Unknown FETCH modifier")
        if cursor.skip(b")"):
            break
        cursor.space()
    if vanished and changed_since is None:
        raise MalformedError("VANISHED needs CHANGEDSINCE")
    return changed_since, vanished, partial


def _item(cursor: Cursor, word: bytes) -> FetchItem:
    # An atom ends before "]" but may hold "[": a section starts inside the word.
    name, bracket, rest = word.partition(b"[")
    if not bracket:
        known = _ATTRIBUTES.get(word)
        if known is None:
            raise MalformedError(f"Unknown FETCH item {word.decode('ascii')}")
        if known is Attribute.PREVIEW:
            cursor.skip_text(b" (LAZY)")  # RFC 8970 §4.1: previews are always there, so it changes nothing
        return known
    if name.startswith(b"BINARY"):
        return _binary(cursor, name, rest)
    if name not in {b"BODY", b"BODY.PEEK"}:
        raise MalformedError(f"Unknown FETCH item {name.decode('ascii')}")
    part, portion = _section(rest)
    fields: tuple[bytes, ...] = ()
    label = rest
    if portion in {Portion.FIELDS, Portion.FIELDS_NOT}:
        cursor.space()
        written = cursor.list_of(cursor.astring)
        if len(written) > MAX_FIELDS:
            raise MalformedError("Too many header fields", code="LIMIT")
        if not all(_is_field_name(one) for one in written):
            raise MalformedError("Invalid header field name")
        fields = tuple(dict.fromkeys(one.upper() for one in written))
        label = rest + b" (" + b" ".join(_spell(one.upper()) for one in written) + b")"
    cursor.expect(b"]")
    label = b"BODY[" + label + b"]"
    partial = _partial(cursor)
    if partial is not None:
        label += b"<%d>" % partial[0]
    return Section(part, portion, fields, partial, name == b"BODY.PEEK", label)


def _binary(cursor: Cursor, name: bytes, rest: bytes) -> Binary | BinarySize:
    """`BINARY[…]`, `BINARY.PEEK[…]<…>` or `BINARY.SIZE[…]`; parts by number only (RFC 3516 §7)."""
    part, portion = _section(rest)
    if portion is not Portion.ALL:
        raise MalformedError("BINARY takes part numbers only")
    cursor.expect(b"]")
    if name == b"BINARY.SIZE":
        return BinarySize(part, b"BINARY.SIZE[" + rest + b"]")
    if name not in {b"BINARY", b"BINARY.PEEK"}:
        raise MalformedError(f"Unknown FETCH item {name.decode('ascii')}")
    partial = _partial(cursor)
    label = b"BINARY[" + rest + b"]" + (b"" if partial is None else b"<%d>" % partial[0])
    return Binary(part, partial, name == b"BINARY.PEEK", label)


def _partial(cursor: Cursor) -> tuple[int, int] | None:
    """`<first.count>`, if it comes next (RFC 3501 §6.4.5)."""
    if not cursor.skip(b"<"):
        return None
    first = cursor.number64()
    cursor.expect(b".")
    count = cursor.number64()
    cursor.expect(b">")
    if not count:
        raise MalformedError("A partial fetch needs one octet at least")
    return first, count


def parse_section(text: bytes, partial: tuple[int, int] | None) -> Section:
    """A section that is written by itself, as in URLs; header fields by name are not among them."""
    part, portion = _section(text)
    if portion in {Portion.FIELDS, Portion.FIELDS_NOT}:
        raise MalformedError("Header fields cannot be chosen here")
    return Section(part, portion, (), partial, peek=True, label=b"")


def _section(text: bytes) -> tuple[tuple[int, ...], Portion]:
    part: list[int] = []
    while text[:1].isdigit():
        digits, dot, text = text.partition(b".")
        if not digits.isdigit() or digits[0] == 0x30 or len(digits) > 9 or (dot and not text):
            raise MalformedError("Invalid section")
        part.append(int(digits))
        if len(part) > MAX_PART_DEPTH:
            raise MalformedError("Section too deep", code="LIMIT")
    try:
        portion = Portion(text)
    except ValueError:
        raise MalformedError("Invalid section") from None
    if portion is Portion.MIME and not part:
        raise MalformedError("MIME needs a part number")
    return tuple(part), portion


def _is_field_name(name: bytes) -> bool:
    return bool(name) and all(0x21 <= octet <= 0x7E and octet != 0x3A for octet in name)


def _spell(name: bytes) -> bytes:
    if name.replace(b"-", b"").isalnum():
        return name
    return b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'

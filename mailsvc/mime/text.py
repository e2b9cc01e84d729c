"""A letter as people read it: its texts, its attachments, and the words to find it by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mailsvc.mime.charsets import decode as decode_charset
from mailsvc.mime.charsets import nfc
from mailsvc.mime.encoded_word import decode_extended, decode_words
from mailsvc.mime.html_text import html_to_text
from mailsvc.mime.media_type import Parameterized
from mailsvc.mime.parse import Entity, field_value
from mailsvc.mime.transfer import decode_body, decoded_size

MAX_TEXT: Final = 4 * 1024 * 1024  # encoded octets of one text part that are shown
MAX_FILE_NAME: Final = 200  # characters
MAX_SEARCHED: Final = 1024 * 1024  # characters of searchable text of a letter
_SIGNATURES: Final = frozenset({"pgp-signature", "pkcs7-signature", "x-pkcs7-signature", "pgp-encrypted"})
# Characters that turn the direction of what follows, so that "gpj.exe" is read as "exe.jpg".
_DIRECTIONS: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part to be kept or opened by itself; `path` is its IMAP part number (RFC 9051 §6.4.5.1)."""

    path: str
    file_name: str
    media_type: str
    size: int
    content_id: str
    inline: bool
    entity: Entity


@dataclass(frozen=True, slots=True)
class TextBlock:
    """One stretch of the letter: the same text as plain text, as HTML, or as both (RFC 2046 §5.1.4)."""

    path: str
    plain: str | None
    html: str | None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Readable:
    """What webmail shows. `cids` leads from a Content-ID (no angle brackets) to the part path that HTML asks for."""

    blocks: tuple[TextBlock, ...]
    attachments: tuple[Attachment, ...]
    cids: Mapping[str, str]


def walk(entity: Entity, *, into_messages: bool = True) -> Iterator[tuple[str, Entity]]:
    """Every leaf and every enclosed letter with its part number, in the order of the letter (RFC 9051 §6.4.5.1)."""
    stack: list[tuple[str, Entity]] = [("", entity)]
    while stack:
        path, part = stack.pop()
        if part.is_multipart:
            numbered = [(_below(path, at), child) for at, child in enumerate(part.children, 1)]
            stack.extend(reversed(numbered))
            continue
        here = path or "1"
        yield here, part
        if into_messages and part.is_message:
            child = part.children[0]
            stack.append((here if child.is_multipart else here + ".1", child))


def readable_parts(content: bytes, entity: Entity) -> Readable:
    """The texts to show in order, the attachments, and the pictures that HTML may ask for by Content-ID (RFC 2392)."""
    reader = _Reader(content)
    reader.read(entity, "", in_related=False)
    cids = {
        attachment.content_id: attachment.path
        for attachment in reversed(reader.attachments)
        if attachment.content_id
    }
    return Readable(tuple(reader.blocks), tuple(reader.attachments), MappingProxyType(cids))


def searchable_text(content: bytes, entity: Entity, limit: int = MAX_SEARCHED) -> str:
    """All texts of a letter and of enclosed ones, HTML stripped, and the names of its attachments; `limit` characters at most."""
    texts: list[str] = []
    left = limit
    for _, part in walk(entity):
        if left <= 0:
            break
        name = file_name(part)
        if name:
            texts.append(name)
            left -= len(name)
        if part.media_type == "text" and not _is_attached(part):
            text, _ = part_text(content, part, left * 4)
            if part.subtype == "html":
                text = html_to_text(text)
            texts.append(text[:left])
            left -= len(text)
        elif part.is_message:
            subject = part.children[0].field(b"subject")
            if subject is not None:
                texts.append(decode_words(field_value(content, subject)))
    return "\n".join(text for text in texts if text)[:limit]


def part_text(content: bytes, entity: Entity, limit: int = MAX_TEXT) -> tuple[str, bool]:
    """A text part decoded from its transfer encoding and charset, NFC, lines ended by LF; and whether it was cut."""
    charset = entity.param(b"charset")
    text = decode_charset(
        decode_body(content, entity, limit), None if charset is None else charset.decode("latin-1")
    )
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text, entity.end - entity.body_start > limit


def file_name(entity: Entity) -> str:
    """The name a part was sent under, without directories; "" if none (RFC 2183 §2.3, RFC 2231).

    Encoded words inside quotes are decoded too: RFC 2047 §5 forbids them, half the world sends them.
    """
    for source, key in ((entity.disposition, b"filename"), (entity.content_type, b"name")):
        if source is not None:
            name = _parameter_text(source, key)
            if name:
                return name
    return ""


def has_attachments(entity: Entity) -> bool:
    """Whether a list should show a paper clip: pictures inside HTML and signatures do not count."""
    return any(
        _is_attached(part) and not (_content_id_like(part) and part.media_type == "image")
        for _, part in walk(entity, into_messages=False)
    )


def _parameter_text(source: Parameterized, key: bytes) -> str:
    extended, plain = source.param(key + b"*"), source.param(key)
    raw = decode_extended(extended) if extended is not None else decode_words(plain or b"")
    name = nfc(raw).translate(_DIRECTIONS)
    name = name.replace("\\", "/").rpartition("/")[2].strip(" .")
    if len(name) > MAX_FILE_NAME:
        stem, dot, ending = name.rpartition(".")
        name = stem[: MAX_FILE_NAME - 12] + dot + ending[:10] if dot else name[:MAX_FILE_NAME]
    return name


def _below(path: str, number: int) -> str:
    return f"{path}.{number}" if path else str(number)


def _is_attached(part: Entity) -> bool:
    """Meant to be kept apart from the text (RFC 2183 §2.2), or nothing that text could show."""
    if part.subtype in _SIGNATURES:
        return False
    word = part.disposition.value.lower() if part.disposition is not None else b""
    if part.media_type != "text":
        return True
    return (
        word == b"attachment" or (bool(file_name(part)) and word != b"inline") or part.subtype == "calendar"
    )


def _content_id_like(part: Entity) -> bool:
    return part.field(b"content-id") is not None and not (
        part.disposition is not None and part.disposition.value.lower() == b"attachment"
    )


class _Reader:
    """Collects blocks and attachments; the depth it can reach is bounded by the parser."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.blocks: list[TextBlock] = []
        self.attachments: list[Attachment] = []

    def read(self, part: Entity, path: str, *, in_related: bool) -> None:
        if part.is_multipart:
            numbered = [(_below(path, at), child) for at, child in enumerate(part.children, 1)]
            if part.subtype == "alternative":
                self.alternatives(numbered)
                return
            for below, child in numbered:
                self.read(child, below, in_related=in_related or part.subtype == "related")
        elif _is_attached(part):
            self.attach(part, path or "1", in_related=in_related)
        elif part.media_type == "text":
            text, truncated = part_text(self.content, part)
            is_html = part.subtype == "html"
            self.blocks.append(
                TextBlock(path or "1", None if is_html else text, text if is_html else None, truncated)
            )

    def alternatives(self, numbered: list[tuple[str, Entity]]) -> None:
        """Renderings of one text: the last of each kind is the best (RFC 2046 §5.1.4); they are one block."""
        inner = _Reader(self.content)
        for path, child in numbered:
            inner.read(child, path, in_related=False)
        self.attachments.extend(inner.attachments)
        plain = [block for block in inner.blocks if block.plain is not None]
        rich = [block for block in inner.blocks if block.html is not None]
        if len(plain) > 1 or len(rich) > 1:
            plain, rich = plain[-1:], rich[-1:]
        if plain or rich:
            path = (rich or plain)[0].path
            cut = any(block.truncated for block in plain + rich)
            self.blocks.append(
                TextBlock(path, plain[0].plain if plain else None, rich[0].html if rich else None, cut)
            )

    def attach(self, part: Entity, path: str, *, in_related: bool) -> None:
        content_id = part.field(b"content-id")
        name = file_name(part)
        if not name and part.is_message:
            subject = part.children[0].field(b"subject")
            title = decode_words(field_value(self.content, subject)) if subject else ""
            name = (title.replace("/", "-").replace("\\", "-").strip(" .")[:100] or "message") + ".eml"
        disposition = part.disposition.value.lower() if part.disposition is not None else b""
        self.attachments.append(
            Attachment(
                path=path,
                file_name=name,
                media_type=f"{part.media_type}/{part.subtype}",
                size=decoded_size(self.content, part),
                content_id=""
                if content_id is None
                else decode_words(field_value(self.content, content_id)).strip("<> \t"),
                inline=disposition == b"inline" or (in_related and disposition != b"attachment"),
                entity=part,
            )
        )

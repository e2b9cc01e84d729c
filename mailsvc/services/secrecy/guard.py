"""A whole letter looked at: subject, head of the text, and the first pages of PDF and DOCX files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailsvc.mime.encoded_word import decode_words
from mailsvc.mime.header_write import field_line, text_words
from mailsvc.mime.html_text import html_to_text
from mailsvc.mime.parse import field_value, parse
from mailsvc.mime.text import file_name, part_text, walk
from mailsvc.mime.transfer import decode_body
from mailsvc.model.errors import StateSecret
from mailsvc.services.secrecy.documents import UnreadableError, head_of_docx, head_of_pdf
from mailsvc.services.secrecy.marks import Degree, highest, in_subject, in_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.mime.parse import Entity

MAX_FILES: Final = 50
MAX_FILE_OCTETS: Final = 40 << 20
MAX_TEXT_OCTETS: Final = 64 << 10
_READERS: Final[dict[str, Callable[[bytes], str]]] = {"pdf": head_of_pdf, "docx": head_of_docx}
_IMAGES: Final = frozenset({"image"})


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found."""

    degree: Degree | None
    where: str
    """Where the mark stands, in words for the sender."""
    uninspected: tuple[str, ...]
    """Names of files that could not be looked into: scans, encrypted or broken documents."""


def refuse_secrets(content: bytes) -> tuple[str, ...]:
    """StateSecret where the letter bears a mark; else the names of files that could not be looked into."""
    found = inspect(content)
    if found.degree is not None:
        raise StateSecret(found.degree.value, found.where)
    return found.uninspected


def uninspected_field(names: tuple[str, ...]) -> bytes:
    """A line of trace that names files nobody could look into; nothing where all could."""
    if not names:
        return b""
    listed = ", ".join(names)
    return field_line("X-Congvu-Uninspected", text_words(listed[:500], "X-Congvu-Uninspected"))


def inspect(content: bytes) -> Inspection:
    """Look at a letter; the gravest mark counts, the first place where it stands is told."""
    entity = parse(content)
    marks: list[tuple[Degree | None, str]] = []
    uninspected: list[str] = []
    files = 0
    for letter in _letters(entity):
        subject = letter.field(b"subject")
        if subject is not None:
            marks.append((in_subject(decode_words(field_value(content, subject))), "chủ đề / subject"))
    for _, part in walk(entity):
        name = file_name(part)
        if part.media_type == "text" and not name:
            text, _ = part_text(content, part, MAX_TEXT_OCTETS)
            marks.append((in_text(html_to_text(text) if part.subtype == "html" else text), "nội dung / text"))
            continue
        reader = _reader_of(part, name)
        if reader is None:
            if name and part.media_type in _IMAGES:
                uninspected.append(name)
            continue
        files += 1
        if files > MAX_FILES or part.end - part.body_start > MAX_FILE_OCTETS:
            uninspected.append(name)
            continue
        try:
            text = reader(decode_body(content, part))
        except UnreadableError:
            uninspected.append(name)
            continue
        marks.append((in_subject(name.rpartition(".")[0]), f"tên tệp {name} / file name"))
        marks.append((in_text(text), f"tệp {name} / file"))
    degree = highest([mark for mark, _ in marks])
    where = next((place for mark, place in marks if mark is degree), "") if degree is not None else ""
    return Inspection(degree, where, tuple(uninspected))


def _letters(entity: Entity) -> list[Entity]:
    """The letter and those enclosed in it."""
    return [entity, *[part.children[0] for _, part in walk(entity) if part.is_message]]


def _reader_of(part: Entity, name: str) -> Callable[[bytes], str] | None:
    if part.subtype == "pdf":
        return head_of_pdf
    if part.subtype == "vnd.openxmlformats-officedocument.wordprocessingml.document":
        return head_of_docx
    return _READERS.get(name.rpartition(".")[2].lower()) if name else None

"""The text at the head of PDF and DOCX files, read with bounds: a document is not to be trusted."""

from __future__ import annotations

import io
import logging
import zipfile
from typing import Final
from xml.parsers import expat

MAX_PAGES: Final = 3
MAX_CHARACTERS: Final = 50_000
MAX_XML_OCTETS: Final = 8 << 20
MAX_RATIO: Final = 200
"""How much more a packed part may become before it is a bomb."""
FEWEST_CHARACTERS: Final = 20
"""A page with less text than this is a picture of one."""
_WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PARTS: Final = ("word/header1.xml", "word/header2.xml", "word/header3.xml", "word/document.xml")

logging.getLogger("pypdf").setLevel(
    logging.CRITICAL
)  # it complains of every file that is not as it should be


class UnreadableError(Exception):
    """A document that cannot be looked into."""


def head_of_pdf(octets: bytes) -> str:
    """The text of the first pages; UnreadableError for a scan, an encrypted or a broken file."""
    from pypdf import PdfReader  # 100 ms that a process without PDF files does not need
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(octets), strict=False)
        # of an encrypted file the pages cannot be read: FileNotDecryptedError is a PyPdfError
        pages = [page.extract_text() for page in list(reader.pages[:MAX_PAGES])]
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        OSError,
    ) as error:
        raise UnreadableError(type(error).__name__) from error
    text = "\n".join(pages)[:MAX_CHARACTERS]
    if sum(character.isalnum() for character in text) < FEWEST_CHARACTERS:
        raise UnreadableError("no text: a scan")
    return text


def head_of_docx(octets: bytes) -> str:
    """The text of headers and the beginning of the document, a line a paragraph."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            known = {one.filename: one for one in archive.infolist()[:2_000]}
            parts = [_part(archive, known[name]) for name in _PARTS if name in known]
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError, NotImplementedError, EOFError) as error:
        raise UnreadableError(type(error).__name__) from error
    if not parts:
        raise UnreadableError("no document in it")
    return "\n".join(parts)[:MAX_CHARACTERS]


def _part(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    if info.file_size > MAX_RATIO * max(info.compress_size, 1_000):
        raise UnreadableError("a bomb")
    with archive.open(info) as stream:
        return _paragraphs(stream.read(MAX_XML_OCTETS))


def _paragraphs(xml: bytes) -> str:
    """Text of `w:t`, with a line end behind each paragraph; a part that was cut gives what it has."""
    out: list[str] = []
    inside = [False]
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(name: str, _attributes: object) -> None:
        inside[0] = name == f"{_WORD} t"
        if name in {f"{_WORD} br", f"{_WORD} tab"}:
            out.append("\n" if name.endswith("br") else " ")

    def end(name: str) -> None:
        inside[0] = False
        if name == f"{_WORD} p":
            out.append("\n")

    def data(text: str) -> None:
        if inside[0]:
            out.append(text)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(xml, False)
    except expat.ExpatError as error:
        if not out:
            raise UnreadableError("not XML") from error
    return "".join(out)


def _refuse(*_: object) -> None:
    raise ValueError("no document type is expected here")

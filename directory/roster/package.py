"""What an XLSX file is made of, looked at before anything unpacks it: bombs, macros and links are refused."""

import re
import zipfile
from io import BytesIO
from typing import Final

from directory.provision.faults import Fault
from directory.roster.grid import RosterFileError

MIB: Final = 1024 * 1024
MAX_PARTS: Final = 2_000
MAX_UNPACKED: Final = 96 * MIB
MAX_PART: Final = 64 * MIB  # one sheet of 13,300 people in 20 columns is some 15 MiB
MAX_STRINGS: Final = 24 * MIB  # xl/sharedStrings.xml, which is held in memory as a whole
MAX_RATIO: Final = 250  # sheets with many like cells reach 60; a bomb has thousands
_RATIO_MATTERS: Final = MIB  # octets from which on a ratio says anything
_XML_HEAD: Final = 64 * 1024  # a document type stands before the first element
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # [MS-CFB] §2.2: old .xls, and any workbook with a password
_FORBIDDEN_XML: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)  # ECMA-376 part 2, §8.1: no DTD


def is_zip(data: bytes) -> bool:
    """Whether the file begins as a package does."""
    return data.startswith(b"PK\x03\x04")


def refuse_other_formats(data: bytes) -> None:
    """RosterFileError for what offices send under the name of a spreadsheet: old Excel, HTML, PDF."""
    head = data[:512].lstrip().lower()
    for begins, detail in (
        (_OLE, "Excel 97–2003 .xls, hoặc có mật khẩu / or with a password"),
        (b"<html", "HTML"),
        (b"<!doctype", "HTML"),
        (b"<table", "HTML"),
        (b"<?xml", "XML"),
        (b"%pdf", "PDF"),
        (b"{\\rtf", "RTF"),
    ):
        if data.startswith(begins) or head.startswith(begins):
            raise RosterFileError(Fault.NOT_XLSX, detail=detail)


def check_package(data: bytes) -> zipfile.ZipFile:
    """The package, once nothing in it can hurt; RosterFileError otherwise."""
    try:
        package = zipfile.ZipFile(BytesIO(data))
        parts = package.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise RosterFileError(Fault.NOT_XLSX, detail=str(error)[:80]) from error
    names = {part.filename.lower() for part in parts}
    if "xl/workbook.xml" not in names:
        kind = "ODS" if "content.xml" in names else "ZIP"
        raise RosterFileError(Fault.NOT_XLSX, detail=kind)
    _refuse_bombs(parts)
    _refuse_active(names)
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            _refuse_entities(package, part)
    return package


def _refuse_bombs(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_PARTS:
        raise RosterFileError(Fault.XLSX_BOMB, detail=f"{len(parts)} phần / parts", limit=str(MAX_PARTS))
    total = sum(part.file_size for part in parts)
    if total > MAX_UNPACKED:
        raise RosterFileError(Fault.XLSX_BOMB, detail=f"{total} byte", limit=str(MAX_UNPACKED))
    for part in parts:
        limit = MAX_STRINGS if part.filename.lower().endswith("sharedstrings.xml") else MAX_PART
        if part.file_size > limit:
            detail = f"{part.filename[:60]}: {part.file_size} byte"
            raise RosterFileError(Fault.XLSX_BOMB, detail=detail, limit=str(limit))
        ratio = part.file_size // max(part.compress_size, 1)
        if part.file_size > _RATIO_MATTERS and ratio > MAX_RATIO:
            detail = f"{part.filename[:60]}: {ratio}:1"
            raise RosterFileError(Fault.XLSX_BOMB, detail=detail, limit=f"{MAX_RATIO}:1")
        if part.flag_bits & 1:
            raise RosterFileError(Fault.NOT_XLSX, detail="có mật khẩu / encrypted")


def _refuse_active(names: set[str]) -> None:
    for name in sorted(names):
        if name.endswith("vbaproject.bin") or name.startswith(("xl/macrosheets/", "xl/activex/")):
            raise RosterFileError(Fault.XLSX_MACROS, detail=name[:60])
        if name.startswith("xl/externallinks/") or name == "xl/connections.xml":
            raise RosterFileError(Fault.XLSX_LINKS, detail=name[:60])


def _refuse_entities(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """No document type: entities could name files or grow without end."""
    try:
        with package.open(part) as stream:
            head = stream.read(_XML_HEAD)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise RosterFileError(Fault.NOT_XLSX, detail=str(error)[:80]) from error
    if _FORBIDDEN_XML.search(head.replace(b"\0", b"")):
        raise RosterFileError(Fault.NOT_XLSX, detail=f"{part.filename[:60]}: DTD")

"""Attached files that run: told by name and by their first octets, also inside zip; and documents with macros.

A file is not believed what it calls itself, and not trusted to be what it looks like: all reading is bounded.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from mailsvc.mime.parse import parse
from mailsvc.mime.text import file_name, walk
from mailsvc.mime.transfer import decode_body

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILES: Final = 1_000
MAX_MEMBERS: Final = 1_000
MAX_UNPACKED: Final = 16 << 20
"""Octets unpacked of one letter's archives."""
_HEAD: Final = 64 << 10
_EXECUTABLE: Final = """
    ade adp apk appx appxbundle application bat chm cmd com cpl deb dll dmg elf exe gadget hta img inf ins iso isp jar jnlp
    js jse lib lnk mde msc msh msi msix msp mst nsh pif ps1 ps1xml ps2 psc1 psc2 psm1 reg rpm run scf scr sct
    settingcontent-ms sh shb shs sys url vb vbe vbs vhd vhdx vxd website wsc wsf wsh xbap xll
"""
EXECUTABLE_NAMES: Final = frozenset(_EXECUTABLE.split())
MACRO_NAMES: Final = frozenset(
    ("docm", "dotm", "potm", "ppam", "ppsm", "pptm", "sldm", "xlam", "xlsm", "xltm")
)
_ZIP: Final = b"PK\x03\x04"
_ENCRYPTED: Final = 1
_METHODS: Final = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
"""What everybody's zip uses; others may ask for gigabytes of memory to begin with."""
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_VBA_STREAM: Final = "_VBA_PROJECT".encode("utf-16-le")
"""Names of streams stand in an OLE file's directory as they are (MS-CFB §2.6.1, MS-OVBA §2.2.1)."""
_LINK: Final = b"L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00"
_MAGIC: Final = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", _LINK)
_VOLUME: Final = b"CD001"
_VOLUME_AT: Final = 0x8001


class Kind(Enum):
    """What is wrong with a file."""

    EXECUTABLE = "executable"
    MACROS = "macros"


@dataclass(frozen=True, slots=True)
class RunningFile:
    """One that runs, by the name that readers see."""

    name: str
    kind: Kind


def running_files(content: bytes) -> tuple[RunningFile, ...]:
    """All such files of a letter and of those enclosed in it, at most one kind each. Never raises."""
    found: list[RunningFile] = []
    budget = _Budget(MAX_UNPACKED)
    for number, (_, part) in enumerate(walk(parse(content))):
        if number >= MAX_FILES:
            break
        name = file_name(part)
        if part.children or (part.media_type == "text" and not name):
            continue
        kind = _kind_of_name(name) or _kind_of(decode_body(content, part), budget)
        if kind is not None:
            found.append(RunningFile(name or "?", kind))
    return tuple(found)


class _Budget:
    """Octets that may still be unpacked."""

    def __init__(self, octets: int) -> None:
        self.left = octets

    def read(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
        """The beginning of a member; nothing of one that cannot be unpacked."""
        most = min(most, self.left)
        if most <= 0 or info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
            return b""  # its name is all that can be seen
        try:
            with archive.open(info) as stream:
                octets = stream.read(most)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            RuntimeError,
            NotImplementedError,
            EOFError,
            ValueError,
        ):
            return b""
        self.left -= len(octets)
        return octets


def _kind_of_name(name: str) -> Kind | None:
    """By the last extension; what hides behind blanks and dots is taken as the system takes it."""
    extension = name.rstrip(" .").rpartition(".")[2].lower() if "." in name else ""
    if extension in EXECUTABLE_NAMES:
        return Kind.EXECUTABLE
    return Kind.MACROS if extension in MACRO_NAMES else None


def _kind_of(octets: bytes, budget: _Budget) -> Kind | None:
    kind = _kind_of_octets(octets)
    if kind is None and octets.startswith(_ZIP):
        return next(_kinds_inside(octets, budget), None)
    return kind


def _kind_of_octets(octets: bytes) -> Kind | None:
    if octets.startswith(_MAGIC) or _is_windows_program(octets):
        return Kind.EXECUTABLE
    if octets[_VOLUME_AT : _VOLUME_AT + len(_VOLUME)] == _VOLUME:  # ECMA-119 §8.1.2
        return Kind.EXECUTABLE
    return Kind.MACROS if octets.startswith(_OLE) and _VBA_STREAM in octets else None


def _is_windows_program(octets: bytes) -> bool:
    """`MZ`, and the offset at 60 leads to `PE` (PE Format, MS-DOS Stub): text may begin with MZ too."""
    if not octets.startswith(b"MZ") or len(octets) < 64:
        return False
    at = int.from_bytes(octets[60:64], "little")
    return octets[at : at + 4] == b"PE\0\0"


def _kinds_inside(octets: bytes, budget: _Budget) -> Iterator[Kind]:
    """What the members of an archive are; archives in it are looked at by name, documents for their macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            for info in archive.infolist()[:MAX_MEMBERS]:
                kind = _kind_of_member(archive, info, budget)
                if kind is not None:
                    yield kind
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return


def _kind_of_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> Kind | None:
    name = info.filename.rpartition("/")[2]
    if (
        name.lower() == "vbaproject.bin"
    ):  # ISO/IEC 29500 documents are zip files themselves (MS-OFFMACRO2 §2.2.1)
        return Kind.MACROS
    kind = _kind_of_name(name)
    if kind is not None or not name:  # a directory, or a member without a name
        return kind
    head = budget.read(archive, info, _HEAD)
    if head.startswith((_OLE, _ZIP)) and info.file_size > len(head):
        head = budget.read(archive, info, MAX_UNPACKED)
    kind = _kind_of_octets(head)
    if kind is None and head.startswith(_ZIP) and _has_macros(head):
        return Kind.MACROS
    return kind


def _has_macros(octets: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as document:
            return any(name.lower().endswith("vbaproject.bin") for name in document.namelist()[:MAX_MEMBERS])
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False

"""Letters in files, as other programs keep them: mbox (mboxrd), Maildir, .eml, and a zip of .eml.

The octets of BODY[] are kept as they are; only mbox has its own line ends and quotes `From ` lines, and undoes it again.
"""

from __future__ import annotations

import json
import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mailsvc.model.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LETTER = 512 << 20
MANIFEST = "congvu.json"
MBOX_FLAGS = {"R": "\\Seen", "A": "\\Answered", "F": "\\Flagged", "D": "\\Deleted", "T": "\\Draft"}
"""In Status and X-Status, as Dovecot and mutt write them."""
MAILDIR_FLAGS = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged", "T": "\\Deleted", "D": "\\Draft"}
_FROM_LINE = re.compile(rb"From \S.* \d{4}\r?\n\Z")
_QUOTED = re.compile(rb"^>+From ", re.MULTILINE)
_TO_QUOTE = re.compile(rb"^(>*From )", re.MULTILINE)
_DATE_IN_FROM = re.compile(rb"(\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})")
_STATUS_FIELD = re.compile(rb"\A(Status|X-Status|X-Keywords): ?(.*)\n", re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class UnreadableFile(ServiceError):
    """A file that letters cannot be taken from; the text says where and why."""


@dataclass(frozen=True, slots=True)
class FiledLetter:
    """One letter in a file."""

    mailbox: str
    """Levels with `/`; empty where the file has no folders."""
    octets: bytes
    flags: tuple[str, ...]
    at: int | None


def letters_in(path: Path) -> Iterator[FiledLetter]:
    """Every letter of a file or folder, whatever it is of those; UnreadableFile where it is none."""
    if path.is_dir():
        yield from _folder(path)
    elif zipfile.is_zipfile(path):
        yield from _zip(path)
    elif path.suffix.lower() == ".eml":
        yield _eml(path, "")
    else:
        yield from _mbox(path, "")


def _folder(top: Path) -> Iterator[FiledLetter]:
    found = False
    for place in [top, *sorted(path for path in top.rglob("*") if path.is_dir())]:
        name = _mailbox_name(top, place)
        if (place / "cur").is_dir():
            found = True
            yield from _maildir(place, name)
            continue
        if place.name in {"cur", "new", "tmp"} and (place.parent / "cur").is_dir():
            continue
        for path in sorted(item for item in place.iterdir() if item.is_file()):
            if path.suffix.lower() == ".eml":
                found = True
                yield _eml(path, name)
            elif path.suffix.lower() == ".mbox" or path.name == "mbox":
                found = True
                yield from _mbox(path, name if path.name == "mbox" else _joined(name, path.stem))
    if not found:
        raise UnreadableFile(f"{top}: không có mbox, Maildir hay .eml / no mbox, Maildir or .eml in it")


def _joined(name: str, last: str) -> str:
    return f"{name}/{last}" if name else last


def _mailbox_name(top: Path, place: Path) -> str:
    """Folders by their levels; Maildir++ has them in one name, `.Sent.2026` (in modified UTF-7)."""
    levels: list[str] = []
    for part in place.relative_to(top).parts:
        levels += [_spelt(level) for level in part[1:].split(".")] if part.startswith(".") else [part]
    return "/".join(levels)


def _spelt(level: str) -> str:
    return level.replace("/", "-")


def _maildir(place: Path, mailbox: str) -> Iterator[FiledLetter]:
    for folder in ("cur", "new"):
        for path in sorted((place / folder).iterdir()) if (place / folder).is_dir() else ():
            if path.is_file() and not path.name.startswith("."):
                marks = path.name.rpartition(":2,")[2] if ":2," in path.name else ""
                flags = tuple(MAILDIR_FLAGS[mark] for mark in marks if mark in MAILDIR_FLAGS)
                yield FiledLetter(mailbox, _read(path), flags, int(path.stat().st_mtime))


def _eml(path: Path, mailbox: str) -> FiledLetter:
    octets = _with_crlf(_read(path))
    return FiledLetter(mailbox, octets, (), date_of(octets))


def _read(path: Path) -> bytes:
    if path.stat().st_size > MAX_LETTER:
        raise UnreadableFile(f"{path}: lớn quá {MAX_LETTER >> 20} MiB / larger than {MAX_LETTER >> 20} MiB")
    return path.read_bytes()


def _zip(path: Path) -> Iterator[FiledLetter]:
    """Nothing is unpacked to disk; names lead nowhere (`..` is a level like any other and is dropped)."""
    with zipfile.ZipFile(path) as archive:
        known = {}
        with suppress(KeyError, ValueError):
            known = {one["file"]: one for one in json.loads(archive.read(MANIFEST))}
        for info in archive.infolist():
            name = PurePosixPath(info.filename)
            if info.is_dir() or name.suffix.lower() != ".eml":
                continue
            if info.file_size > MAX_LETTER:
                raise UnreadableFile(f"{path}: {name}: quá lớn / too large")
            octets = archive.read(info)
            one = known.get(info.filename)
            if one is not None:
                yield FiledLetter(one["mailbox"], octets, tuple(one["flags"]), one["at"])
            else:
                levels = [level for level in name.parent.parts if level not in {"..", "/"}]
                octets = _with_crlf(octets)
                yield FiledLetter("/".join(levels), octets, (), date_of(octets))


def _mbox(path: Path, mailbox: str) -> Iterator[FiledLetter]:
    """Letters of an mbox, one at a time in memory."""
    with path.open("rb") as file:
        first = file.readline(4096)
        if not first.startswith(b"From "):
            raise UnreadableFile(f"{path}, dòng 1: không phải mbox / line 1: no mbox begins like this")
        lines: list[bytes] = []
        from_line, size, blank = first, 0, False
        for line in file:
            if blank and _FROM_LINE.match(line):
                yield _from_mbox(mailbox, from_line, lines)
                from_line, lines, size, blank = line, [], 0, False
                continue
            size += len(line)
            if size > MAX_LETTER:
                raise UnreadableFile(f"{path}: một thư quá lớn / a letter that is too large")
            lines.append(line)
            blank = line in {b"\n", b"\r\n"}
        yield _from_mbox(mailbox, from_line, lines)


def _from_mbox(mailbox: str, from_line: bytes, lines: list[bytes]) -> FiledLetter:
    if lines and lines[-1] in {b"\n", b"\r\n"}:
        lines = lines[:-1]  # the empty line that ends a letter in an mbox
    text = b"".join(lines).replace(b"\r\n", b"\n")
    flags, text = _marks(text)
    text = _QUOTED.sub(lambda match: match[0][1:], text)
    return FiledLetter(mailbox, text.replace(b"\n", b"\r\n"), flags, _date_of_from(from_line))


def _marks(text: bytes) -> tuple[tuple[str, ...], bytes]:
    """What the fields of an mbox say, and the letter without them.

    We write them first, so that a letter's own fields of these names stay its own; others put them anywhere.
    """
    flags: list[str] = []
    if _STATUS_FIELD.match(text):
        while (field := _STATUS_FIELD.match(text)) is not None:
            flags += _flags_of(field)
            text = text[field.end() :]
        return tuple(flags), text
    head, end, body = text.partition(b"\n\n")
    kept = []
    for line in (head + b"\n").splitlines(keepends=True):
        field = _STATUS_FIELD.match(line)
        if field is None:
            kept.append(line)
        else:
            flags += _flags_of(field)
    return tuple(flags), b"".join(kept)[:-1] + end + body


def _flags_of(field: re.Match[bytes]) -> list[str]:
    value = field[2].decode("utf-8", "replace")
    if field[1].lower() == b"x-keywords":
        return value.split()
    return [MBOX_FLAGS[mark] for mark in value if mark in MBOX_FLAGS]


def to_mbox(octets: bytes, sender: str, flags: tuple[str, ...], at: int) -> bytes:
    """A letter as mboxrd has it, with its flags in fields before its own."""
    moment = datetime.fromtimestamp(at, UTC)
    date = f"{moment:%a} {_MONTHS[moment.month - 1]} {moment.day:2d} {moment:%H:%M:%S} {moment.year}"
    marks = {flag: mark for mark, flag in MBOX_FLAGS.items()}
    status = "".join(marks[flag] for flag in flags if flag in marks)
    keywords = " ".join(flag for flag in flags if not flag.startswith("\\"))
    head = f"From {sender or 'MAILER-DAEMON'} {date}\n"
    head += f"Status: {'R' if 'R' in status else ''}O\n"
    head += f"X-Status: {status.replace('R', '')}\n" if status.replace("R", "") else ""
    head += f"X-Keywords: {keywords}\n" if keywords else ""
    text = _TO_QUOTE.sub(rb">\1", octets.replace(b"\r\n", b"\n"))
    return head.encode() + text + (b"" if text.endswith(b"\n") else b"\n") + b"\n"


def _date_of_from(line: bytes) -> int | None:
    match = _DATE_IN_FROM.search(line)
    if match is None or match[1].decode() not in _MONTHS:
        return None
    month = _MONTHS.index(match[1].decode()) + 1
    with suppress(ValueError):
        day, hour, minute, second, year = (int(match[group]) for group in (2, 3, 4, 5, 6))
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    return None


def date_of(octets: bytes) -> int | None:
    """When a letter says that it was written; None where it does not (RFC 5322 §3.6.1)."""
    head = octets[:65536].partition(b"\r\n\r\n")[0]
    match = re.search(rb"^Date:[ \t]*(.*)$", head, re.MULTILINE | re.IGNORECASE)
    if match is None:
        return None
    with suppress(ValueError, OverflowError):
        return max(int(parsedate_to_datetime(match[1].decode("latin-1").strip()).timestamp()), 0)
    return None


def _with_crlf(octets: bytes) -> bytes:
    """Lines as they are on the wire, where a program has stored them with its own line ends."""
    return octets if b"\r\n" in octets[:4096] else octets.replace(b"\n", b"\r\n")

"""Dates, sizes and names as Vietnamese offices write them (dd/mm/yyyy, 1.234,5), English beside it."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from webmail.i18n import Catalog

KIB: Final = 1024
# The first that fits: Edge and Opera say Chrome too, Chrome says Safari.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("coc_coc_browser", "Cốc Cốc"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_URGENT: Final = re.compile(r"^\W*(hỏa tốc|hoả tốc|thượng khẩn|khẩn)(?!\w)", re.IGNORECASE)
_URGENCY: Final = {"hỏa tốc": "express", "hoả tốc": "express", "thượng khẩn": "top", "khẩn": "urgent"}


def size(octets: int, catalog: Catalog) -> str:
    """A size that can be read at a glance."""
    value = float(octets)
    for unit in ("B", "KB", "MB", "GB"):
        if value < KIB or unit == "GB":
            break
        value /= KIB
    text = f"{value:.0f}" if unit in {"B", "KB"} or value >= 100 else f"{value:.1f}".removesuffix(".0")
    return f"{text.replace('.', ',') if catalog.language == 'vi' else text} {unit}"


def number(value: int, catalog: Catalog) -> str:
    """1.243 in Vietnamese, 1,243 in English."""
    text = f"{value:,}"
    return text.replace(",", ".") if catalog.language == "vi" else text


def _local(at: int, offset_minutes: int) -> datetime:
    return datetime.fromtimestamp(max(0, min(at, 253402300799)), UTC).astimezone(
        timezone(timedelta(minutes=offset_minutes))
    )


def short_date(at: int, now: int, offset_minutes: int) -> str:
    """The hour today, the day this year, else the whole date."""
    then, today = _local(at, offset_minutes), _local(now, offset_minutes)
    if then.date() == today.date():
        return f"{then:%H:%M}"
    return f"{then:%d/%m}" if then.year == today.year else f"{then:%d/%m/%Y}"


def long_date(at: int, catalog: Catalog, offset_minutes: int) -> str:
    """Weekday, date and hour."""
    then = _local(at, offset_minutes)
    return f"{catalog(f'weekday_{then.weekday()}')}, {then:%d/%m/%Y %H:%M}"


def iso_date(at: int, offset_minutes: int) -> str:
    """For the datetime attribute."""
    return _local(at, offset_minutes).isoformat(timespec="minutes")


def browser(agent: str) -> str:
    """`Firefox · Windows` for a User-Agent, as people know it; empty where nothing is known."""
    name = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(filter(None, (name, system)))


def initials(name: str) -> str:
    """One or two letters for a name: the given name comes last in Vietnamese."""
    words = [word for word in re.split(r"[^\w]+", unicodedata.normalize("NFC", name)) if word]
    if not words:
        return "?"
    return (words[0][0] + words[-1][0] if len(words) > 1 else words[0][0]).upper()


def tint(address: str) -> int:
    """A steady colour index for an address."""
    return sum(address.casefold().encode()) % 6


def urgency(subject: str, keywords: tuple[str, ...] = ()) -> str:
    """Mức độ khẩn (NĐ 30/2020/NĐ-CP) that a subject begins with or a keyword says: express, top, urgent or ""."""
    for keyword in keywords:
        if keyword.lower() in {"$express", "$top", "$urgent"}:
            return keyword[1:].lower()
    found = _URGENT.match(unicodedata.normalize("NFC", subject))
    return _URGENCY[found[1].lower()] if found else ""


def file_kind(filename: str, media_type: str) -> str:
    """Which mark a file gets: pdf, doc, xls, img, zip or file."""
    suffix = filename.rpartition(".")[2].lower()
    if suffix == "pdf" or media_type == "application/pdf":
        return "pdf"
    groups = {
        "doc": {"doc", "docx", "odt", "rtf"},
        "xls": {"xls", "xlsx", "ods", "csv"},
        "img": {"png", "jpg", "jpeg", "gif", "webp", "tif", "tiff", "bmp"},
        "zip": {"zip", "rar", "7z"},
    }
    for kind, suffixes in groups.items():
        if suffix in suffixes:
            return kind
    return "img" if media_type.startswith("image/") else "file"

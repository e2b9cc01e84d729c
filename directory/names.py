"""Vietnamese names: their parts, how they fold, how they sort, and the local parts made from them."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from directory.model import NameParts

MAX_BASE: Final = 56  # leaves room for a number within the 64 octets of RFC 5321 §4.5.3.1.1
_REMEMBERED: Final = 4096  # the words of Vietnamese names are few: a roster of 6,041 has some hundreds
NAMELESS: Final = "hopthu"  # "mailbox": for a name without one Latin letter
RESERVED_LOCALS: Final = frozenset(
    {
        "abuse",  # RFC 2142 §4
        "admin",
        "administrator",
        "ftp",
        "hostmaster",  # RFC 2142 §7
        "info",
        "mailer-daemon",
        "news",
        "noc",
        "noreply",
        "no-reply",
        "postmaster",  # RFC 5321 §4.5.1
        "root",
        "security",  # RFC 2142 §4
        "support",
        "webmaster",
        "www",
    }
)

# NFD leaves these whole. Ð (U+00D0) is an Icelandic letter that old keyboards typed for Đ.
_UNDECOMPOSED: Final = str.maketrans(
    {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "ß": "ss"}
)
_NOT_ALNUM: Final = re.compile(r"[^a-z0-9]+")
_SPACES: Final = re.compile(r"\s+")

# The Vietnamese alphabet differs from Latin order by the letters that follow their base: a ă â, d đ, e ê, o ô ơ, u ư.
_VARIANTS: Final = {"ă": "a1", "â": "a2", "đ": "d1", "ð": "d1", "ê": "e1", "ô": "o1", "ơ": "o2", "ư": "u1"}
_TONES: Final = {
    "\u0300": "1",
    "\u0309": "2",
    "\u0303": "3",
    "\u0301": "4",
    "\u0323": "5",
}  # huyền hỏi ngã sắc nặng
_VOWEL_MARKS: Final = {"\u0306", "\u0302", "\u031b"}  # breve, circumflex, horn
_ABBREVIATIONS: Final = {  # as offices are written and as they are spoken
    "ubnd": "uy ban nhan dan",
    "hdnd": "hoi dong nhan dan",
    "ubmttq": "uy ban mat tran to quoc",
    "mttq": "mat tran to quoc",
    "qlda": "quan ly du an",
    "cntt": "cong nghe thong tin",
    "khcn": "khoa hoc va cong nghe",
    "gddt": "giao duc va dao tao",
}
_DIGITS: Final = re.compile(r"\d+")


def tidy(text: str) -> str:
    """NFC, single blanks, none at the ends: how every name is kept."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def fold(text: str) -> str:
    """Lower case without marks: `Đặng Thị Hướng` becomes `dang thi huong`."""
    decomposed = unicodedata.normalize("NFD", text.translate(_UNDECOMPOSED).lower().translate(_UNDECOMPOSED))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@lru_cache(maxsize=_REMEMBERED)
def syllables(text: str) -> tuple[str, ...]:
    """The folded words of a text; what is neither letter nor digit parts them, but for an apostrophe."""
    return tuple(word for word in _NOT_ALNUM.split(_without_apostrophes(fold(text))) if word)


def split_name(full_name: str) -> NameParts:
    """Họ, tên đệm, tên: the first word, those between, the last; one word alone is the given name.

    `K'Brếp` is one word. Numbers at the end belong to the given name: `Nguyễn Văn An 2`.
    """
    words = tidy(full_name).split(" ")
    last = len(words) - 1
    while last > 0 and words[last].isdigit():
        last -= 1
    given = " ".join(words[last:])
    before = words[:last]
    return NameParts(family=before[0] if before else "", middle=" ".join(before[1:]), given=given)


def local_part(parts: NameParts) -> str:
    """The given name, then the initials of family and middle name: `Nguyễn Văn An` becomes `annv`.

    A number in the name closes it (`Nguyễn Văn An 2`: `annv2`), so that the letters stay together.
    """
    given = syllables(parts.given)
    number = "".join(word for word in given if word.isdigit())
    stem = "".join(word for word in given if not word.isdigit())
    initials = "".join(word[0] for word in (*syllables(parts.family), *syllables(parts.middle)))
    base = (stem + initials)[:MAX_BASE] + number[:6]
    return base or NAMELESS


def unit_local_part(short_name: str, name: str) -> str:
    """The local part of a unit's own box: its short name, or the folded name in one word."""
    dotted = re.sub(r"[^a-z0-9.-]+", "", fold(short_name)).strip(".-")
    dotted = re.sub(r"\.{2,}", ".", dotted)
    return (dotted or "".join(syllables(name)))[:MAX_BASE].strip(".-") or NAMELESS


class LocalParts:
    """Hands out `annv`, `annv2`, `annv3` … in the order in which they are asked for, and none of them twice."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken) | RESERVED_LOCALS
        self._next: dict[str, int] = {}  # where the search for a free number of this base goes on

    def take(self, base: str) -> str:
        """The first of the row that nobody has or ever had.

        A base that ends in a digit is numbered after a dot: the second `annv2` is `annv2.2` and not `annv22`.
        """
        joint = "." if base[-1].isdigit() else ""
        number = self._next.get(base, 1)
        candidate = base if number == 1 else f"{base}{joint}{number}"
        while candidate in self._taken:
            number += 1
            candidate = f"{base}{joint}{number}"
        self._next[base] = number + 1
        self._taken.add(candidate)
        return candidate


def sort_key(parts: NameParts) -> str:
    """A text whose octet order is the order of a Vietnamese list: by given name, then family, then middle."""
    return " ".join(text_sort_key(part) for part in (parts.given, parts.family, parts.middle))


@lru_cache(maxsize=_REMEMBERED)
def text_sort_key(text: str) -> str:
    """The order of the Vietnamese alphabet, letters before tones, numbers by value: Đ after D, ă after a."""
    letters: list[str] = []
    tones: list[str] = []
    padded = _DIGITS.sub(lambda number: number[0].zfill(6), tidy(text).lower())
    for character in padded:
        letter, tone = _letter_and_tone(character)
        if letter:
            letters.append(letter)
            tones.append(tone)
    return "".join(letters) + "!" + "".join(tones)  # "!" sorts before every letter and digit


def name_fold(parts: NameParts) -> str:
    """What address completion looks through: given name first, a blank before each syllable and at the end."""
    return _spaced((*syllables(parts.given), *syllables(parts.family), *syllables(parts.middle)))


def text_fold(text: str) -> str:
    """The same for the name of a unit, a title or a shared box, in its own order; UBND is found as *ủy ban* too."""
    folded = _spaced(syllables(text))
    for short, long in _ABBREVIATIONS.items():
        if f" {short} " in folded and f" {long} " not in folded:
            folded += f"{long} "
        elif f" {long} " in folded and f" {short} " not in folded:
            folded += f"{short} "
    return folded


def _spaced(words: tuple[str, ...]) -> str:
    return f" {' '.join(words)} " if words else " "


def _without_apostrophes(text: str) -> str:
    return re.sub(r"['\u2019\u2018\u02bc`]", "", text)


@lru_cache(maxsize=1024)
def _letter_and_tone(character: str) -> tuple[str, str]:
    """`ấ` is the letter `â` with the tone sắc; blanks sort before letters, other signs are passed over."""
    if character == " ":
        return "#", ""
    marks = unicodedata.normalize("NFD", character)
    tone = next((_TONES[mark] for mark in marks if mark in _TONES), "0")
    letter = unicodedata.normalize(
        "NFC", marks[0] + "".join(mark for mark in marks[1:] if mark in _VOWEL_MARKS)
    )
    if letter in _VARIANTS:
        return _VARIANTS[letter], tone
    base = fold(letter)
    return (f"{base[0]}0", tone) if base and base[0].isalnum() else ("", "")

"""Text in the fonts before Unicode: found by the name of the font, or by what makes Vietnamese of it, and converted."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from directory.names import tidy
from directory.old_charsets import tcvn, viscii, vni
from directory.provision.faults import Fault, Remark
from directory.roster.grid import Cell, Grid, Line

CHARSETS: Final[dict[str, Callable[[str], str]]] = {"TCVN3": tcvn, "VNI": vni, "VISCII": viscii}
_ENOUGH: Final = 0.7  # share of the marked words that must be Vietnamese syllables
_WORDS_LOOKED_AT: Final = 4_000

# What cp1252 shows for the octets 0x80 to 0x9F, back to those octets; the others stand at their own place.
_OCTET_OF: Final = {
    ord(character): octet
    for octet in range(0x80, 0xA0)
    if (character := bytes([octet]).decode("cp1252", "ignore"))
}
_ONLY_UNICODE: Final = re.compile(r"[ĂăĐđĨĩŨũƠơƯư\u1ea0-\u1ef9]")
_MARKED_WORD: Final = re.compile(
    r"[^\W\d_]*[^\x00-\x7f\W\d_][^\W\d_]*|[^\s\x00-\x40]*[\x80-\xff][^\s\x00-\x40]*"
)
_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")
_SYLLABLE: Final = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?"
    r"(?:uyê|uya|uyu|iêu|yêu|oai|oay|oao|oeo|uây|uôi|ươi|ươu|uêu"
    r"|ia|iê|ua|uâ|uê|uô|uơ|uy|ưa|ươ|oa|oă|oe|oo|ai|ao|au|âu|ay|ây|eo|êu|iu|oi|ôi|ơi|ui|ưi|ưu|yê|uă"
    r"|[aăâeêioôơuưy])"
    r"(?:ch|ng|nh|[cmnpt])?"
)


def is_syllable(word: str) -> bool:
    """Whether a word could be one Vietnamese syllable: an onset, a nucleus, a coda, at most one tone."""
    letters = unicodedata.normalize("NFD", word.lower())
    bare = "".join(character for character in letters if character not in _TONES)
    if len(letters) - len(bare) > 1:
        return False
    return _SYLLABLE.fullmatch(unicodedata.normalize("NFC", bare)) is not None


def likeness(text: str) -> float:
    """The share of the words with marks that could be Vietnamese; 0 where there is none."""
    words = _MARKED_WORD.findall(unicodedata.normalize("NFC", text))[:_WORDS_LOOKED_AT]
    return sum(map(is_syllable, words)) / len(words) if words else 0.0


def best_charset(octets_as_latin1: str) -> str | None:
    """The old charset that makes the most Vietnamese of a text, None where it is none of them."""
    scores = {name: likeness(convert(octets_as_latin1)) for name, convert in CHARSETS.items()}
    name = max(scores, key=lambda known: scores[known])
    return name if scores[name] >= _ENOUGH and scores[name] > likeness(octets_as_latin1) else None


def converted(grid: Grid) -> Grid:
    """The grid in Unicode, with a warning where any cell was in an old font."""
    known = _whole_charset(grid)
    found: Counter[str] = Counter()
    lines = tuple(
        Line(line.number, tuple(_cell(cell, known, found) for cell in line.cells)) for line in grid.lines
    )
    if not found:
        return grid
    warnings = tuple(Remark(1, "", Fault.OLD_FONT, {"charset": name}) for name in sorted(found))
    return replace(grid, lines=lines, warnings=(*grid.warnings, *warnings))


def _cell(cell: Cell, known: str | None, found: Counter[str]) -> Cell:
    if not isinstance(cell.value, str) or cell.value.isascii() or _ONLY_UNICODE.search(cell.value):
        return cell
    charset = _charset_of_font(cell.font) or known
    if charset is None:
        return cell
    found[charset] += 1
    text = tidy(CHARSETS[charset](_latin1(cell.value)))
    capitals = charset == "TCVN3" and cell.font.startswith(".Vn") and cell.font.endswith("H")
    return replace(
        cell, value=text.upper() if capitals else text
    )  # the H fonts draw small letters as capitals


def _charset_of_font(font: str) -> str | None:
    if font.startswith(".Vn"):
        return "TCVN3"
    return "VNI" if font.upper().startswith("VNI") else None


def _whole_charset(grid: Grid) -> str | None:
    """The charset of cells whose font says nothing: only where no cell of the grid is Vietnamese as it stands."""
    texts = list(_old_texts(grid))
    if not texts or any(map(_ONLY_UNICODE.search, _strings(grid))):
        return None
    return best_charset(" ".join(map(_latin1, texts)))


def _old_texts(grid: Grid) -> Iterable[str]:
    return (text for text in _strings(grid) if not text.isascii())


def _strings(grid: Grid) -> Iterable[str]:
    return (cell.value for line in grid.lines for cell in line.cells if isinstance(cell.value, str))


def _latin1(text: str) -> str:
    return text.translate(_OCTET_OF)

"""Vietnamese text for searching: folding, canonical spelling, syllables and reference numbers.

Three forms of one syllable are used everywhere in this package:

- as written: what the letter says, in any Unicode form;
- canonical ("exact"): NFC, case-folded, tone on the vowel where we put it, so hoà, HÒA and a decomposed hòa are one;
- folded: canonical without marks, đ as d, so a query typed without diacritics finds it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple
from unicodedata import normalize

MAX_TOKEN_CHARS: Final = 64  # longer runs are encoded data, not words; both text and query are cut alike
_MEMO_SYLLABLES: Final = 50_000  # Vietnamese has some 7,000 syllables; beyond this the memo starts afresh

_MARKS: Final = "\u0300-\u036f"
# A syllable starts with a letter or digit and may carry loose marks: NFD input, and K'Ho letters that NFC cannot compose.
_SYLLABLE: Final = re.compile(rf"\w[\w{_MARKS}]*")
_STRIP: Final = re.compile(rf"[{_MARKS}]+")
# NFD leaves these alone; Ð (U+00D0, eth) and Ɖ (U+0189) look like Đ and are typed for it.
_BARRED_D: Final = "đĐðÐɖƉ"
_VIETNAMESE_MARKS: Final = "\u0300\u0301\u0309\u0303\u0323\u0302\u0306\u031b"  # five tones, then â ă ơ


def fold(text: str) -> str:
    """The text without case and marks: ``fold("Đặng Thị Hướng") == "dang thi huong"``.

    đ is mapped by hand because it has no decomposition.
    """
    if text.isascii():
        return text.casefold()
    bare = normalize("NFD", text)
    for (
        letter
    ) in _BARRED_D:  # str.replace of a few letters costs a fifth of str.translate or a regular expression
        bare = bare.replace(letter, "d")
    for mark in _VIETNAMESE_MARKS:
        bare = bare.replace(mark, "")
    if not bare.isascii():
        bare = _STRIP.sub("", bare)
    bare = bare.casefold()
    # Case folding may bring marks back (İ gives i with a dot): strip once more.
    return bare if bare.isascii() else normalize("NFC", _STRIP.sub("", normalize("NFD", bare)))


def has_marks(text: str) -> bool:
    """Whether somebody took the trouble to type Vietnamese letters here."""
    return not text.isascii() and canonical(text) != fold(text)


# --- Tone placement ---------------------------------------------------------------------------------------------------

_TONES: Final = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")  # ngang, huyền, sắc, hỏi, ngã, nặng


def _toned(vowels: str) -> dict[str, tuple[str, str]]:
    """Every toned form of the vowels, with its bare vowel and its tone."""
    return {normalize("NFC", vowel + tone): (vowel, tone) for vowel in vowels for tone in _TONES[1:]}


_TONED: Final = _toned("aăâeêioôơuưy")
_ANY_LETTER: Final = rf"[^\W_]|[{_MARKS}]"


def _class(vowels: str) -> str:
    return "[" + "".join(_toned(vowels)) + "]"


# The tone sits on the first vowel of an open oa, oe, uy (hoà -> hòa), and on the second where the syllable goes on
# (hòan -> hoàn) or where u and i belong to the consonant (qúy -> quý, gía -> giá) or the second vowel has a hat (nứơc).
_BACK: Final = rf"(?P<bare>o)(?P<late>{_class('ae')})(?!{_ANY_LETTER})|(?<!q)(?P<bare_u>u)(?P<late_y>{_class('y')})(?!{_ANY_LETTER})"
_ON: Final = (
    rf"(?P<early>{_class('o')})(?P<next>[ae])(?={_ANY_LETTER})"
    rf"|(?P<early_u>(?<!q){_class('u')})(?P<next_y>y)(?={_ANY_LETTER})"
    rf"|(?P<early_q>(?<=q){_class('u')})(?P<next_q>[aăâeêioôơy])"
    rf"|(?P<early_g>(?<=\bg){_class('i')})(?P<next_g>[aăâeêoôơuư])"
    rf"|(?P<early_h>{_class('iyuư')})(?P<next_h>[êôơ])"
)
_TONE_PLACE: Final = re.compile(rf"{_BACK}|{_ON}")


def _move_tone(match: re.Match[str]) -> str:
    first, second = match.group()[0], match.group()[1]
    if first in _TONED:
        bare, tone = _TONED[first]
        return bare + normalize("NFC", second + tone)
    bare, tone = _TONED[second]
    return normalize("NFC", first + tone) + bare


def canonical(text: str) -> str:
    """One spelling of the text as written: NFC, case-folded, tones placed one way.

    hoà = hòa, thuý = thúy, khoẻ = khỏe; so are the slips of old keyboards: qúy = quý, hòan = hoàn, nứơc = nước.
    Marks are kept: quà stays quà.
    """
    if text.isascii():
        return text.casefold()
    composed = normalize("NFC", text)
    for letter in _BARRED_D:
        composed = composed.replace(letter, "đ")
    composed = normalize("NFC", composed.casefold())
    return _TONE_PLACE.sub(_move_tone, composed)


# --- Tokens -----------------------------------------------------------------------------------------------------------


class Token(
    NamedTuple
):  # a named tuple because a letter has thousands: a frozen dataclass takes three times as long
    """One searchable unit: a syllable, or a whole reference number or address that also stands for its parts."""

    text: str  # canonical form
    position: int  # counted in syllables; a whole stands at the position of its first part
    start: int  # in the text as given
    end: int
    whole: bool = False


# 123/QĐ-UBND, 30/2020/NĐ-CP, 123-CV/TU, 05 /QĐ-UBND (NĐ 30/2020/NĐ-CP, annex III; Party offices put the kind before /).
_REFERENCE: Final = re.compile(
    rf"""(?<![\w/.{_MARKS}-])
    (?P<number>\d{{1,6}}[a-zA-Z]?)
    (?P<kind>\s?[-\u2010-\u2013]\s?[^\W\d_]{{1,12}}[{_MARKS}]?)?
    \s{{0,3}}/\s?
    (?P<year>(?:19|20)\d\d\s?/\s?)?
    (?P<symbol>[^\W\d_](?:\w|[{_MARKS}]){{0,15}}(?:\s?[-\u2010-\u2013.&]\s?(?:\w|[{_MARKS}]){{1,15}}){{0,6}})""",
    re.VERBOSE,
)
_SLASH_AND_LETTER: Final = re.compile(r"/\s?[^\W\d_]")
_BEFORE_SLASH: Final = 36  # the longest number, kind and year
_AFTER_SLASH: Final = 160
_ADDRESS_BEFORE: Final = re.compile(r"[\w.+=-]{1,64}\Z")
_ADDRESS_AFTER: Final = re.compile(r"[^\W_](?:[\w-]{0,62}\.){1,8}[^\W\d_]{2,24}")
_SPACES: Final = re.compile(r"\s+")
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013", "-"))


def _reference_form(match: re.Match[str]) -> str:
    """One spelling of a reference: no spaces, plain dashes, and 05 as 5, for clerks write both."""
    return canonical(_SPACES.sub("", match.group().translate(_DASHES))).lstrip("0") or "0"


def _wholes(text: str) -> Iterator[tuple[str, int, int]]:
    """Reference numbers and addresses: form, start, end. Linear in the text: each look around a sign is bounded."""
    done = 0
    for sign in _SLASH_AND_LETTER.finditer(text):  # dates, the commonest slashes, are passed over
        slash = sign.start()
        if slash >= done and (
            match := _REFERENCE.search(text, max(done, slash - _BEFORE_SLASH), slash + _AFTER_SLASH)
        ):
            yield _reference_form(match), match.start(), match.end()
            done = match.end()
    at = text.find("@")
    while at >= 0:
        before = _ADDRESS_BEFORE.search(text, max(0, at - 64), at)
        after = _ADDRESS_AFTER.match(text, at + 1)
        if before and after:
            local = before.group().lstrip(".=-+")
            if local:
                yield canonical(f"{local}@{after.group()}"), at - len(local), after.end()
        at = text.find("@", at + 1)


def tokens(text: str) -> Iterator[Token]:
    """The syllables of a text in order, every single letter and digit among them, then its whole references and addresses.

    Positions and offsets serve phrases and highlights; engines that only need the forms take `streams`.
    """
    starts: list[int] = []
    for position, match in enumerate(_SYLLABLE.finditer(text.replace("_", " "))):
        starts.append(match.start())
        yield Token(_CANONICAL[match.group()], position, match.start(), match.end())
    position = 0
    for form, start, end in sorted(_wholes(text), key=lambda found: found[1]):
        while position + 1 < len(starts) and starts[position + 1] <= start:
            position += 1
        yield Token(form, position, start, end, whole=True)


class _Memo(dict[str, str]):
    """Forms of syllables seen before: a dictionary hit costs a twentieth of the work."""

    def __init__(self, *, folded: bool) -> None:
        super().__init__()
        self._folded = folded

    def __missing__(self, syllable: str) -> str:
        form = canonical(syllable)
        if self._folded:
            form = fold(form)
        form = form[:MAX_TOKEN_CHARS]
        if len(syllable) <= MAX_TOKEN_CHARS:
            if len(self) >= _MEMO_SYLLABLES:
                self.clear()
            self[syllable] = form
        return form


_CANONICAL: Final = _Memo(folded=False)
_FOLDED: Final = _Memo(folded=True)


@dataclass(frozen=True, slots=True)
class Streams:
    """A text as engines index it: tokens between single spaces, wholes after all syllables."""

    exact: str
    folded: str


def streams(text: str) -> Streams:
    """Both forms of every token of the text, quickly: no token objects are made."""
    if not text:
        return Streams("", "")
    found = _SYLLABLE.findall(text.replace("_", " "))  # ban_do_bao.docx is three words and a kind
    exact = " ".join(map(_CANONICAL.__getitem__, found))
    folded = " ".join(map(_FOLDED.__getitem__, found))
    if "/" in text or "@" in text:
        wholes = [form for form, _, _ in _wholes(text)]
        if wholes:
            exact = " ".join([exact, *wholes])
            folded = " ".join([folded, *map(fold, wholes)])
    return Streams(exact, folded)

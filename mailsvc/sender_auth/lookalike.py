"""Text that looks like other text: domains and names drawn with the letters of another alphabet (UTS #39)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from search.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

_CYRILLIC = "аa вb гr еe ёe ѐe іi їi ӏl кk мm нh оo рp сc тt уy үy хx һh јj ѕs ԁd ԛq ԝw ѵv пn ьb"
_GREEK = "αa βb εe γy ιi κk νv οo ρp τt υu χx ωw ηn"
_LATIN = "ıi ȷj ɡg ɑa ɩi ʟl ɴn ʀr ʏy ᴀa ᴄc ᴅd ᴇe ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz"
_DRAWN_ALIKE = str.maketrans({pair[0]: pair[1:] for pair in f"{_CYRILLIC} {_GREEK} {_LATIN}".split()})
_ONE_FOR_ANOTHER = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"))
_BLANKS = re.compile(r"\s+")


def skeleton(text: str) -> str:
    """What two texts share that look alike at a glance; never shown to anybody (UTS #39 §4)."""
    drawn = unicodedata.normalize("NFKC", text).casefold().translate(_DRAWN_ALIKE)
    bare = fold("".join(one for one in drawn if unicodedata.category(one) != "Cf"))
    for seen, meant in _ONE_FOR_ANOTHER:
        bare = bare.replace(seen, meant)
    return bare


def readable_domain(domain: str) -> str:
    """A domain as a reader sees it: A-labels decoded (RFC 5891 §4.4), lower case."""
    labels = []
    for label in domain.lower().removesuffix(".").split("."):
        try:
            labels.append(label.encode("ascii").decode("idna") if label.startswith("xn--") else label)
        except UnicodeError:
            labels.append(label)
    return ".".join(labels)


def is_under(domain: str, ours: Iterable[str]) -> bool:
    """Whether a domain is one of ours or below one."""
    name = domain.lower().removesuffix(".")
    return any(name == one or name.endswith("." + one) for one in ours)


def looks_like_ours(domain: str, ours: Iterable[str]) -> bool:
    """Whether a foreign domain is drawn like one of ours, or begins with one (`tinh.gov.vn.evil.com`)."""
    names = tuple(ours)
    if is_under(domain, names):
        return False
    shown = readable_domain(domain)
    drawn = skeleton(shown)
    hyphened = shown.replace("-", ".")
    for one in names:
        mine = skeleton(one)
        if drawn == mine or drawn.endswith("." + mine):
            return True
        if hyphened.startswith(one + ".") or f".{one}." in f".{hyphened}.":
            return True
    return False


def name_key(name: str) -> str:
    """What two spellings of a person's name share, whatever alphabet they borrow from."""
    return skeleton(_BLANKS.sub(" ", name).strip())

"""Substring comparison for IMAP SEARCH (RFC 9051 §6.4.4), without case and, if the needle has none, without marks."""

from collections.abc import Callable
from unicodedata import normalize

from search.fold import canonical, fold


def contains(haystack: str, needle: str) -> bool:
    """Whether the needle is in the haystack; see `finder`. An empty needle is in everything."""
    return finder(needle)(haystack)


def finder(needle: str) -> Callable[[str], bool]:
    """A test for one needle, made once for many texts.

    RFC 9051 §6.4.4: "a message matches a key if the string is a substring of the associated text", without case.
    As i;unicode-casemap (RFC 5051) decomposes and title-cases, we compose and fold case, which equates the same texts
    and ß with ss besides. Wider, in the reader's favour: a needle without marks meets any marks ("bao" finds "Bão"), and
    one with marks meets either tone placement (hoà, hòa).
    """
    folded = fold(needle)
    cased = _cased(needle)
    if cased == folded:
        return lambda haystack: folded in fold(haystack)
    placed = canonical(needle)

    def found(haystack: str) -> bool:
        if folded not in fold(haystack):  # nearly always so, and a third of the work
            return False
        text = _cased(haystack)
        return cased in text or placed in canonical(text)

    return found


def _cased(text: str) -> str:
    return text.casefold() if text.isascii() else normalize("NFC", normalize("NFC", text).casefold())

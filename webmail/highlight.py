"""Marks the words of a search in a line, with or without Vietnamese marks."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable


def fold_char(char: str) -> str:
    """One letter without its marks; always one character, so that places stay the same."""
    if char in "đĐðÐ":
        return "d"
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char


def marked(text: str, words: Iterable[str]) -> Markup:
    """The text escaped, each found word in <mark>. A word with marks matches only itself."""
    shown = unicodedata.normalize("NFC", text)
    lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in shown)
    folded = "".join(fold_char(char) for char in shown)
    hits = [False] * len(shown)
    for raw in words:
        word = unicodedata.normalize("NFC", raw).lower()
        plain = "".join(fold_char(char) for char in word)
        for start in _places(folded if word == plain else lowered, word):
            hits[start : start + len(word)] = [True] * len(word)
    out: list[str] = []
    position = 0
    while position < len(shown):
        end = position
        while end < len(shown) and hits[end] == hits[position]:
            end += 1
        piece = escape(shown[position:end])
        out.append(f"<mark>{piece}</mark>" if hits[position] else str(piece))
        position = end
    return Markup("".join(out))  # noqa: S704 - every piece was escaped just above


def _places(text: str, word: str) -> list[int]:
    """Where a word begins in the text, whole words only."""
    found: list[int] = []
    start = text.find(word) if word else -1
    while start >= 0:
        end = start + len(word)
        before, after = text[start - 1 : start], text[end : end + 1]
        if not before.isalnum() and not after.isalnum():
            found.append(start)
        start = text.find(word, end)
    return found

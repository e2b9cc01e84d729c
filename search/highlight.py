"""Where a query is found in a text: typed pieces, never HTML; the page decides how a mark looks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from search.fold import Token, fold, tokens
from search.tree import Field, Phrase, Query, phrases

MAX_TEXT_CHARS: Final = 100_000  # what is past this is neither shown nor marked
MAX_SPANS: Final = 500
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text as written; `found` where the query meets it."""

    text: str
    found: bool = False


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    phrase: int  # which phrase of the query, so that a window with all of them wins


def highlight(text: str, query: Query, *, field: Field | None = None) -> tuple[Segment, ...]:
    """The whole text in segments, up to MAX_TEXT_CHARS; `field` leaves out what was asked of other fields."""
    text = text[:MAX_TEXT_CHARS]
    return _segments(text, _spans(text, query, field), 0, len(text))


def snippet(text: str, query: Query, *, field: Field | None = None, width: int = 200) -> tuple[Segment, ...]:
    """The part of the text, about `width` characters, that shows most of the query; its beginning if it shows none.

    White space is made single; … stands where text was left out.
    """
    text = _SPACES.sub(" ", text[:MAX_TEXT_CHARS]).strip()
    spans = _spans(text, query, field)
    start, end = _window(text, spans, width)
    shown = list(_segments(text, spans, start, end))
    if start > 0:
        shown.insert(0, Segment("…"))
    if end < len(text):
        shown.append(Segment("…"))
    return tuple(shown)


def _spans(text: str, query: Query, field: Field | None) -> list[_Span]:
    """Where the phrases of the query are, whatever marks they have here, in order and without overlap."""
    wanted = [phrase for phrase in phrases(query) if field is None or field in phrase.fields]
    if not wanted:
        return []
    parts: list[Token] = []
    wholes: list[Token] = []
    for token in tokens(text):
        (wholes if token.whole else parts).append(token)
    found: list[_Span] = []
    part_forms, whole_forms = [fold(token.text) for token in parts], [fold(token.text) for token in wholes]
    for number, phrase in enumerate(wanted):
        for places, forms in ((parts, part_forms), (wholes, whole_forms)):
            found += [
                _Span(places[first].start, places[last].end, number) for first, last in _runs(forms, phrase)
            ]
    found.sort(key=lambda span: (span.start, -span.end))
    apart: list[_Span] = []
    for span in found:
        if not apart or span.start >= apart[-1].end:
            apart.append(span)
            if len(apart) >= MAX_SPANS:
                break
    return apart


def _runs(forms: list[str], phrase: Phrase) -> Iterator[tuple[int, int]]:
    """First and last token of each place where the phrase stands."""
    *before, last = phrase.folded
    length = len(before)
    for end in range(length, len(forms)):
        meets = forms[end].startswith(last) if phrase.prefix else forms[end] == last
        if meets and forms[end - length : end] == before:
            yield end - length, end


def _window(text: str, spans: list[_Span], width: int) -> tuple[int, int]:
    """Start and end of the part to show, on spaces where there are any near."""
    if len(text) <= width:
        return 0, len(text)
    best, most = 0, -1
    first = 0
    for number, span in enumerate(spans):
        while first < number and spans[first].start < span.end - width * 3 // 4:
            first += 1
        shown = len({other.phrase for other in spans[first : number + 1]})
        if shown > most:
            best, most = spans[first].start, shown
    start = max(0, min(best - width // 4, len(text) - width))
    if start > 0:
        space = text.find(" ", start, max(start + 1, best))
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + width)
    if end < len(text):
        space = text.rfind(" ", max(start, end - 20), end)
        end = space if space > start else end
    return start, end


def _segments(text: str, spans: list[_Span], start: int, end: int) -> tuple[Segment, ...]:
    shown: list[Segment] = []
    at = start
    for span in spans:
        first, last = max(span.start, start), min(span.end, end)
        if first >= last:
            continue
        between = text[at:first]
        if shown and shown[-1].found and (not between or between.isspace()):
            shown[-1] = Segment(shown[-1].text + between + text[first:last], found=True)
        else:
            if between:
                shown.append(Segment(between))
            shown.append(Segment(text[first:last], found=True))
        at = last
    if at < end:
        shown.append(Segment(text[at:end]))
    return tuple(shown)

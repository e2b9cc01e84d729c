"""One document against one query, without an index: for the few letters that the indexer has not reached yet."""

from collections.abc import Collection

from search.engine import MANY, Document, Hit, normal_owners, tiers
from search.tree import And, Dates, Field, Not, Or, Phrase, Query

_Words = dict[Field, tuple[list[str], list[str]]]


def match(documents: Collection[Document], query: Query, owners: frozenset[int]) -> list[Hit]:
    """What an engine that holds just these documents would find, in its order."""
    hits = []
    for document in documents:
        has = normal_owners(document.owners)
        if has is not MANY and owners.isdisjoint(has):
            continue
        words = {
            field: (found.exact.split(), found.folded.split()) for field, found in document.streams().items()
        }
        for tier in tiers(query):
            if _meets(words, document.date, tier.query, exact=tier.exact):
                hits.append(Hit(document.id, document.date, tier.rank, shared=has is MANY))
                break
    return sorted(hits, key=hit_order)


def hit_order(hit: Hit) -> tuple[int, int, int]:
    """By rank, then newest first: the order of all engines, for merging what several found."""
    return hit.rank, -hit.date, -hit.id


def _meets(words: _Words, date: int, query: Query, *, exact: bool, negated: bool = False) -> bool:
    match query:
        case Phrase():
            as_spelt = query.marked and (exact or negated)
            return any(_holds(words[field][0 if as_spelt else 1], query, as_spelt) for field in query.fields)
        case Dates(start, end):
            return (start is None or start <= date) and (end is None or date < end)
        case And(parts):
            return all(_meets(words, date, part, exact=exact, negated=negated) for part in parts)
        case Or(parts):
            return any(_meets(words, date, part, exact=exact, negated=negated) for part in parts)
        case Not(part):
            return not _meets(words, date, part, exact=exact, negated=not negated)


def _holds(words: list[str], phrase: Phrase, as_spelt: bool) -> bool:
    *before, last = phrase.exact if as_spelt else phrase.folded
    length = len(before)
    return any(
        (word.startswith(last) if phrase.prefix else word == last) and words[end - length : end] == before
        for end, word in enumerate(words[length:], length)
    )

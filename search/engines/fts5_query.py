"""A query tree as an FTS5 query string. Every word stands in double quotes and holds none, so nothing can be injected."""

from collections.abc import Iterable, Sequence
from typing import Final

from search.days import covering_words
from search.tree import ALL_FIELDS, And, Dates, Field, Not, Or, Phrase, Query

# Columns of the index: each field as spelt and folded, and one of keys that no reader types.
EXACT_COLUMNS: Final = {field: f"exact_{field.value}" for field in Field}
FOLDED_COLUMNS: Final = {field: f"folded_{field.value}" for field in Field}
KEYS: Final = "keys"
ANY_DOCUMENT: Final = "all"
MANY_KEY: Final = "omany"


def owner_key(owner: int) -> str:
    """The index word of an owner."""
    return f"o{owner}"


def fts5_search(query: Query, owners: Sequence[str], *, exact: bool, earlier: Sequence[str]) -> str:
    """What is asked by these owners, less what earlier tiers gave.

    Owners stand beside the words in one AND, so that FTS5 skips in each list by all others; what is refused is looked at
    only where that AND meets.
    """
    parts = query.parts if isinstance(query, And) else (query,)
    asked = [fts5_query(part, exact=exact) for part in parts if not isinstance(part, Not)]
    refused = [fts5_query(part.part, exact=exact, negated=True) for part in parts if isinstance(part, Not)]
    keys = [any_key(owners)] if owners else []
    return without(" AND ".join([*keys, *asked]) or any_key([ANY_DOCUMENT]), [*refused, *earlier])


def fts5_query(query: Query, *, exact: bool, negated: bool = False) -> str:
    """The query in FTS5's language; words typed with marks are matched as spelt if `exact`, and always behind NOT."""
    match query:
        case Phrase():
            return _phrase(query, exact=query.marked and (exact or negated))
        case Dates(start, end):
            return any_key(covering_words(start, end))
        case And(parts):
            asked = [
                fts5_query(part, exact=exact, negated=negated) for part in parts if not isinstance(part, Not)
            ]
            refused = [
                fts5_query(part.part, exact=exact, negated=not negated)
                for part in parts
                if isinstance(part, Not)
            ]
            return without(" AND ".join(asked) or any_key([ANY_DOCUMENT]), refused)
        case Or(parts):
            return "(" + " OR ".join(fts5_query(part, exact=exact, negated=negated) for part in parts) + ")"
        case Not(part):
            return without(any_key([ANY_DOCUMENT]), [fts5_query(part, exact=exact, negated=not negated)])


def without(asked: str, refused: Iterable[str]) -> str:
    """What is asked less all that is refused."""
    less = " OR ".join(refused)
    return f"(({asked}) NOT ({less}))" if less else f"({asked})"


def any_key(keys: Iterable[str]) -> str:
    """Documents that carry one of the keys."""
    return f"{{{KEYS}}} : (" + " OR ".join(f'"{key}"' for key in keys) + ")"


def _phrase(phrase: Phrase, *, exact: bool) -> str:
    columns = EXACT_COLUMNS if exact else FOLDED_COLUMNS
    names = " ".join(columns[field] for field in (phrase.fields or ALL_FIELDS))
    words = " ".join(phrase.exact if exact else phrase.folded).replace('"', "")
    return f'({{{names}}} : "{words}"{" *" if phrase.prefix else ""})'

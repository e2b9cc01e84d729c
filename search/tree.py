"""What a query means, after parsing: a small frozen tree that every engine walks."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Field(StrEnum):
    """A part of a document that can be asked for by name."""

    SUBJECT = "subject"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    BODY = "body"
    FILES = "files"


ALL_FIELDS: tuple[Field, ...] = tuple(Field)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens in a row, inside one field; a single word is a phrase of one."""

    exact: tuple[str, ...]  # canonical forms
    folded: tuple[str, ...]
    fields: tuple[Field, ...] = ALL_FIELDS
    prefix: bool = False  # the last token may go on
    quoted: bool = False  # as the reader's own quotation marks asked, so never joined with its neighbours

    @property
    def marked(self) -> bool:
        """Whether it was typed with marks, so that letters spelt just so come first."""
        return self.exact != self.folded


@dataclass(frozen=True, slots=True)
class Dates:
    """Documents of these days: start ≤ date < end, in seconds since 1970; None leaves a side open."""

    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of these."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but this."""

    part: "Query"


Query: TypeAlias = Phrase | Dates | And | Or | Not

NOTHING = Or(())  # an empty alternative: what a query without one searchable character finds


def phrases(query: Query) -> list[Phrase]:
    """The phrases that a document should show: those not under a Not."""
    match query:
        case Phrase():
            return [query]
        case And(parts) | Or(parts):
            return [phrase for part in parts for phrase in phrases(part)]
        case _:
            return []


def marked(query: Query) -> bool:
    """Whether any word of it was typed with marks."""
    return any(phrase.marked for phrase in phrases(query))


def in_a_row(query: Query) -> Query | None:
    """The query with neighbouring plain words joined to phrases, or None where nothing joins.

    Vietnamese words are several syllables: “Nguyễn Văn An” as three syllables anywhere finds nearly every letter, so
    letters that hold them in a row come first.
    """
    if not isinstance(query, And):
        return None
    joined: list[Query] = []
    for part in query.parts:
        before = joined[-1] if joined else None
        if (
            isinstance(part, Phrase)
            and isinstance(before, Phrase)
            and not (part.quoted or before.quoted or before.prefix)
            and part.fields == before.fields
        ):
            joined[-1] = Phrase(
                before.exact + part.exact, before.folded + part.folded, part.fields, part.prefix
            )
        else:
            joined.append(part)
    if len(joined) == len(query.parts):
        return None
    return joined[0] if len(joined) == 1 else And(tuple(joined))

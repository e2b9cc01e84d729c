"""The one interface of all search engines: documents in, ids out, newest first, spelt-as-typed before the rest."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final, Literal, Protocol, TypeAlias

from search.fold import Streams, streams
from search.tree import Field, Query, in_a_row, marked

MAX_FIELD_CHARS: Final = (
    1_000_000  # what is past this in one field is not found; a million letters are 300 pages
)
MANY_OWNERS: Final = 64  # a document with more owners carries one token for many instead of one for each


class _Many(Enum):
    MANY = "many"


MANY: Final = _Many.MANY
Owners: TypeAlias = tuple[int, ...] | Literal[_Many.MANY]


class Rank(IntEnum):
    """How near a document is to what was typed; lower comes first."""

    EXACT_IN_A_ROW = 0  # spelt as typed, plain words side by side
    EXACT = 1
    FOLDED_IN_A_ROW = 2  # the same letters with other marks
    FOLDED = 3


@dataclass(frozen=True, slots=True)
class Document:
    """What is indexed. The id is the caller's; the date is what results are sorted by, in seconds since 1970."""

    id: int
    date: int
    owners: Owners
    subject: str = ""
    sender: str = ""
    recipients: str = ""
    body: str = ""
    files: str = ""
    other: str = ""  # found by substring only: header fields that nobody searches by words

    def text(self, name: Field) -> str:
        """One field of it, cut at MAX_FIELD_CHARS."""
        return str(getattr(self, name.value))[:MAX_FIELD_CHARS]

    def whole(self) -> str:
        """All of it, for substrings."""
        return "\n".join([*(self.text(name) for name in Field), self.other[:MAX_FIELD_CHARS]])

    def streams(self) -> dict[Field, Streams]:
        """Every field as tokens."""
        return {name: streams(self.text(name)) for name in Field}


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found."""

    id: int
    date: int
    rank: Rank
    shared: bool = False  # found by the token for many: whether this reader has it, only the caller can say

    @property
    def exact(self) -> bool:
        """Spelt as typed; a query without marks is always matched as typed."""
        return self.rank <= Rank.EXACT


class Engine(Protocol):
    """What fts5, postgres and whoosh all do, and what `tests/search/engines/test_contract.py` promises of them."""

    def index(self, documents: Iterable[Document], *, watermark: int | None = None) -> None:
        """Add or replace the documents, and move the watermark, in one durable transaction."""

    def set_owners(self, owners: Mapping[int, Owners]) -> frozenset[int]:
        """Say who has these documents now, without their texts: the ids that are indexed. Others are ignored."""

    def delete(self, ids: Collection[int]) -> None:
        """Forget the documents; unknown ids are ignored."""

    def search(
        self, query: Query, owners: frozenset[int], *, limit: int, before: Hit | None = None
    ) -> list[Hit]:
        """Documents of any of these owners (or of many) that match: by rank, then newest first.

        `before` is the last hit of the page before: what comes after it is given.
        """

    def watermark(self) -> int:
        """What the last indexing call stored; 0 for a new index."""

    def stale(self, limit: int) -> list[int]:
        """Documents that would be found faster if they were indexed again, because their owners changed."""

    def optimise(self) -> bool:
        """One bounded step of housekeeping; True if there is more to do."""

    def close(self) -> None:
        """Let go of files and connections."""


class SubstringEngine(Engine, Protocol):
    """An engine that also keeps trigrams: it can say which documents may hold a substring."""

    def candidates(self, needle: str, owners: frozenset[int]) -> frozenset[int] | None:
        """All documents of these owners that hold the needle, and perhaps others; None if it cannot tell."""


def normal_owners(owners: Owners) -> Owners:
    """Owners sorted and counted: more than MANY_OWNERS are MANY."""
    if owners is MANY:
        return MANY
    unique = tuple(sorted(set(owners)))
    return MANY if len(unique) > MANY_OWNERS else unique


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a search: documents that match `query` spelt so, and were not given by an earlier tier."""

    rank: Rank
    query: Query
    exact: bool


def tiers(query: Query) -> Sequence[Tier]:
    """The steps of a search, best first; each finds all that the ones above it find, and more.

    Spelt as typed counts before other marks, in a row before scattered. An unmarked query is always as typed.
    In an exact tier only words typed with marks must be spelt so; behind NOT they must be in every tier, or else
    "họp NOT hoãn" would lose the letters about hoàn.
    """
    row = in_a_row(query)
    forms: list[Tier] = []
    if marked(query):
        if row is not None:
            forms.append(Tier(Rank.EXACT_IN_A_ROW, row, exact=True))
        forms.append(Tier(Rank.EXACT, query, exact=True))
        if row is not None:
            forms.append(Tier(Rank.FOLDED_IN_A_ROW, row, exact=False))
        forms.append(Tier(Rank.FOLDED, query, exact=False))
        return forms
    if row is not None:
        forms.append(Tier(Rank.EXACT_IN_A_ROW, row, exact=False))
    forms.append(Tier(Rank.EXACT, query, exact=False))
    return forms

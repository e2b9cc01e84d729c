"""The engine of a cluster: PostgreSQL full-text search over our own tokens, so that it finds what FTS5 finds."""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from search.days import covering_words, day_words
from search.engine import MANY, Document, Hit, Owners, normal_owners, tiers
from search.tree import NOTHING, And, Dates, Field, Not, Or, Phrase, Query

# A lexeme is a field's letter, the form (x as spelt, d folded) and the token, so one tsvector and one GIN index hold all.
_LETTER: Final = {
    Field.SUBJECT: "s",
    Field.SENDER: "f",
    Field.RECIPIENTS: "t",
    Field.BODY: "b",
    Field.FILES: "n",
}
_MAX_POSITION: Final = 16_383  # PostgreSQL's; tokens past it are found, but not in phrases
_MAX_VECTOR_BYTES: Final = 900_000  # of the megabyte that a tsvector may take

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS search_documents (
    id bigint PRIMARY KEY, date bigint NOT NULL, owners bigint[], words tsvector NOT NULL);
CREATE INDEX IF NOT EXISTS search_documents_words ON search_documents USING gin (words);
CREATE INDEX IF NOT EXISTS search_documents_owners ON search_documents USING gin (owners);
CREATE TABLE IF NOT EXISTS search_facts (name text PRIMARY KEY, value bigint NOT NULL);
"""
_SCHEMA_LOCK: Final = 0x636F6E67  # two processes may start at once
_ADD: Final = (
    "INSERT INTO search_documents (id, date, owners, words) VALUES (%s, %s, %s, %s::tsvector) ON CONFLICT (id)"
    " DO UPDATE SET date = EXCLUDED.date, owners = EXCLUDED.owners, words = EXCLUDED.words"
)
_FIND: Final = (
    "SELECT id, date, owners IS NULL FROM search_documents WHERE words @@ %(words)s::tsquery"
    " AND (owners IS NULL OR owners && %(owners)s::bigint[])"
    " AND (%(date)s::bigint IS NULL OR (date, id) < (%(date)s::bigint, %(id)s::bigint))"
    " ORDER BY date DESC, id DESC LIMIT %(limit)s"
)


class PostgresEngine:
    """`Engine` on PostgreSQL 15 or newer. Each thread has a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = threading.local()
        self._lock = threading.Lock()
        self._opened: list[psycopg.Connection[Any]] = []
        with self._transaction() as db:
            db.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))
            db.execute(_SCHEMA)

    def index(self, documents: Iterable[Document], *, watermark: int | None = None) -> None:
        """Add or replace the documents, and move the watermark, in one durable transaction."""
        rows = {
            document.id: (document.id, document.date, _owners(document.owners), _vector(document))
            for document in documents
        }
        with self._transaction() as db:
            with db.cursor() as cursor:
                cursor.executemany(_ADD, [rows[id_] for id_ in sorted(rows)])
            if watermark is not None:
                db.execute(
                    "INSERT INTO search_facts VALUES ('watermark', %s)"
                    " ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value",
                    (watermark,),
                )

    def set_owners(self, owners: Mapping[int, Owners]) -> frozenset[int]:
        """Say who has these documents now; the ids that are indexed."""
        with self._transaction() as db:
            return frozenset(
                id_
                for id_, now in owners.items()
                if db.execute(
                    "UPDATE search_documents SET owners = %s WHERE id = %s", (_owners(now), id_)
                ).rowcount
            )

    def delete(self, ids: Collection[int]) -> None:
        """Forget the documents; unknown ids are ignored."""
        with self._transaction() as db:
            db.execute("DELETE FROM search_documents WHERE id = ANY(%s)", (list(ids),))

    def search(
        self, query: Query, owners: frozenset[int], *, limit: int, before: Hit | None = None
    ) -> list[Hit]:
        """Documents of these owners or of many: by rank, then newest first, going on after `before`."""
        hits: list[Hit] = []
        if query == NOTHING or not owners:
            return hits
        earlier: list[str] = []
        with self._transaction() as db:
            for tier in tiers(query):
                words = _tsquery(tier.query, exact=tier.exact)
                if before is None or tier.rank >= before.rank:
                    going_on = before is not None and tier.rank == before.rank
                    wanted = {
                        "words": " & ".join([words, *(f"!{other}" for other in earlier)]),
                        "owners": sorted(owners),
                        "date": before.date if before and going_on else None,
                        "id": before.id if before and going_on else None,
                        "limit": limit - len(hits),
                    }
                    rows = db.execute(_FIND, wanted)
                    hits.extend(Hit(id_, date, tier.rank, shared) for id_, date, shared in rows)
                    if len(hits) >= limit:
                        break
                earlier.append(words)
        return hits

    def watermark(self) -> int:
        """What the last indexing call stored; 0 for a new index."""
        with self._transaction() as db:
            row = db.execute("SELECT value FROM search_facts WHERE name = 'watermark'").fetchone()
            return int(row[0]) if row else 0

    def stale(self, limit: int) -> list[int]:
        """Nothing ever: owners are a column of their own."""
        del limit
        return []

    def optimise(self) -> bool:
        """Autovacuum does it."""
        return False

    def close(self) -> None:
        """Close every connection that any thread opened here."""
        with self._lock:
            for db in self._opened:
                db.close()
            self._opened.clear()
            self._local = threading.local()

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        db: psycopg.Connection[Any] | None = getattr(self._local, "db", None)
        if db is None or db.closed:
            db = self._local.db = psycopg.connect(self._url, autocommit=True)
            with self._lock:
                self._opened = [other for other in self._opened if not other.closed]
                self._opened.append(db)
        with db.transaction():
            yield db


def _owners(owners: Owners) -> list[int] | None:
    """NULL stands for many."""
    normal = normal_owners(owners)
    return None if normal is MANY else list(normal)


def _lexeme(text: str) -> str:
    # Tokens hold no quotes or backslashes; should one ever, it must not end the literal.
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _vector(document: Document) -> str:
    """The document's tokens in tsvector's own notation, each with its position."""
    parts = [_lexeme(f"k{word}") for word in ("all", *day_words(document.date))]
    size = 0
    for field, words in document.streams().items():
        for position, (exact, folded) in enumerate(
            zip(words.exact.split(), words.folded.split(), strict=True), 1
        ):
            place = min(position, _MAX_POSITION)
            size += len(exact.encode()) + len(folded.encode()) + 16
            if size > _MAX_VECTOR_BYTES:
                return " ".join(parts)
            parts.append(f"{_lexeme(f'{_LETTER[field]}x{exact}')}:{place}")
            parts.append(f"{_lexeme(f'{_LETTER[field]}d{folded}')}:{place}")
    return " ".join(parts)


def _tsquery(query: Query, *, exact: bool, negated: bool = False) -> str:
    """The query in tsquery's notation; words typed with marks are matched as spelt if `exact`, and always behind NOT."""
    match query:
        case Phrase():
            as_spelt = query.marked and (exact or negated)
            return _either(_phrase(query, field, as_spelt) for field in query.fields)
        case Dates(start, end):
            return _either(_lexeme(f"k{word}") for word in covering_words(start, end))
        case And(parts):
            return "(" + " & ".join(_tsquery(part, exact=exact, negated=negated) for part in parts) + ")"
        case Or(parts):
            return _either(_tsquery(part, exact=exact, negated=negated) for part in parts)
        case Not(part):
            return f"({_lexeme('kall')} & !{_tsquery(part, exact=exact, negated=not negated)})"


def _either(parts: Iterable[str]) -> str:
    return "(" + " | ".join(parts) + ")"


def _phrase(phrase: Phrase, field: Field, exact: bool) -> str:
    form = "x" if exact else "d"
    words = [_lexeme(f"{_LETTER[field]}{form}{word}") for word in (phrase.exact if exact else phrase.folded)]
    return "(" + " <-> ".join(words) + (":*" if phrase.prefix else "") + ")"

"""The default engine: SQLite FTS5 in a database file of its own, which can be rebuilt from the letters at any time."""

import json
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite

from search.days import day_words
from search.engine import MANY, Document, Hit, Owners, Tier, normal_owners, tiers
from search.engines.fts5_query import (
    ANY_DOCUMENT,
    MANY_KEY,
    any_key,
    fts5_query,
    fts5_search,
    owner_key,
)
from search.engines.trigrams import SCHEMA as TRIGRAM_SCHEMA
from search.engines.trigrams import add_trigrams, forget_trigrams, trigram_query
from search.fold import Streams
from search.tree import NOTHING, And, Dates, Field, Query

# A slot is the rowid of a document: its date, then a number among those of one second. FTS5 gives rows in rowid order,
# so results come newest first, and days are a range of rowids, without sorting or joining.
_SLOT_BITS: Final = 10
_LAST_SECOND: Final = 1 << 40
_MERGE_PAGES: Final = 400  # about 1.6 MB written in one step of housekeeping
_MANY_LATE: Final = -1  # MANY in the table of late owners

# In one literal, so that what SQLite is told can be read; `fts5_query` names the same columns. Tokens come joined by
# spaces; the extra token characters stand inside whole references and addresses. hashsize: postings gathered in memory
# before a segment is written.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS documents (
    slot INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, date INTEGER NOT NULL,
    owners TEXT NOT NULL, indexed_owners TEXT NOT NULL);
-- Owners that came after a document was indexed: a contentless FTS5 row cannot change one column.
CREATE TABLE IF NOT EXISTS late_owners (owner INTEGER, slot INTEGER, PRIMARY KEY (owner, slot)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS late_owners_slot ON late_owners (slot);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    exact_subject, exact_sender, exact_recipients, exact_body, exact_files,
    folded_subject, folded_sender, folded_recipients, folded_body, folded_files, keys,
    content='', contentless_delete=1, tokenize="ascii tokenchars '/-.@+&=_'");
INSERT INTO words (words, rank) VALUES ('hashsize', 8388608);
"""
_INSERT_WORDS: Final = (
    "INSERT INTO words (rowid, exact_subject, exact_sender, exact_recipients, exact_body, exact_files,"
    " folded_subject, folded_sender, folded_recipients, folded_body, folded_files, keys)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FOUND: Final = (
    "SELECT d.slot, d.id, d.date, d.owners FROM words CROSS JOIN documents AS d ON d.slot = words.rowid"
    " WHERE words MATCH ? AND words.rowid >= ? AND words.rowid < ?"
)
_NEWEST_FIRST: Final = " ORDER BY words.rowid DESC"
_IS_LATE: Final = "SELECT slot FROM late_owners WHERE owner IN (SELECT value FROM json_each(?))"
_CANDIDATES: Final = (
    "SELECT d.id, d.owners FROM trigrams CROSS JOIN documents AS d ON d.slot = trigrams.rowid"
    " WHERE trigrams MATCH ? AND +trigrams.rowid IN (SELECT rowid FROM words WHERE words MATCH ?"
    " UNION SELECT slot FROM late_owners WHERE owner IN (SELECT value FROM json_each(?)))"
)
_FOUND_INDEXED: Final = _FOUND + _NEWEST_FIRST
# FTS5 answers for one rowid in about a millisecond; for more, all that match are held against the set of rowids
# (the + keeps the set from FTS5).
_FEW_LATE: Final = 10
_ARE_LATE: Final = f"{_IS_LATE} LIMIT ?"
_FOUND_LATE_FEW: Final = f"{_FOUND} AND words.rowid IN ({_IS_LATE}){_NEWEST_FIRST}"
_FOUND_LATE_MANY: Final = f"{_FOUND} AND +words.rowid IN ({_IS_LATE}){_NEWEST_FIRST}"


@dataclass(frozen=True, slots=True)
class _Row:
    slot: int
    id: int
    date: int
    owners: str


class Fts5Engine:
    """`Engine` on one SQLite file. Any number of threads may search; one writes at a time, across processes too.

    With `substrings` it also keeps trigrams, for `candidates`; say the same for a file each time.
    """

    def __init__(self, path: Path, *, substrings: bool = False) -> None:
        self._path = path
        self._substrings = substrings
        self._lock = threading.Lock()
        self._local = threading.local()
        self._opened: list[Any] = []
        self._writer = self._connect()
        with self._writing() as db:
            for statement in _SCHEMA.split(";\n"):
                db.execute(statement)
            if substrings:
                db.execute(TRIGRAM_SCHEMA)

    # --- Writing ------------------------------------------------------------------------------------------------------

    def index(self, documents: Iterable[Document], *, watermark: int | None = None) -> None:
        """Add or replace the documents, and move the watermark, in one durable transaction."""
        ready = {document.id: (document, document.streams()) for document in documents}
        with self._writing() as db:
            self._forget(db, ready)
            # In order of slots: FTS5 writes out what it gathered whenever a rowid goes back.
            for document, words in sorted(ready.values(), key=lambda item: (item[0].date, item[0].id)):
                slot = _add(db, document, words)
                if self._substrings:
                    add_trigrams(db, slot, document.whole())
            if watermark is not None:
                db.execute("INSERT OR REPLACE INTO facts VALUES ('watermark', ?)", (watermark,))

    def set_owners(self, owners: Mapping[int, Owners]) -> frozenset[int]:
        """Say who has these documents now, found at once; the ids that are indexed.

        Owners it was indexed for are in its postings; others wait in a table until it is indexed again (`stale`).
        """
        known: set[int] = set()
        with self._writing() as db:
            for id_, now in owners.items():
                row = db.execute(
                    "SELECT slot, owners, indexed_owners FROM documents WHERE id = ?", (id_,)
                ).fetchone()
                if row is not None:
                    known.add(id_)
                    _set_owners(db, row, _owners_text(normal_owners(now)))
        return frozenset(known)

    def delete(self, ids: Collection[int]) -> None:
        """Forget the documents; unknown ids are ignored."""
        with self._writing() as db:
            self._forget(db, ids)

    def optimise(self) -> bool:
        """Merge some segments, bounded; True if there is more to merge."""
        with self._writing() as db:
            before = db.total_changes
            db.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (_MERGE_PAGES,))
            if self._substrings:
                db.execute("INSERT INTO trigrams (trigrams, rank) VALUES ('merge', ?)", (_MERGE_PAGES,))
            return bool(db.total_changes - before > self._substrings + 1)  # as FTS5's manual says

    def _forget(self, db: Any, ids: Iterable[int]) -> None:
        for id_ in ids:
            row = db.execute("SELECT slot FROM documents WHERE id = ?", (id_,)).fetchone()
            if row is not None:
                db.execute("DELETE FROM words WHERE rowid = ?", row)
                if self._substrings:
                    forget_trigrams(db, row[0])
                db.execute("DELETE FROM late_owners WHERE slot = ?", row)
                db.execute("DELETE FROM documents WHERE slot = ?", row)

    # --- Reading ------------------------------------------------------------------------------------------------------

    def search(
        self, query: Query, owners: frozenset[int], *, limit: int, before: Hit | None = None
    ) -> list[Hit]:
        """Documents of these owners or of many: by rank, then newest first, going on after `before`."""
        hits: list[Hit] = []
        if query == NOTHING or not owners:
            return hits
        with self._reading() as db:
            end = _LAST_SECOND << _SLOT_BITS if before is None else _slot_of(db, before)
            earlier: list[str] = []
            for tier in tiers(query):
                if before is None or tier.rank >= before.rank:
                    going_on = before is not None and tier.rank == before.rank
                    low, high = _slots(query, end if going_on else _LAST_SECOND << _SLOT_BITS)
                    for row in _rows(db, tier, earlier, owners, low, high):
                        hits.append(Hit(row.id, row.date, tier.rank, shared=row.owners == MANY_KEY))
                        if len(hits) >= limit:
                            return hits
                earlier.append(fts5_query(tier.query, exact=tier.exact))
        return hits

    def candidates(self, needle: str, owners: frozenset[int]) -> frozenset[int] | None:
        """Ids of documents of these owners or of many that may hold the needle; all that do are among them.

        None says that the index cannot tell: it keeps no trigrams or the needle has none, so every text must be read.
        """
        grams = trigram_query(needle) if self._substrings else None
        if grams is None:
            return None
        keys = any_key([MANY_KEY, *map(owner_key, sorted(owners))])
        with self._reading() as db:
            rows = db.execute(_CANDIDATES, (grams, keys, json.dumps([_MANY_LATE, *owners]))).fetchall()
        return frozenset(
            int(id_) for id_, held in rows if held == MANY_KEY or not owners.isdisjoint(_owner_numbers(held))
        )

    def watermark(self) -> int:
        """What the last indexing call stored; 0 for a new index."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM facts WHERE name = 'watermark'").fetchone()
            return int(row[0]) if row else 0

    def stale(self, limit: int) -> list[int]:
        """Documents with late owners."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT DISTINCT d.id FROM late_owners AS o JOIN documents AS d ON d.slot = o.slot LIMIT ?",
                (limit,),
            )
            return [int(row[0]) for row in rows]

    # --- Connections --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close every connection that any thread opened here."""
        with self._lock:
            for db in self._opened:
                db.close()
            self._opened.clear()
            self._local = threading.local()

    def _connect(self) -> Any:
        db = sqlite.connect(str(self._path), isolation_level=None, check_same_thread=False, timeout=30)
        db.execute("PRAGMA journal_mode = WAL")
        # A power cut may take the last transactions, and their watermark with them: the indexer does them again.
        db.execute("PRAGMA synchronous = NORMAL")
        self._opened.append(db)
        return db

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        db = getattr(self._local, "db", None)
        if db is None:
            with self._lock:
                db = self._local.db = self._connect()
        db.execute("BEGIN")  # one state of the index for all tiers
        try:
            yield db
        finally:
            db.execute("ROLLBACK")


def _set_owners(db: Any, row: tuple[int, str, str], wanted: str) -> None:
    slot, before, indexed = row
    if before == wanted:
        return
    db.execute("UPDATE documents SET owners = ? WHERE slot = ?", (wanted, slot))
    db.execute("DELETE FROM late_owners WHERE slot = ?", (slot,))
    late = _owner_numbers(wanted) - _owner_numbers(indexed)
    if MANY_KEY not in indexed:
        db.executemany("INSERT INTO late_owners VALUES (?, ?)", [(owner, slot) for owner in sorted(late)])


def _add(db: Any, document: Document, words: dict[Field, Streams]) -> int:
    slot = _free_slot(db, document.date)
    owners = _owners_text(normal_owners(document.owners))
    db.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?)", (slot, document.id, document.date, owners, owners)
    )
    keys = " ".join((ANY_DOCUMENT, *day_words(document.date), owners))
    exact = [words[field].exact for field in Field]
    folded = [words[field].folded for field in Field]
    db.execute(_INSERT_WORDS, (slot, *exact, *folded, keys))
    return slot


def _free_slot(db: Any, seconds: int) -> int:
    """The next slot of that second, or of one soon after when a thousand letters share it."""
    second = min(max(seconds, 0), _LAST_SECOND - 1)
    while True:
        first, end = second << _SLOT_BITS, (second + 1) << _SLOT_BITS
        last = db.execute(
            "SELECT slot FROM documents WHERE slot >= ? AND slot < ? ORDER BY slot DESC LIMIT 1", (first, end)
        ).fetchone()
        if last is None:
            return first
        if last[0] + 1 < end:
            return int(last[0]) + 1
        second += 1


def _slot_of(db: Any, hit: Hit) -> int:
    row = db.execute("SELECT slot FROM documents WHERE id = ?", (hit.id,)).fetchone()
    return int(row[0]) if row else max(hit.date, 0) << _SLOT_BITS


def _slots(query: Query, high: int) -> tuple[int, int]:
    """The range of slots that the query's days leave; FTS5 skips to it."""
    low = 0
    for part in query.parts if isinstance(query, And) else (query,):
        if isinstance(part, Dates):
            low = max(low, (part.start or 0) << _SLOT_BITS)
            # Letters of a crowded second spill into the next ones, so the day words still decide at the upper end.
            if part.end is not None:
                high = min(high, (part.end + 3600) << _SLOT_BITS)
    return low, high


def _rows(
    db: Any, tier: Tier, earlier: list[str], owners: frozenset[int], low: int, high: int
) -> Iterator[_Row]:
    """Matching documents, newest first, lazily: the caller takes as many as it needs."""
    keys = [MANY_KEY, *map(owner_key, sorted(owners))]
    numbers = json.dumps([_MANY_LATE, *sorted(owners)])
    with closing(db.cursor()) as indexed, closing(db.cursor()) as late:
        words = fts5_search(tier.query, keys, exact=tier.exact, earlier=earlier)
        indexed.execute(_FOUND_INDEXED, (words, low, high))
        sources = [indexed]
        waiting = len(db.execute(_ARE_LATE, (numbers, _FEW_LATE + 1)).fetchall())
        if waiting:
            words = fts5_search(tier.query, [], exact=tier.exact, earlier=earlier)
            statement = _FOUND_LATE_FEW if waiting <= _FEW_LATE else _FOUND_LATE_MANY
            late.execute(statement, (words, low, high, numbers))
            sources.append(late)
        last = -1
        for found in merge(*sources, key=lambda row: row[0], reverse=True):
            row = _Row(*found)
            if row.slot != last and (row.owners == MANY_KEY or _owner_numbers(row.owners) & owners):
                last = row.slot
                yield row


def _owners_text(owners: Owners) -> str:
    """The owners as index words."""
    return MANY_KEY if owners is MANY else " ".join(map(owner_key, owners))


def _owner_numbers(text: str) -> set[int]:
    if text == MANY_KEY:
        return {_MANY_LATE}
    return {int(key[1:]) for key in text.split()}

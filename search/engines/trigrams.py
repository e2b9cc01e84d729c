"""Candidates for substrings (IMAP SEARCH): an FTS5 trigram table beside the words, by the same slots.

It says which documents may hold a string; the text decides (`search.substring`), as RFC 9051 §6.4.4 asks.
"""

from typing import Any, Final

from search.fold import fold

MAX_TRIGRAMS: Final = 16  # of a needle; more make no list shorter
_GRAM: Final = 3
# detail=none: neither places nor columns, a third of the size; each trigram is then asked for by itself.
SCHEMA: Final = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS trigrams USING fts5("
    "text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1')"
)


def trigram_query(needle: str) -> str | None:
    """The needle's trigrams in FTS5's language; None if it is too short to have one."""
    text = _plain(needle)
    grams = sorted({text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)})
    if not grams:
        return None
    step = max(1, len(grams) // MAX_TRIGRAMS)
    quoted = ('"' + gram.replace('"', '""') + '"' for gram in grams[::step][:MAX_TRIGRAMS])
    return " AND ".join(quoted)


def add_trigrams(db: Any, slot: int, text: str) -> None:
    """Index the whole searchable text of a document."""
    db.execute("INSERT INTO trigrams (rowid, text) VALUES (?, ?)", (slot, _plain(text)))


def forget_trigrams(db: Any, slot: int) -> None:
    """Forget a document."""
    db.execute("DELETE FROM trigrams WHERE rowid = ?", (slot,))


def _plain(text: str) -> str:
    # FTS5 reads a query up to NUL, and lone surrogates have no UTF-8: both become what no one looks for.
    return fold(text).replace("\0", "\ufffd").encode(errors="replace").decode()

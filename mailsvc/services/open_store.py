"""Opening an installation's store and search index, for processes other than the mail process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.storage import migrate
from mailsvc.storage.store import Store
from search.engines.fts5 import Fts5Engine

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings
    from search.engine import SubstringEngine

__all__ = ["Store", "index_path", "open_index", "open_store"]


def index_path(data_dir: Path) -> Path:
    """The search index: it can be deleted, and is then built again."""
    return data_dir / "search.db"


def open_store(data_dir: Path, settings: Settings) -> Store:
    """The store, checked for its schema (StoreUnavailable says what to do)."""
    store = Store(data_dir, settings.storage)
    migrate.check(store.database)
    return store


def open_index(data_dir: Path) -> SubstringEngine:
    """The search index."""
    return Fts5Engine(index_path(data_dir), substrings=True)

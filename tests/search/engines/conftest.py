from collections.abc import Iterator
from pathlib import Path

import pytest

from search.engine import Engine
from search.engines.fts5 import Fts5Engine
from search.engines.postgres import PostgresEngine
from search.engines.whoosh import WhooshEngine


@pytest.fixture(params=["fts5", "postgres", "whoosh"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Each engine in turn, empty."""
    made: Engine
    match request.param:
        case "fts5":
            made = Fts5Engine(tmp_path / "search.db")
        case "postgres":
            made = PostgresEngine(request.getfixturevalue("postgres_url"))
        case _:
            made = WhooshEngine(tmp_path / "whoosh")
    yield made
    made.close()

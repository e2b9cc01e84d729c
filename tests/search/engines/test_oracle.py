"""On letters and queries made at random, fts5, postgres and plain matching find what Whoosh finds, in the same order."""

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engine import MANY, Document, Engine
from search.engines.fts5 import Fts5Engine
from search.engines.postgres import PostgresEngine
from search.engines.whoosh import WhooshEngine
from search.match import match
from search.query import QueryError, parse_query
from tests.support.postgres import PostgresServer

WORDS = [
    "bão", "bao", "BẢO", "báo", "số", "so", "sở", "5", "05", "hoà", "hòa", "hoa", "Đạ", "da", "Ròn", "A", "an", "quý",
    "qúy", "họp", "123/QĐ-UBND", "123-CV/TU", "5 /CĐ-UBND", "annv@lamdong.gov.vn", "05/11/2026", "K'Brếp", "công_điện.pdf",
]  # fmt: skip
START = 1_793_000_000


def _letters() -> list[Document]:
    chance = random.Random(5)

    def text(most: int) -> str:
        written = " ".join(chance.choices(WORDS, k=chance.randrange(most + 1)))
        return normalize("NFD", written) if chance.random() < 0.3 else written

    return [
        Document(
            id=number,
            date=START + number * 40_000,
            owners=MANY if number % 17 == 0 else tuple(chance.sample(range(1, 6), 2)),
            subject=text(4),
            sender=text(2),
            recipients=text(2),
            body=text(9),
            files=text(1),
        )
        for number in range(1, 121)
    ]


CHANGED = (3, 34, 60, 90)
GONE = (7, 8, 9)


@cache
def _present() -> list[Document]:
    """The letters as they stand when all is done to them."""
    return [
        replace(letter, owners=(1, 2, 3, 4, 5)) if letter.id in CHANGED else letter
        for letter in _letters()
        if letter.id not in GONE
    ]


@pytest.fixture(scope="module")
def engines(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[dict[str, Engine]]:
    folder = tmp_path_factory.mktemp("oracle")
    url = postgres_server.create_database()
    made: dict[str, Engine] = {
        "fts5": Fts5Engine(folder / "search.db"),
        "postgres": PostgresEngine(url),
        "whoosh": WhooshEngine(folder / "whoosh"),
    }
    letters = _letters()
    for engine in made.values():
        engine.index(letters[:80])
        engine.index(letters[70:])
        for number in CHANGED:
            engine.set_owners({number: (1, 2, 3, 4, 5)})
        engine.delete(GONE)
    yield made
    for engine in made.values():
        engine.close()
    postgres_server.drop_database(url)


PLAIN = st.sampled_from(WORDS)
PHRASE = st.lists(PLAIN, min_size=2, max_size=3).map(lambda words: '"' + " ".join(words) + '"')
PREFIX = st.sampled_from(["công*", "con*", "BREP*", "lamd*", "123/QĐ*", "annv*", "th*"])
DAYS = st.sampled_from(["ngày:11/2026", "ngày:20/11/2026", "sau:25/10/2026", "trước:12/11/2026", "ngày:2026"])
NAMED = st.builds(
    "{}:{}".format, st.sampled_from(["từ", "đến", "người", "subject", "tệp", "body"]), PLAIN | PHRASE
)
ATOM = st.one_of(PLAIN, PLAIN, PHRASE, PREFIX, DAYS, NAMED)
QUERY = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(" ".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " OR ".join(parts) + ")"),
        inner.map(lambda part: f"NOT ({part})"),
        st.builds("({} NOT {})".format, inner, ATOM),
    ),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=QUERY, owners=st.frozensets(st.integers(1, 5), min_size=1, max_size=2))
def test_engines_agree(engines: dict[str, Engine], typed: str, owners: frozenset[int]) -> None:
    try:
        query = parse_query(typed)
    except QueryError:
        return
    found = {name: engine.search(query, owners, limit=500) for name, engine in engines.items()}
    assert found["fts5"] == found["whoosh"]
    assert found["postgres"] == found["whoosh"]
    assert match(_present(), query, owners) == found["whoosh"]
    assert all((hit.rank, -hit.date) <= (after.rank, -after.date) for hit, after in pairwise(found["fts5"]))
    page = engines["fts5"].search(query, owners, limit=3)
    rest = engines["fts5"].search(query, owners, limit=500, before=page[-1]) if page else []
    assert page + rest == found["fts5"]

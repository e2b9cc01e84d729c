"""What the embedded engine promises beyond the contract: its file, its threads, its candidates for substrings."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engine import MANY, Document
from search.engines.fts5 import Fts5Engine
from search.fold import fold
from search.query import parse_query
from search.substring import contains

OWNER = frozenset({1})


def report(number: int) -> Document:
    return Document(number, 1_795_000_000 + number, (1,), f"Báo cáo số {number}")


def found(engine: Fts5Engine, typed: str) -> list[int]:
    return [hit.id for hit in engine.search(parse_query(typed), OWNER, limit=1_000)]


def test_an_index_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    first = Fts5Engine(tmp_path / "search.db")
    first.index([report(1)], watermark=5)
    first.set_owners({1: (1, 2)})
    first.close()
    second = Fts5Engine(tmp_path / "search.db")
    assert found(second, "bao cao") == [1]
    assert second.watermark() == 5
    assert second.stale(10) == [1]
    second.close()


def test_another_process_sees_what_was_indexed(tmp_path: Path) -> None:
    writer, reader = Fts5Engine(tmp_path / "search.db"), Fts5Engine(tmp_path / "search.db")
    writer.index([report(1)])
    assert found(reader, "báo cáo") == [1]
    reader.index([report(2)])
    assert found(writer, "báo cáo") == [2, 1]
    writer.close()
    reader.close()


def test_threads_search_while_one_indexes(tmp_path: Path) -> None:
    engine = Fts5Engine(tmp_path / "search.db")
    engine.index([report(0)])
    done = threading.Event()
    mistakes: list[object] = []

    def search() -> None:
        last = 0
        while not done.is_set():
            count = len(found(engine, "bao cao"))
            if count < max(last, 1) or count % 10 != 1:  # never less than before, never half a batch
                mistakes.append(count)
            last = count

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for batch in range(20):
        engine.index([report(1 + batch * 10 + number) for number in range(10)])
    done.set()
    for thread in threads:
        thread.join()
    engine.close()
    assert mistakes == []


def test_the_index_keeps_no_text(tmp_path: Path) -> None:
    engine = Fts5Engine(tmp_path / "search.db")
    engine.index([Document(1, 1_795_000_000, (1,), "chuyện riêng tư khó đoán lắm thay")])
    engine.close()
    stored = (tmp_path / "search.db").read_bytes()
    assert "riêng tư khó".encode() not in stored
    assert b"rieng tu kho" not in stored


def test_candidates_for_a_substring_are_the_readers_own(tmp_path: Path) -> None:
    engine = Fts5Engine(tmp_path / "search.db", substrings=True)
    engine.index(
        [
            Document(1, 10, (1,), "Công điện", other="X-Mailer: Thunderbird"),
            Document(2, 20, (2,), "Công điện"),
            Document(3, 30, MANY, "ông điệu"),
            Document(4, 40, (1,), "điện công"),
        ]
    )
    assert engine.candidates("ông đi", OWNER) == frozenset({1, 3})
    assert engine.candidates("thunderBIRD", OWNER) == frozenset({1})
    assert found(engine, "thunderbird") == []
    assert engine.candidates('x" OR "y', OWNER) == frozenset()
    assert engine.candidates("đi", OWNER) is None
    engine.set_owners({2: (1, 2)})
    engine.set_owners({1: (2,)})
    engine.delete([3])
    assert engine.candidates("công đi", OWNER) == frozenset({2})
    while engine.optimise():
        pass
    engine.close()


def test_an_index_without_trigrams_says_that_it_cannot_tell(tmp_path: Path) -> None:
    engine = Fts5Engine(tmp_path / "search.db")
    assert engine.candidates("công điện", OWNER) is None
    engine.close()


@pytest.fixture(scope="module")
def substrings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fts5Engine]:
    engine = Fts5Engine(tmp_path_factory.mktemp("trigrams") / "search.db", substrings=True)
    yield engine
    engine.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.text(max_size=6),
    needle=st.one_of(st.text(max_size=30), st.text("aáàâđĐoòuúyýhHqQ \"'\x00", max_size=30)),
    after=st.text(max_size=6),
)
def test_whatever_holds_the_needle_is_a_candidate(
    substrings: Fts5Engine, before: str, needle: str, after: str
) -> None:
    text = before + needle + after
    substrings.index([Document(1, 10, (1,), body=text)])
    candidates = substrings.candidates(needle, OWNER)
    if candidates is None:
        assert len(fold(needle)) < 3
    elif contains(text, needle):
        assert candidates == frozenset({1})

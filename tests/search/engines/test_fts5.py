"""What the embedded engine promises beyond the contract: its file, its threads, its candidates for substrings."""

import threading
from pathlib import Path

from search.engine import Document
from search.engines.fts5 import Fts5Engine
from search.query import parse_query

OWNER = frozenset({1})


def report(number: int) -> Document:
    return Document(number, 1_795_000_000 + number, (1,), f"Báo cáo số {number}")


def found(engine: Fts5Engine, typed: str) -> list[int]:
    return [hit.id for hit in engine.search(parse_query(typed), OWNER, limit=1_000)]


def test_an_index_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    first = Fts5Engine(tmp_path / "search.db")
    first.index([report(1)], watermark=5)
    first.set_owners(1, (1, 2))
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

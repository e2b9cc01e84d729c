"""Everybody has a turn, and a letter is in one worker's hands at a time, on both databases."""

import threading
import time

import pytest

from mailsvc.services.receive import prepare
from mailsvc.storage import messages, outbound, outbound_claims, outbound_history
from mailsvc.storage.store import Store
from tests.support.mail import letter, make_store


def queue(store: Store, sender: int | None, count: int) -> None:
    with store.write() as uow:
        message = messages.put(uow, prepare(letter(1), store.pieces))
        recipients = [outbound.NewRecipient(f"r{number}@x.vn", "x.vn") for number in range(count)]
        outbound.add(uow, message, recipients, reverse_path="", account=sender)  # type: ignore[arg-type]


def claim(store: Store, worker: str, limit: int, after: int = -1) -> list[outbound.QueuedRecipient]:
    with store.write() as uow:
        return outbound_claims.claim(uow, worker, until=uow.clock() + 3600, limit=limit, after_sender=after)


def senders(claimed: list[outbound.QueuedRecipient]) -> dict[int, int]:
    return {one.sender_id: [other.sender_id for other in claimed].count(one.sender_id) for one in claimed}


def test_a_sender_with_a_mountain_does_not_keep_the_others_waiting(store: Store) -> None:
    queue(store, 7, 500)
    queue(store, 8, 3)
    queue(store, None, 2)
    assert senders(claim(store, "w", 30)) == {0: 2, 7: 25, 8: 3}
    assert senders(claim(store, "w", 30)) == {7: 30}


def test_the_next_round_begins_behind_the_last_sender(store: Store) -> None:
    for sender in (1, 2, 3):
        queue(store, sender, 5)
    assert [one.sender_id for one in claim(store, "w", 2, after=1)] == [2, 3]
    assert [one.sender_id for one in claim(store, "w", 2, after=3)] == [1, 2]


def test_what_is_claimed_is_nobody_elses_until_the_claim_ends(store: Store) -> None:
    queue(store, 1, 4)
    assert len(claim(store, "a", 3)) == 3
    assert len(claim(store, "b", 3)) == 1
    store.clock.now += 3601  # type: ignore[attr-defined]
    assert len(claim(store, "b", 10)) == 4


def test_a_worker_that_died_takes_back_its_own_and_no_more(store: Store) -> None:
    queue(store, 1, 6)
    claim(store, "a", 2)
    claim(store, "b", 2)
    with store.write() as uow:
        assert outbound_claims.give_back_all(uow, "a") == 2
    assert len(claim(store, "c", 10)) == 4


def test_a_result_ends_the_claim_and_an_operators_hold_outlives_a_failure(store: Store) -> None:
    queue(store, 1, 2)
    first, second = claim(store, "a", 2)
    with store.write() as uow:
        outbound.set_state(uow, first.id, "sent", next_attempt=0, reply="250")
        assert outbound_history.move(uow, second.id, from_state="waiting", to_state="held", why="x")
        outbound.set_state(uow, second.id, "waiting", next_attempt=0, reply="450")
    with store.read() as db:
        assert [one.state for one in outbound.recipients(db, first.outbound_id)] == ["sent", "held"]
    assert claim(store, "a", 5) == []


@pytest.mark.parametrize("workers", [3])
def test_workers_at_the_same_time_share_without_overlap(store: Store, workers: int) -> None:
    queue(store, 1, 60)
    queue(store, 2, 60)
    got: dict[str, list[int]] = {}

    def work(name: str) -> None:
        got[name] = []
        while mine := claim(store, name, 7):
            got[name] += [one.id for one in mine]

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    everything = sorted(number for mine in got.values() for number in mine)
    assert len(everything) == len(set(everything)) == 120


def test_a_hundred_thousand_letters_that_wait_do_not_delay_the_start(tmp_path) -> None:
    store = make_store(tmp_path / "data")
    for sender in range(1, 51):
        queue(store, sender, 2000)
    started = time.perf_counter()
    with store.write() as uow:
        assert outbound_claims.give_back_all(uow, "w") == 0
    claimed = claim(store, "w", 500)
    assert time.perf_counter() - started < 2
    assert set(senders(claimed).values()) == {10}
    store.close()

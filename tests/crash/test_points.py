"""`kill -9` at every kind of system call of every kind of act: what was acknowledged is there, once (issue 4)."""

import json
import os
import random
import shutil
import signal
import time

import pytest

from mailsvc.storage.store import Store
from tests.crash import tracer
from tests.crash.acts import PLANS, Acts, make_base, open_store
from tests.crash.book import Book, Counts
from tests.support.mail import make_store

SEED = int(os.environ.get("CONGVU_CRASH_SEED", "20261122"))
POINTS = int(os.environ.get("CONGVU_CRASH_POINTS", "2000"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A store with letters in it, its ledger."""
    place = tmp_path_factory.mktemp("crash") / "base"
    return place, make_base(place)


class Worker:
    """Acts of a plan on a copy of the base, in a child."""

    def __init__(self, base, place, plan: str, seed: int) -> None:
        self.base, self.book = base
        self.place = place
        self.plan = plan
        self.seed = seed

    def __call__(self, tell) -> None:
        store = open_store(self.place)
        Acts(store, random.Random(self.seed), lambda said: tell(json.dumps(said)), self.book.copy()).run(
            PLANS[self.plan]
        )
        store.close()

    def fresh(self) -> "Worker":
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.base, self.place)
        return self

    def check(self, said: list[str], where: str) -> Book:
        """Open what is left, as a service does; compare it with the ledger; and go on with it."""
        started = time.monotonic()
        store = open_store(self.place)
        store.settle()
        book = self.book.copy().read(said)
        book.check(store, where)
        Acts(store, random.Random(1), book.note, book).run(["put", "move", "append"])
        book.check(store, f"{where}, and on from there")
        store.close()
        assert time.monotonic() - started < 10
        return book


def kill_at_points(base, place, plan: str, count: int, counts: Counts, seed: int = SEED) -> None:
    """So many points of a plan, chosen by the seed, each on a store of its own."""
    worker = Worker(base, place, plan, seed)
    found, _ = tracer.points(worker.fresh(), place.with_suffix(".calls"))
    dice = random.Random(f"{seed} {plan}")
    for point in dice.sample(found, min(count, len(found))):
        ran = tracer.killed(worker.fresh(), point)
        assert ran.status == -signal.SIGKILL, (plan, point, ran)
        book = worker.check(ran.said, f"seed {seed}, {plan}, killed at {point} of {len(found)} calls")
        counts.points += 1
        counts.acknowledged += book.acknowledged - worker.book.acknowledged


@pytest.mark.parametrize("plan", PLANS)
def test_killed_at_any_system_call_nothing_acknowledged_is_lost_or_doubled(base, tmp_path, plan):
    counts = Counts()
    kill_at_points(base, tmp_path / "data", plan, 6, counts)
    print(f"{plan}: {counts}")


def test_killed_while_the_schema_is_made_it_is_made_the_next_time(tmp_path):
    """A half-run migration is none: it runs in one transaction."""
    place = tmp_path / "data"

    def work(_tell) -> None:
        make_store(place).close()

    found, _ = tracer.points(work, tmp_path / "calls")
    for point in random.Random(SEED).sample(found, 4):
        shutil.rmtree(place, ignore_errors=True)
        assert tracer.killed(work, point).status == -signal.SIGKILL
        store = Store(place, make_settings())
        store.create()
        with store.read() as db:
            assert db.conn.exec_driver_sql("SELECT COUNT(*) FROM mailboxes").scalar() is not None
        store.close()


def make_settings():
    from config.settings import StorageSettings

    return StorageSettings()


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_at_two_thousand_points(base, tmp_path):
    counts = Counts()
    seed, deadline = SEED, time.monotonic() + 3000
    while counts.points < POINTS and time.monotonic() < deadline:
        seed += 1
        for plan in PLANS:
            kill_at_points(base, tmp_path / "data", plan, min(25, POINTS - counts.points), counts, seed)
    print(f"seeds {SEED + 1} to {seed}: {counts}")
    assert counts.points >= POINTS

"""The power goes between any two system calls, and what was not synced is lost: nothing that was acknowledged is."""

import json
import os
import random
import shutil

import pysqlite3
import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from mailsvc.model.errors import ServiceError
from mailsvc.storage.pieces import PieceDamaged
from tests.crash import tracer
from tests.crash.acts import PLANS, Acts, make_base, open_store
from tests.crash.book import Counts
from tests.crash.power import Disk, calls

SEED = int(os.environ.get("CONGVU_CRASH_SEED", "20261122"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    place = tmp_path_factory.mktemp("power") / "base"
    return place, make_base(place)


def lose_power(base, tmp_path, plan: str, count: int, seed: int, careless: str = "") -> Counts:
    """Record one run of a plan; lose power at so many of its calls."""
    source, book = base
    place, log = tmp_path / "data", tmp_path / "calls"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(source, place)

    def work(tell) -> None:
        store = open_store(place)
        if careless == "rows":
            event.listen(store.database.engine, "connect", without_sync)
        elif careless == "pieces":
            store.pieces.sync = lambda: None
        Acts(store, random.Random(seed), lambda said: tell(json.dumps(said)), book.copy()).run(PLANS[plan])
        store.close()

    ran = tracer.recorded(work, log)
    assert ran.status == 0, ran
    happened = list(calls(log))
    dice = random.Random(f"{seed} {plan}")
    cuts = set(dice.sample(range(len(happened) + 1), min(count, len(happened))))
    disk, counts = Disk(source, place), Counts()
    for number in range(len(happened) + 1):
        if number in cuts:
            where = f"seed {seed}, {plan}, power lost after call {number} of {len(happened)}"
            disk.lose_power(tmp_path / "left", dice)
            store = open_store(tmp_path / "left")
            try:
                known = book.copy().read(disk.said)
                known.check(store, where)
            finally:
                store.close()
            counts.points += 1
            counts.acknowledged += known.acknowledged - book.acknowledged
        if number < len(happened):
            disk.take(happened[number])
    assert disk.said == ran.said
    return counts


@pytest.mark.parametrize("plan", ["delivery", "queue", "sealing", "collection", "mixed"])
def test_what_was_acknowledged_survives_the_loss_of_all_that_was_not_synced(base, tmp_path, plan):
    print(f"{plan}: {lose_power(base, tmp_path, plan, 12, SEED)}")


def without_sync(connection, _record) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@pytest.mark.parametrize("careless", ["rows", "pieces"])
def test_a_store_that_does_not_sync_is_found_out(base, tmp_path, careless):
    """The ruler itself: where one of the two syncs of a commit is left out, acknowledged letters are lost."""
    with pytest.raises((AssertionError, ServiceError, PieceDamaged, DBAPIError, pysqlite3.Error)):
        lose_power(base, tmp_path, "delivery", 60, SEED, careless)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_power_is_lost_at_two_thousand_points(base, tmp_path):
    total, seed = Counts(), SEED
    while total.points < 2000:
        seed += 1
        for plan in PLANS:
            counts = lose_power(base, tmp_path, plan, 50, seed)
            total.points += counts.points
            total.acknowledged += counts.acknowledged
    print(f"seeds {SEED + 1} to {seed}: {total}")

"""Faults that are no crash: a sync or a write that fails, a full disk, a clock that jumps, a flipped bit.

During each: refusals for now, never an acknowledgement from a state that failed to sync, and reading goes on.
After each: the ledger, as after a crash.
"""

import json
import os
import random
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from config.settings import StorageSettings
from mailsvc.model.errors import StoreUnavailable
from mailsvc.services import letters
from mailsvc.services.mend import restart_when_mended
from mailsvc.storage import mailboxes
from mailsvc.storage.store import Store
from tests.crash import tracer
from tests.crash.acts import PLANS, Acts, make_base, open_store
from tests.crash.book import Counts
from tests.support.mail import inbox, principal
from tests.support.system import need

SEED = int(os.environ.get("CONGVU_CRASH_SEED", "20261122"))
MIB = 1 << 20
WRITING = ["put", "append", "move", "expunge", "queue", "put", "put", "checkpoint", "put", "append"]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    place = tmp_path_factory.mktemp("faults") / "base"
    return place, make_base(place)


@pytest.fixture
def data(base, tmp_path):
    shutil.copytree(base[0], tmp_path / "data")
    return tmp_path / "data"


def read_all(store, *names: str) -> int:
    """As IMAP does it: letters that are opened while nothing can be written."""
    opened = 0
    with store.read() as db:
        for name, account in db.conn.exec_driver_sql("SELECT display_name, id FROM accounts").all():
            if name in names:
                place = inbox(db, principal(account, name))
                for uid, *_ in letters.columns(db, place, 1, int(place.mailbox.uid_next), ("size",)):
                    assert letters.octets(db, letters.entry(db, place, uid))
                    opened += 1
    return opened


def fails(base, data, call: str, error: str, when: str) -> tuple[int, int]:
    """A run in which calls fail: (acknowledged, refused); compared with the ledger."""
    _, book = base

    def work(tell) -> None:
        store = open_store(data)
        kept = store.reader()  # as the mail process has: with the last connection the WAL would go
        acts = Acts(store, random.Random(SEED), lambda said: tell(json.dumps(said)), book.copy())
        for number, name in enumerate(WRITING):
            before, acknowledged = len(acts.refused), acts.book.acknowledged
            was_failed = bool(store.failed)
            acts.run([name], go_on_when_refused=True)
            assert all(isinstance(one, StoreUnavailable) for one in acts.refused), acts.refused
            assert not was_failed or acts.book.acknowledged == acknowledged
            if len(acts.refused) > before:
                assert read_all(store, "an") > 0
                tell(json.dumps({"act": "refused", "n": number, "state": "refused"}))
        kept.close()
        store.close()

    ran = tracer.failing(work, call, error, when)
    assert ran.status == 0, (call, error, when, ran)
    store = open_store(data)
    known = book.copy().read(ran.said)
    known.check(store, f"{call} gives {error} at {when}")
    Acts(store, random.Random(1), known.note, known).run(["put", "move", "append"])
    known.check(store, "and on from there")
    store.close()
    refused = sum(json.loads(line)["state"] == "refused" for line in ran.said)
    return known.acknowledged - book.acknowledged, refused


SYNCS, WRITES = ("2", "5", "9+"), ("12", "17", "30", "25+")
"""Which of the calls fail. The first writes make SQLite's shared memory: a store that cannot be opened at all."""


@pytest.mark.parametrize(
    ("call", "error", "when"),
    [
        *(("fdatasync", "EIO", when) for when in SYNCS),
        *(("fsync", "EIO", when) for when in SYNCS),
        *(("pwrite64", error, when) for error in ("EIO", "ENOSPC", "EROFS") for when in WRITES),
    ],
)
def test_what_could_not_be_written_or_synced_is_refused_for_now(base, data, call, error, when):
    print(call, error, when, fails(base, data, call, error, when))


def test_after_a_failed_sync_a_process_starts_anew_when_the_disk_works_again(data, monkeypatch):
    store = open_store(data)
    stopped = []
    probes = iter([OSError(5, "Input/output error"), None])

    def probe() -> None:
        error = next(probes)
        if error is not None:
            raise error

    monkeypatch.setattr("mailsvc.services.mend.PROBE_SECONDS", 0.01)
    monkeypatch.setattr(store.pieces, "probe", probe)
    restart_when_mended(store, lambda: stopped.append(store.failed))
    store.fail("fdatasync: Input/output error")
    store.fail("again")
    while not stopped:
        read_all(store, "an")
    assert stopped == ["fdatasync: Input/output error"]
    wal = data / "congvu.db-wal"
    assert not wal.exists() or not wal.stat().st_size
    store.close()


# -- disk full


@contextmanager
def small_disk(place):
    """A disk of 64 MiB."""
    if os.geteuid():
        pytest.skip("only root can mount a tmpfs of 64 MiB")
    mount = need("mount", package="mount")
    place.mkdir()
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place, leave: int) -> None:
    """Somebody else takes the disk but for so many octets, while others may write too."""
    disk = os.statvfs(place)
    goal = disk.f_bavail * disk.f_frsize - leave  # what is given up for others later is theirs
    step, size = 16 * MIB, 0
    with (place / "filler").open("wb") as filler:
        while step >= 4096 and size < goal:
            step = min(step, goal - size)
            try:
                os.posix_fallocate(filler.fileno(), size, step)
                size += step
            except OSError:
                step //= 2


def run_full(base, place, leave: int, reserve: int, seed: int) -> Counts:
    """Acts on a disk with so many octets left; then it is emptied, and all goes on."""
    source, book = base
    data = place / "data"
    shutil.copytree(source, data)
    store = open_store(data)
    store.room.reserve_bytes = reserve
    store.room.keep()
    kept = store.reader()
    fill(place, leave)
    known = book.copy()
    acts = Acts(store, random.Random(seed), known.note, known)
    acts.run(["put", "append", "queue", "put"] * 2, go_on_when_refused=True)
    assert all(isinstance(one, StoreUnavailable) for one in acts.refused), acts.refused
    read = read_all(store, "an", "binh")
    if reserve:
        assert acts.refused
        before = len(acts.refused)
        acts.run(["expunge"] * 6 + ["move"] * 2, go_on_when_refused=True)
        assert len(acts.refused) == before, "deleting must work on a full disk"
    assert not store.failed
    (place / "filler").unlink(missing_ok=True)
    acts.run(["put", "append", "move", "expunge"])
    known.check(store, f"disk full but for {leave}, reserve {reserve}")
    kept.close()
    store.close()
    shutil.rmtree(data)
    assert read
    return Counts(1, known.acknowledged - book.acknowledged)


def full_at_points(base, place, count: int) -> Counts:
    total = Counts()
    with small_disk(place) as disk:
        for point in range(count):
            reserve = 2 * MIB if point % 2 else 0
            # Deleting is tried with nothing left at all; the rest up to what all acts need.
            one = run_full(base, disk, 0 if reserve else point * 4096, reserve, SEED + point)
            total.points += 1
            total.acknowledged += one.acknowledged
    return total


def test_on_a_full_disk_letters_wait_deleting_works_and_nothing_acknowledged_is_lost(base, tmp_path):
    print(full_at_points(base, tmp_path / "disk", 20))


@pytest.mark.long
def test_the_disk_is_full_at_a_hundred_points(base, tmp_path):
    print(full_at_points(base, tmp_path / "disk", 100))


def test_a_store_on_a_full_disk_is_opened_with_the_room_of_its_reserve(base, tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        shutil.copytree(base[0], disk / "data")
        store = open_store(disk / "data")
        store.room.reserve_bytes = 2 * MIB
        store.room.keep()
        store.close()
        fill(disk, 0)
        again = Store(disk / "data", StorageSettings(reserve_bytes=2 * MIB))
        assert read_all(again, "an") > 0
        known = base[1].copy()
        Acts(again, random.Random(1), known.note, known).run(["expunge"] * 3)
        known.check(again)
        again.close()


# -- clock


def test_a_clock_that_jumps_never_turns_uids_mod_seqs_or_validities_back(base, data):
    book = base[1].copy()
    store = open_store(data)
    clock, dice = store.clock, random.Random(SEED)
    validities = []
    for _ in range(12):
        leap = dice.choice([-1, 1]) * dice.randrange(20 * 365 * 86_400)
        store.clock = lambda leap=leap: clock() + leap
        acts = Acts(store, dice, book.note, book)
        acts.run(PLANS["mixed"][:5])
        with store.write() as uow:
            made = mailboxes.create(uow, acts.accounts["an"], f"Lan {len(validities)}")
        validities.append(made.uid_validity)
    book.check(store, "clock")
    assert validities == sorted(set(validities))
    store.close()


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_many_calls_fail(base, data, tmp_path):
    counts = Counts()
    dice = random.Random(SEED)
    for _ in range(200):
        call, error = dice.choice([("fdatasync", "EIO"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC")])
        when = f"{dice.randint(12, 60)}{dice.choice(['', '+'])}"
        shutil.rmtree(data)
        shutil.copytree(base[0], data)
        counts.acknowledged += fails(base, data, call, error, when)[0]
        counts.points += 1
    print(f"failing calls: {counts}")
